#include "remediate/guard/cooldown.h"

#include <algorithm>

namespace firebreak::remediate {

std::optional<WallTime> cooldownUntil(const std::vector<WallTime>& starts,
                                      std::chrono::seconds cooldown) {
  constexpr std::chrono::seconds kDay{86400};
  if (starts.empty() || cooldown.count() <= 0) return std::nullopt;
  std::chrono::seconds wait = cooldown;
  for (size_t i = 1; i < starts.size(); ++i) {
    bool repeat = starts[i] - starts[i - 1] < std::max(kDay, cooldown);
    wait = repeat ? std::min(wait * 2, std::max(kDay, cooldown)) : cooldown;
  }
  return starts.back() + wait;
}

}  // namespace firebreak::remediate
