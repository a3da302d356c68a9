// The guards one by one; the table that orders them is in guard.cc. Pure.
#pragma once

#include "remediate/guard/guard.h"

namespace firebreak::remediate::guard {

// scope.cc: whether Firebreak may act on this target at all.
GuardResult fresh(const GuardInput& in);
GuardResult protectedTarget(const GuardInput& in);
GuardResult excluded(const GuardInput& in);
GuardResult superseded(const GuardInput& in);
GuardResult paused(const GuardInput& in);
GuardResult mode(const GuardInput& in);
// budget.cc: whether it may act now.
GuardResult duplicate(const GuardInput& in);
GuardResult cooldown(const GuardInput& in);
GuardResult rate(const GuardInput& in);
GuardResult blastRadius(const GuardInput& in);
GuardResult breaker(const GuardInput& in);
GuardResult ineffective(const GuardInput& in);

inline GuardResult pass(std::string message) {
  return {"", true, "", std::move(message), std::nullopt};
}
inline GuardResult refuse(std::string reason, std::string message,
                          std::optional<WallTime> until = std::nullopt) {
  return {"", false, std::move(reason), std::move(message), until};
}

}  // namespace firebreak::remediate::guard
