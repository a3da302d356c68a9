#include <algorithm>
#include <utility>

#include "api/remediation_json.h"
#include "remediate/phases.h"
#include "remediate/steps.h"

namespace firebreak::remediate {
namespace {

using std::chrono::seconds;

std::vector<PlannedStep> shown(const Plan& plan) {
  std::vector<PlannedStep> steps;
  for (const Step& step : plan.steps) {
    steps.push_back({step.name, step.action, step.object, std::string(toString(step.type)),
                     patchText(step), undoText(step), std::string(toString(step.reversal))});
  }
  return steps;
}

void describePlan(const Situation& s, RemediationStatus& status) {
  status.findings = s.findings;
  status.plan = shown(s.plan);
  status.planHash = s.plan.hash();
  status.owner = s.owner;
  if (s.policy != nullptr) {
    status.policyName = s.policy->name;
    status.policyUid = s.policy->uid;
    status.mode = toString(s.policy->modeOf(s.remediation.family));
  }
  if (status.episode == 0) status.episode = 1;
}

std::string caveats(const Plan& plan) {
  std::string text;
  for (const std::string& caveat : plan.caveats) text += " " + caveat + ".";
  return text;
}

// The trail of this decision. Its sentences hold counts that go up and down: only another verdict is
// worth a write.
void describeGuards(const Situation& s, RemediationStatus& status) {
  auto verdict = [](const GuardRecord& record) { return record.guard + "/" + record.reason; };
  std::vector<GuardRecord> trail;
  for (const GuardResult& result : s.guards) {
    trail.push_back(
        {result.guard, result.passed ? "Passed" : "Refused", result.reason, result.message});
  }
  bool same = trail.size() == status.guards.size() &&
              std::equal(trail.begin(), trail.end(), status.guards.begin(),
                         [&](const auto& a, const auto& b) { return verdict(a) == verdict(b); });
  if (!same) status.guards = std::move(trail);
}

// Waits for a person, but not for ever. Another plan asks anew.
void awaitApproval(const Situation& s, const GuardResult& refusal, RemediationStatus& status) {
  const RemediationStatus& before = s.remediation.status;
  bool samePlan = before.planHash == status.planHash;
  const Blocked& asked = before.blocked;
  std::optional<WallTime> until;
  if (s.policy->approvalExpireSeconds > 0) {
    until = s.now + seconds(s.policy->approvalExpireSeconds);
  }
  if (samePlan && asked.reason == "ApprovalRequired") until = asked.until;
  bool expired = samePlan && (asked.reason == "ApprovalExpired" || (until && *until <= s.now));
  status.phase = expired ? Phase::kBlocked : Phase::kAwaitingApproval;
  status.message = expired ? "nobody decided about plan " + status.planHash +
                                 " in time; approve it to have it done all the same"
                           : refusal.message + "." + caveats(s.plan);
  status.blocked = {expired ? "ApprovalExpired" : "ApprovalRequired", status.message,
                    expired ? std::nullopt : until};
  setCondition(status.conditions, "Approved", expired ? "False" : "Unknown",
               status.blocked.reason, status.message, s.now, s.remediation.generation);
}

// A refusal as phase and outcome. Audit, Approve and Reject are phases of their own; the rest waits.
void refuseWith(const Situation& s, const GuardResult& refusal, RemediationStatus& status) {
  status.blocked = {};
  status.outcome = Outcome::kNone;
  if (refusal.reason == "Audit") {
    status.phase = Phase::kAudited;
    status.outcome = s.plan.steps.empty() ? Outcome::kNeedsExternalAction : Outcome::kWouldRemediate;
    status.message = s.plan.steps.empty()
                         ? s.plan.externalAction
                         : "would be done; mode Audit changes nothing." + caveats(s.plan);
    return;
  }
  if (refusal.reason == "ApprovalRequired") return awaitApproval(s, refusal, status);
  if (refusal.reason == "Rejected") {
    status.phase = Phase::kRejected;
    status.endedAt = s.now;
    status.message = refusal.message;
    setCondition(status.conditions, "Approved", "False", "Rejected", refusal.message, s.now,
                 s.remediation.generation);
    return;
  }
  status.phase = Phase::kBlocked;
  status.blocked = {refusal.reason, refusal.message, refusal.until};
  // A wait that moves with the clock, or a count that goes up and down, is not worth a write each.
  const Blocked& before = s.remediation.status.blocked;
  if (before.reason == refusal.reason) status.blocked = before;
  status.message = status.blocked.message;
}

void start(const Situation& s, RemediationStatus& status) {
  status.phase = Phase::kApplying;
  status.outcome = Outcome::kNone;
  status.blocked = {};
  status.startedAt = s.now;
  status.message = "started." + caveats(s.plan);
  std::vector<StepRecord> carried = std::exchange(status.steps, {});
  // Intent is recorded before the write: for the first batch in the same write that starts it.
  bool open = true;
  for (const Step& step : s.plan.steps) {
    auto known = std::find_if(carried.begin(), carried.end(),
                              [&](const StepRecord& record) { return record.name == step.name; });
    if (known != carried.end()) {
      status.steps.push_back(std::move(*known));
      carried.erase(known);
    } else {
      intend(s, status, step, status.steps.emplace_back(),
             open && !step.lastResort ? StepState::kIntended : StepState::kPending);
    }
    if (step.verifyFirst) open = false;
  }
  // No part of the plan any more, but still there: kept so that a revert finds it.
  for (StepRecord& record : carried) {
    mark(record, StepState::kVerified, s.now, record.message);
    status.steps.push_back(std::move(record));
  }
}

// What onDelete: Revert has to undo must not be lost when its policy or its journal is deleted.
bool needsFinalizer(const Situation& s) {
  return s.policy->revertOnDelete && s.remediation.family == Family::kOpenDashboard &&
         !s.remediation.held;
}

}  // namespace

Move saveOrRest(const Situation& situation, RemediationStatus status,
                std::optional<WallTime> until) {
  summarise(situation, status);
  status.observedGeneration = situation.remediation.generation;
  if (statusToJson(status) == statusToJson(situation.remediation.status)) return Rest{until};
  return SaveStatus{std::move(status)};
}

void summarise(const Situation& s, RemediationStatus& status) {
  int64_t generation = s.remediation.generation;
  auto set = [&](std::string_view type, std::string_view value, std::string_view reason,
                 std::string_view message) {
    setCondition(status.conditions, type, value, reason, message, s.now, generation);
  };
  std::string reason = std::string(toString(status.phase));
  if (status.outcome == Outcome::kNoLongerPresent) reason = toString(status.outcome);
  if (reason.empty()) reason = "Pending";
  bool working = status.phase == Phase::kApplying || status.phase == Phase::kVerifying ||
                 status.phase == Phase::kReverting;
  bool stalled = status.phase == Phase::kFailed ||
                 status.outcome == Outcome::kNeedsExternalAction ||
                 status.outcome == Outcome::kIneffective;
  bool ready = !working && !stalled && status.phase != Phase::kBlocked &&
               status.phase != Phase::kAwaitingApproval;
  set("Ready", ready ? "True" : "False", reason, status.message);
  set("Reconciling", working ? "True" : "False", reason, "");
  set("Stalled", stalled ? "True" : "False", reason, "");
}

Move decide(const Situation& s) {
  RemediationStatus status = s.remediation.status;
  if (s.targetGone || s.findings.empty()) {
    if (status.episode == 0) status.episode = 1;
    if (status.outcome != Outcome::kNoLongerPresent) status.endedAt = s.now;
    status.outcome = Outcome::kNoLongerPresent;
    status.phase = Phase::kNew;
    status.guards.clear();
    status.blocked = {};
    status.message = s.targetGone ? "the target is gone" : "the finding is no longer present";
    return saveOrRest(s, std::move(status));
  }
  describePlan(s, status);
  const GuardResult* refusal = firstRefusal(s.guards);
  if (refusal != nullptr) {
    // A stale cache says nothing worth writing down.
    if (refusal->reason == "StaleState") return Rest{refusal->until};
    describeGuards(s, status);
    refuseWith(s, *refusal, status);
    auto until = status.blocked.reason == "ApprovalRequired" ? status.blocked.until : refusal->until;
    return saveOrRest(s, std::move(status), until);
  }
  if (s.plan.steps.empty()) {
    status.phase = Phase::kBlocked;
    status.outcome = Outcome::kNeedsExternalAction;
    status.message = s.plan.externalAction.empty()
                         ? "none of the policy's actions applies to this target"
                         : s.plan.externalAction;
    status.blocked = {"NeedsExternalAction", status.message, std::nullopt};
    return saveOrRest(s, std::move(status));
  }
  if (s.keys.empty()) {
    return Rest{s.now + seconds(2)};  // nothing is written that could not be sealed
  }
  if (needsFinalizer(s)) return SetFinalizer{true};
  describeGuards(s, status);
  start(s, status);
  Decision decision = effectiveDecision(s.remediation);
  bool approved = decision.action == "Approve";
  setCondition(status.conditions, "Approved", "True", approved ? "ApprovedByPerson" : "Enforce",
               approved ? "approved by " + decision.by : "mode Enforce", s.now,
               s.remediation.generation);
  return saveOrRest(s, std::move(status));
}

}  // namespace firebreak::remediate
