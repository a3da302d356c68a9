// The evidence for one container of a pod spec. Pure; safe from any thread.
#pragma once

#include "detect/miners/detect_miners.h"
#include "detect/miners/scorecard.h"

namespace firebreak::detect {

// All signals; field paths are those of the whole object.
Scorecard judgeContainer(const MinerInput& input, const Container& container);

// The score of what the container's own command and arguments carry, variables that stand in the
// pod spec expanded, without any ConfigMap, Secret or mounted file; also an image that the policy
// lists.
int ownEvidence(const MinerInput& input, const Container& container);

}  // namespace firebreak::detect
