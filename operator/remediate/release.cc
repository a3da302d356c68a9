// Why an episode is taken back although its finding stands: somebody decided so, an exclude entry was
// added, or what it was done for is being deleted with onDelete: Revert.
#include "remediate/phases.h"

namespace firebreak::remediate {

Release releaseOf(const Situation& s) {
  const Remediation& remediation = s.remediation;
  Decision decision = effectiveDecision(remediation);
  if (decision.action == "Revert") return {"Decided", decision.by};
  // An exclude releases consoles and pods. A credential that leaked does not come back.
  if (remediation.family != Family::kExposedSecret) {
    const GuardResult* excluded = resultOf(s.guards, "Excluded");
    const GuardResult* fresh = resultOf(s.guards, "Fresh");
    if (excluded != nullptr && excluded->reason == "Excluded" && fresh->passed) {
      return {"Excluded", excluded->message};
    }
  }
  // A deletion never puts a miner back, nor a secret that leaked.
  if (remediation.family != Family::kOpenDashboard) return {};
  Mode mode = s.policy == nullptr ? Mode::kDisabled : s.policy->modeOf(remediation.family);
  bool handedOver = mode == Mode::kEnforce || mode == Mode::kApprove;
  if (s.policyLeaves && !handedOver) {
    return {"PolicyDeleted",
            "the deletion of policy " + remediation.status.policyName + " (onDelete: Revert)"};
  }
  if (remediation.deleting && remediation.held) {
    return {"Deleted", "its deletion (the policy says onDelete: Revert)"};
  }
  return {};
}

bool wantsRevert(const Situation& s) {
  const RemediationStatus& status = s.remediation.status;
  return hasStarted(status) && status.phase != Phase::kReverted &&
         (status.outcome != Outcome::kNoLongerPresent || holdsSomething(status)) && !releaseOf(s).reason.empty();
}

}  // namespace firebreak::remediate
