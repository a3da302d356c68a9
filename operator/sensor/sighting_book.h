// SightingBook: the suspicious processes of this node, which of them are published, and whether what
// would be published has changed. Owned by the sensor's main loop; not thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "firebreak/clock.h"
#include "firebreak/node_guard.h"
#include "sensor/observation.h"

namespace firebreak::sensor {

// pid and start time: what makes a process this one.
using ProcessKey = std::pair<pid_t, uint64_t>;

struct PublishedSightings {
  std::vector<Sighting> sightings;  // each pod's best first, of these the highest scores
  int truncated = 0;                // that did not fit in
};

class SightingBook {
 public:
  // From this score on a process is worth telling.
  static constexpr int kWorthTelling = 40;  // detect: below it there is no finding at all
  static constexpr size_t kMostPerPod = 4;
  static constexpr size_t kMost = 64;
  // So long is a process that ended still told of: a miner in a crash loop lives for seconds.
  static constexpr std::chrono::minutes kKeepEnded{5};

  // Keeps the highest verdict of a process; below kWorthTelling it is ignored.
  void record(const ProcessObservation& process, const Verdict& verdict, WallTime now);
  void seen(const ProcessKey& key, WallTime now);
  void ended(const ProcessKey& key);
  void forgetOld(WallTime now);

  // `held`: pods that an order holds already; they come last, so that they crowd nobody out.
  PublishedSightings published(const std::set<std::string>& held = {}) const;
  // Rises with every change that others should learn of; a later lastSeen is none.
  uint64_t version() const { return version_; }

 private:
  struct Entry {
    Sighting sighting;
    bool alive = true;
  };
  std::map<ProcessKey, Entry> entries_;
  uint64_t version_ = 0;
};

}  // namespace firebreak::sensor
