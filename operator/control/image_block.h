// What BlockImage blocks: the image that brought a miner, where nobody else needs it. Reads the caches;
// safe from any worker.
#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "control/world.h"
#include "firebreak/node_guard.h"

namespace firebreak::control {

// The image of the container whose process was seen, as it was written and by its digest. Nothing where the
// executable came from elsewhere, or where a pod that nobody flagged runs the image too. `pod` is live.
std::vector<std::string> imagesToBlock(const World& world, const Json& pod, const std::string& podUid,
                                       const Sighting& sighting);

}  // namespace firebreak::control
