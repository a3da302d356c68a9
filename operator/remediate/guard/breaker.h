// The breaker of one (policy, family, action): what fails again and again is left alone for a while,
// then tried once, and let go again where the trial works. Worked out from what happened alone, so
// that a restart changes nothing. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "firebreak/clock.h"

namespace firebreak::remediate {

enum class BreakerState { kClosed, kOpen, kHalfOpen };

// How one remediation ended.
struct Attempt {
  WallTime at{};
  std::string ns;
  bool failed = false;
};

struct BreakerRules {
  int64_t failures = 3;  // 0 = never opens
  std::chrono::seconds window{600};
  std::chrono::seconds cooldown{1800};
};

struct BreakerView {
  BreakerState state = BreakerState::kClosed;
  std::optional<WallTime> openedAt;
  std::optional<WallTime> until;  // when it becomes half open
  std::string message;
  bool trialRuns = false;  // half open, and a remediation is already trying
};

// Opens for everybody when that many namespaces had a failure within the window: one tenant alone
// cannot open it for the others. `attempts` in any order.
BreakerView breakerOf(std::vector<Attempt> attempts, const BreakerRules& rules, WallTime now);
// The same for one namespace by itself: opens when it had that many failures.
BreakerView breakerWithin(const std::string& ns, std::vector<Attempt> attempts,
                          const BreakerRules& rules, WallTime now);

}  // namespace firebreak::remediate
