// MinerJudge: what is known of a pod right now: its own text, and what its node's sensor saw. Reads the caches, and of
// the API server only the ConfigMaps that a suspicious container mounts. Safe from any worker.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "control/config_map_cache.h"
#include "control/world.h"
#include "firebreak/clock.h"
#include "kube/client.h"

namespace firebreak::control {

class MinerJudge {
 public:
  MinerJudge(kube::Client& client, World& world, Clock& clock)
      : world_(world), clock_(clock), configMaps_(client, clock) {}

  // The most certain first.
  std::vector<Finding> judge(const Pod& pod, const SecurityPolicy& policy) const;

  // The worst that the sensor of the pod's own node saw in it.
  std::optional<Sighting> sightingOf(const Pod& pod) const;
  // The fresh NodeGuard of the pod's node; null where no sensor answers there.
  std::shared_ptr<const NodeGuard> guardOf(const std::string& node) const;

  // It speaks by its behaviour alone, which has to last: each later look at it counts.
  static bool needsTime(const Sighting& sighting);

 private:
  std::vector<Finding> judgeText(const Pod& pod, const SecurityPolicy& policy) const;
  Finding judgeSighting(const Pod& pod, const Sighting& sighting,
                        const SecurityPolicy& policy) const;
  bool isSuspiciousPlace(const Pod& pod) const;

  World& world_;
  Clock& clock_;
  mutable ConfigMapCache configMaps_;
};

// Nothing runs in it any more.
bool isFinished(const Pod& pod);

}  // namespace firebreak::control
