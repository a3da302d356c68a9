// NodeGuard.status as the sensor writes it, and when it is worth a write. Pure; not thread-safe.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "firebreak/clock.h"
#include "firebreak/node_guard.h"
#include "sensor/sighting_book.h"

namespace firebreak::sensor {

struct GuardStatus {
  std::string level;
  std::string version;
  int64_t observedGeneration = 0;
  PublishedSightings sightings;
  std::vector<MeasureReport> reports;
};
Json guardStatusJson(const GuardStatus& status, WallTime now);

// A write at once where something changed, a heartbeat where nothing did; a flood of changes gets one
// every few seconds.
class WritePace {
 public:
  static constexpr std::chrono::seconds kHeartbeat{60};

  bool due(bool changed, MonoTime now);

 private:
  static constexpr double kBurst = 10;
  static constexpr double kPerSecond = 0.25;

  double tokens_ = kBurst;
  std::optional<MonoTime> filled_;
  std::optional<MonoTime> wrote_;
};

}  // namespace firebreak::sensor
