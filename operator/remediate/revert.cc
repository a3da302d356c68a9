#include "remediate/phases.h"

namespace firebreak::remediate {
namespace {

bool isUndoable(StepState state) {
  return state == StepState::kIntended || state == StepState::kApplied ||
         state == StepState::kVerified;
}

// A change of a workload's template makes its pods anew.
bool restartsPods(const StepRecord& record) {
  auto image = parseBefore(record.before);
  return image && image->type == PatchType::kJsonPatch && !image->edits.empty() &&
         image->edits.front().pointer.starts_with("/spec/template/");
}

// Backwards, but restarts last: pods that are made anew must find what they read put back already.
std::vector<size_t> undoOrder(const std::vector<StepRecord>& steps) {
  std::vector<size_t> order;
  for (bool restarts : {false, true}) {
    for (size_t n = steps.size(); n-- > 0;) {
      if (restartsPods(steps[n]) == restarts) order.push_back(n);
    }
  }
  return order;
}

}  // namespace

bool wantsRevert(const Remediation& remediation) {
  const RemediationStatus& status = remediation.status;
  return remediation.decision.action == "Revert" && hasStarted(status) &&
         status.phase != Phase::kReverted;
}

Move revert(const Situation& s) {
  RemediationStatus status = s.remediation.status;
  if (status.phase != Phase::kReverting) {
    status.phase = Phase::kReverting;
    status.message = "reverted by " + s.remediation.decision.by;
    return saveOrRest(s, std::move(status));
  }
  bool changed = false;
  for (size_t n : undoOrder(status.steps)) {
    StepRecord& record = status.steps[n];
    if (!isUndoable(record.state)) continue;
    const StepView& view = s.steps.at(n);
    bool sealed = sealHolds(s.keys, s.remediation, record);
    if (sealed && view.effect == Effect::kPresent && view.message.empty()) {
      if (!view.undoLater) return UndoStep{n};
      // What was undone so far is written down; then it waits for the world to settle.
      if (changed) return saveOrRest(s, std::move(status));
      return Rest{s.now + std::chrono::milliseconds(200)};
    }
    record.time = s.now;
    changed = true;
    if (!sealed) {
      record.state = StepState::kSkipped;
      record.message = "not undone: the before-image does not carry this operator's seal";
      continue;
    }
    switch (view.effect) {
      case Effect::kPresent:  // the driver says why it must stay
        record.state = StepState::kSkipped;
        record.message = view.message;
        break;
      case Effect::kAbsent:
      case Effect::kGone:
        record.state = StepState::kReverted;
        record.message = "undone";
        break;
      case Effect::kForeign:
        record.state = StepState::kSkipped;
        record.message = "Skipped: changed by " + view.message + " since";
        break;
    }
  }
  if (changed) return saveOrRest(s, std::move(status));
  if (status.outcome == Outcome::kIneffective && s.remediation.decision.action != "Revert") {
    // A roll-back: the reason stays, and it did not work.
    status.phase = Phase::kFailed;
    return saveOrRest(s, std::move(status));
  }
  status.phase = Phase::kReverted;
  std::string skipped;
  for (const StepRecord& record : status.steps) {
    if (record.state == StepState::kSkipped && !record.message.empty()) {
      skipped += (skipped.empty() ? "" : "; ") + record.name + ": " + record.message;
    }
  }
  status.message = "reverted by " + s.remediation.decision.by +
                   (skipped.empty() ? "" : "; not undone: " + skipped);
  setCondition(status.conditions, "Reverted", skipped.empty() ? "True" : "False",
               skipped.empty() ? "AllStepsUndone" : "StepsSkipped", status.message, s.now,
               s.remediation.generation);
  return saveOrRest(s, std::move(status));
}

}  // namespace firebreak::remediate
