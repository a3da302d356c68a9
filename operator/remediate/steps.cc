#include "remediate/steps.h"

#include <algorithm>

namespace firebreak::remediate {

const Step* stepNamed(const Plan& plan, const std::string& name) {
  auto found = std::find_if(plan.steps.begin(), plan.steps.end(),
                            [&](const Step& step) { return step.name == name; });
  return found == plan.steps.end() ? nullptr : &*found;
}

bool isDone(StepState state) {
  return state == StepState::kVerified || state == StepState::kSkipped;
}

bool isUndoable(StepState state) {
  // A step that failed may have been written although its answer was lost.
  return state == StepState::kIntended || state == StepState::kApplied ||
         state == StepState::kVerified || state == StepState::kFailed;
}

void mark(StepRecord& record, StepState state, WallTime now, std::string message) {
  record.state = state;
  record.time = now;
  record.message = std::move(message);
}

void intend(const Situation& s, const RemediationStatus& status, const Step& step,
            StepRecord& record, StepState state) {
  record.name = step.name;
  record.before = beforeText(step, s.context);
  record.mac = seal(s.keys, s.remediation.uid, status.episode, step.name, record.before);
  mark(record, state, s.now);
}

bool asksAlways(const Step& step) { return step.action == kBlockImage; }

bool isRotation(const Plan& plan) {
  return std::any_of(plan.steps.begin(), plan.steps.end(),
                     [](const Step& step) { return step.type == PatchType::kExternal; });
}

bool holdsSomething(const RemediationStatus& status) {
  return std::any_of(status.steps.begin(), status.steps.end(),
                     [](const StepRecord& record) { return isUndoable(record.state); });
}

}  // namespace firebreak::remediate
