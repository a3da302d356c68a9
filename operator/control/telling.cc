#include "control/telling.h"

#include "base/metrics.h"

namespace firebreak::control {
namespace {

std::string actionOf(const RemediationStatus& status) {
  return status.plan.empty() ? "None" : status.plan.front().action;
}

// The result that a phase or an outcome stands for; empty = not the end of anything.
std::string resultOf(const RemediationStatus& status) {
  if (status.phase == Phase::kContained && status.outcome == Outcome::kRemediated) {
    return "Remediated";
  }
  if (status.phase == Phase::kFailed || status.phase == Phase::kReverted ||
      status.phase == Phase::kRejected) {
    return std::string(toString(status.phase));
  }
  if (status.outcome == Outcome::kNeedsExternalAction ||
      status.outcome == Outcome::kWouldRemediate || status.outcome == Outcome::kIneffective) {
    return std::string(toString(status.outcome));
  }
  return "";
}

}  // namespace

void countFindings(const std::vector<Finding>& findings) {
  for (const Finding& finding : findings) {
    metrics().increment(metric::kFindings, {{"family", std::string(toString(finding.family))},
                                            {"rule", finding.rule},
                                            {"severity", std::string(toString(finding.severity))}});
  }
}

void countTransition(const Remediation& before, const Remediation& after) {
  const RemediationStatus& old = before.status;
  const RemediationStatus& now = after.status;
  const std::string family(toString(after.family));
  if (old.episode != now.episode) countFindings(now.findings);
  std::string result = resultOf(now);
  if (!result.empty() && (result != resultOf(old) || old.episode != now.episode)) {
    metrics().increment(metric::kRemediations,
                        {{"family", family}, {"action", actionOf(now)}, {"result", result}});
  }
  if (!now.blocked.reason.empty() && now.blocked.reason != old.blocked.reason) {
    metrics().increment(metric::kRemediationsSkipped,
                        {{"family", family}, {"reason", now.blocked.reason}});
  }
  if (now.startedAt && now.startedAt != old.startedAt && now.episode == 1) {
    auto took = std::chrono::duration<double>(*now.startedAt - after.created).count();
    metrics().observe(metric::kDetectionToCommit, took < 0 ? 0 : took, {{"family", family}});
  }
}

void countRefusal(const Remediation& remediation,
                  const std::vector<remediate::GuardResult>& guards) {
  const remediate::GuardResult* refusal = remediate::firstRefusal(guards);
  if (refusal != nullptr && refusal->reason == "StaleState") {
    metrics().increment(metric::kStaleSyncSkips, {{"kind", remediation.target.kind}});
  }
}

}  // namespace firebreak::control
