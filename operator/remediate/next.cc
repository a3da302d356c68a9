#include "remediate/next.h"

#include "remediate/phases.h"
#include "remediate/steps.h"
#include "remediate/trust.h"

namespace firebreak::remediate {
namespace {

// How long a deletion waits for its undo before the finalizer comes off all the same.
constexpr std::chrono::seconds kDeletionPatience{600};

// A deletion is held up only by what onDelete: Revert has to undo, and never for long.
Move leave(const Situation& s) {
  if (!s.remediation.held) return Rest{};
  bool overdue = s.remediation.deletedAt && s.now - *s.remediation.deletedAt > kDeletionPatience;
  bool reverting = wantsRevert(s) || s.remediation.status.phase == Phase::kReverting;
  if (overdue || !reverting) return SetFinalizer{false};
  Move move = revert(s);
  auto* rest = std::get_if<Rest>(&move);
  // It waits for a pause to end; the deletion is looked at again by then.
  if (rest != nullptr) rest->until = rest->until.value_or(s.now + std::chrono::seconds(10));
  return move;
}

// The finalizer is there while onDelete: Revert has something to undo here.
bool wantsFinalizer(const Situation& s) {
  return s.policy != nullptr && s.policy->revertOnDelete &&
         s.remediation.family == Family::kOpenDashboard &&
         holdsSomething(s.remediation.status);
}

}  // namespace

bool hasStarted(const RemediationStatus& status) {
  return status.startedAt.has_value() && !status.steps.empty();
}

Decision effectiveDecision(const Remediation& remediation) {
  bool used = remediation.generation <= remediation.status.usedGeneration;
  return used ? Decision{} : remediation.decision;
}

bool budgetsPassed(const RemediationStatus& status) {
  return hasStarted(status) && status.phase != Phase::kFailed;
}

bool readsView(const RemediationStatus& status, const StepRecord& record, PatchType type) {
  if (status.phase == Phase::kReverted || status.phase == Phase::kRejected) return false;
  if (!isUndoable(record.state)) return false;
  if (type != PatchType::kExternal || status.phase == Phase::kReverting) return true;
  // A rotator's steps follow each other: what one did is no state to be kept, and to see it something
  // outside is asked.
  return record.state == StepState::kIntended && status.phase != Phase::kBlocked &&
         status.phase != Phase::kFailed;
}

Move next(const Situation& situation) {
  if (auto why = distrust(situation); !why.empty()) {
    // Not followed, but not in the way of its deletion either.
    bool stuck = situation.remediation.deleting && situation.remediation.held;
    return stuck ? Move(SetFinalizer{false}) : ignore(situation, why);
  }
  const RemediationStatus& status = situation.remediation.status;
  if (situation.remediation.deleting) return leave(situation);
  std::optional<Move> move;
  if (status.phase == Phase::kReverting || wantsRevert(situation)) {
    move = revert(situation);
  } else if (status.phase == Phase::kReverted || status.phase == Phase::kRejected ||
             status.outcome == Outcome::kNoLongerPresent) {
    move = reopen(situation);
  } else if (!hasStarted(status)) {
    move = decide(situation);
  } else {
    move = carryOut(situation);
  }
  auto* rest = std::get_if<Rest>(&*move);
  if (rest == nullptr) return *move;
  // Events are told at rest, so that they never hold back a write that protects somebody.
  auto missing = missingEvents(situation.remediation);
  if (!missing.empty()) return EmitEvents{std::move(missing)};
  if (situation.remediation.held != wantsFinalizer(situation) && !situation.policyLeaves) {
    return SetFinalizer{!situation.remediation.held};
  }
  return *move;
}

}  // namespace firebreak::remediate
