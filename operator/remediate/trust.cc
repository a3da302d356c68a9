#include "remediate/trust.h"

#include "api/remediation_json.h"
#include "remediate/phases.h"

namespace firebreak::remediate {

std::string distrust(const Situation& s) {
  if (s.notOurs) {
    return "ignored: this Remediation was not made by the operator (or under another key): its name "
           "does not follow from its target";
  }
  const RemediationStatus& status = s.remediation.status;
  bool undoing = status.phase == Phase::kReverting || status.phase == Phase::kReverted ||
                 wantsRevert(s.remediation);
  // An undo judges each step by its own seal.
  if (s.keys.empty() || !hasStarted(status) || undoing) return "";
  for (const StepRecord& record : status.steps) {
    if (!sealHolds(s.keys, s.remediation, record)) {
      return "ignored: the journal of step " + record.name + " does not carry this operator's seal";
    }
  }
  return "";
}

Move ignore(const Situation& s, const std::string& why) {
  RemediationStatus status = s.remediation.status;
  status.message = why;
  int64_t generation = s.remediation.generation;
  setCondition(status.conditions, "Ready", "False", "Untrusted", why, s.now, generation);
  setCondition(status.conditions, "Reconciling", "False", "Untrusted", "", s.now, generation);
  setCondition(status.conditions, "Stalled", "True", "Untrusted", why, s.now, generation);
  if (statusToJson(status) == statusToJson(s.remediation.status)) return Rest{};
  return SaveStatus{std::move(status)};
}

}  // namespace firebreak::remediate
