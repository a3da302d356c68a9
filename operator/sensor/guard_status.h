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

enum class Change { kNone, kDetail, kNews };
// News is what the operator acts on: a pod that was not told of before or a higher score of it, a measure
// that took effect. The rest (another process of a pod that is known) is a detail.
Change changeBetween(const Json& told, const Json& now);

// A write at once where something changed, a heartbeat where nothing did; a flood of details gets one
// every few seconds, one of news one a second: a pod cannot make more news of itself than its scores have
// steps.
class WritePace {
 public:
  static constexpr std::chrono::seconds kHeartbeat{60};

  bool due(Change change, MonoTime now);

 private:
  struct Bucket {
    double perSecond;
    double tokens;
  };
  static constexpr double kBurst = 10;

  Bucket details_{0.25, kBurst};
  Bucket news_{1, kBurst};
  std::optional<MonoTime> filled_;
  std::optional<MonoTime> wrote_;
};

}  // namespace firebreak::sensor
