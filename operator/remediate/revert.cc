#include <algorithm>

#include "remediate/phases.h"
#include "remediate/steps.h"

namespace firebreak::remediate {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// Reverts have a small concurrency of their own: a mass revert must not be a storm.
constexpr int64_t kMostReverts = 2;
// A sensor lets go within a second; one that does not answer is not waited for.
constexpr seconds kSettlePatience{5};
constexpr const char* kWithdrawn = "taken back; waits for the node to let go";

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

// A revert passes the guards Fresh and Paused and no other.
const GuardResult* inTheWay(const Situation& s) {
  const GuardResult* fresh = resultOf(s.guards, "Fresh");
  if (fresh != nullptr && !fresh->passed) return fresh;
  const GuardResult* paused = resultOf(s.guards, "Paused");
  return paused != nullptr && paused->reason == "Paused" ? paused : nullptr;
}

Move begin(const Situation& s, RemediationStatus status) {
  if (const GuardResult* refusal = inTheWay(s)) {
    return Rest{refusal->until};
  }
  if (s.revertsRunning >= kMostReverts) return Rest{s.now + seconds(2)};
  Release release = releaseOf(s);
  status.phase = Phase::kReverting;
  status.blocked = {};
  status.message = "reverted by " + release.by;
  setCondition(status.conditions, "Reverted", "False",
               release.reason.empty() ? "RolledBack" : release.reason, status.message, s.now,
               s.remediation.generation);
  return saveOrRest(s, std::move(status));
}

Move finish(const Situation& s, RemediationStatus status) {
  const Condition* begun = findCondition(status.conditions, "Reverted");
  std::string reason = begun == nullptr ? "" : begun->reason;
  if (status.outcome == Outcome::kIneffective && (reason.empty() || reason == "RolledBack")) {
    // A roll-back: the reason stays, and it did not work.
    status.phase = Phase::kFailed;
    status.endedAt = s.now;
    return saveOrRest(s, std::move(status));
  }
  status.phase = Phase::kReverted;
  status.endedAt = s.now;
  // What is known by now is what was decided about.
  if (!s.findings.empty()) status.findings = s.findings;
  std::string skipped;
  for (const StepRecord& record : status.steps) {
    if (record.state == StepState::kSkipped && !record.message.empty()) {
      skipped += (skipped.empty() ? "" : "; ") + record.name + ": " + record.message;
    }
  }
  if (!skipped.empty()) status.message += "; not undone: " + skipped;
  if (reason == "Decided" || reason.empty()) {
    reason = skipped.empty() ? "AllStepsUndone" : "StepsSkipped";
  }
  setCondition(status.conditions, "Reverted", skipped.empty() ? "True" : "False", reason,
               status.message, s.now, s.remediation.generation);
  return saveOrRest(s, std::move(status));
}

// Nothing is undone over somebody else's later change.
void skipOrTick(const StepView& view, bool sealed, StepRecord& record) {
  if (!sealed) {
    record.state = StepState::kSkipped;
    record.message = "not undone: the before-image does not carry this operator's seal";
    return;
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

}  // namespace

Move revert(const Situation& s) {
  RemediationStatus status = s.remediation.status;
  if (status.phase != Phase::kReverting) return begin(s, std::move(status));
  if (const GuardResult* refusal = inTheWay(s)) return Rest{refusal->until};
  bool changed = false;
  for (size_t n : undoOrder(status.steps)) {
    StepRecord& record = status.steps[n];
    if (!isUndoable(record.state)) continue;
    const StepView& view = s.steps.at(n);
    bool sealed = sealHolds(s.keys, s.remediation, record);
    if (sealed && view.settling) {
      if (record.message != kWithdrawn) {
        record.message = kWithdrawn;
        record.time = s.now;
        return saveOrRest(s, std::move(status));
      }
      if (s.now - record.time < kSettlePatience) return Rest{s.now + milliseconds(200)};
    } else if (sealed && view.effect == Effect::kPresent && view.message.empty()) {
      if (!view.undoLater) return UndoStep{n};
      // What was undone so far is written down; then it waits for the world to settle.
      if (changed) return saveOrRest(s, std::move(status));
      return Rest{s.now + milliseconds(200)};
    }
    record.time = s.now;
    changed = true;
    skipOrTick(view, sealed, record);
  }
  if (changed) return saveOrRest(s, std::move(status));
  return finish(s, std::move(status));
}

}  // namespace firebreak::remediate
