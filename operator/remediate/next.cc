#include "remediate/next.h"

#include "remediate/phases.h"
#include "remediate/trust.h"

namespace firebreak::remediate {
bool hasStarted(const RemediationStatus& status) {
  return status.startedAt.has_value() && !status.steps.empty();
}

Move next(const Situation& situation) {
  if (auto why = distrust(situation); !why.empty()) return ignore(situation, why);
  const RemediationStatus& status = situation.remediation.status;
  std::optional<Move> move;
  if (status.phase == Phase::kReverting || wantsRevert(situation.remediation)) {
    move = revert(situation);
  } else if (status.phase == Phase::kReverted || status.phase == Phase::kRejected ||
             status.outcome == Outcome::kNoLongerPresent) {
    move = reopen(situation);
  } else if (!hasStarted(status)) {
    move = decide(situation);
  } else {
    move = carryOut(situation);
  }
  // Events are told at rest, so that they never hold back a write that protects somebody.
  if (std::holds_alternative<Rest>(*move)) {
    auto missing = missingEvents(situation.remediation);
    if (!missing.empty()) return EmitEvents{std::move(missing)};
  }
  return *move;
}

}  // namespace firebreak::remediate
