// How long a root controller is left alone after it was remediated: cooldownSeconds, doubled with each
// repeat within a day of the one before, a day at most. Pure.
#pragma once

#include <optional>
#include <vector>

#include "firebreak/clock.h"

namespace firebreak::remediate {

// `starts` oldest first. Nothing where there was none or the cooldown is 0.
std::optional<WallTime> cooldownUntil(const std::vector<WallTime>& starts,
                                      std::chrono::seconds cooldown);

}  // namespace firebreak::remediate
