#include <algorithm>

#include "api/remediation_json.h"
#include "remediate/phases.h"

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
  if (refusal.reason == "ApprovalRequired") {
    status.phase = Phase::kAwaitingApproval;
    status.message = refusal.message + "." + caveats(s.plan);
    return;
  }
  if (refusal.reason == "Rejected") {
    status.phase = Phase::kRejected;
    status.message = refusal.message;
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
  status.steps.clear();
  // Intent is recorded before the write: for the first batch in the same write that starts it.
  bool open = true;
  for (const Step& step : s.plan.steps) {
    StepRecord record;
    record.name = step.name;
    record.time = s.now;
    record.state = open && !step.lastResort ? StepState::kIntended : StepState::kPending;
    record.before = beforeText(step, s.context);
    record.mac = seal(s.keys, s.remediation.uid, status.episode, step.name, record.before);
    if (step.verifyFirst) open = false;
    status.steps.push_back(std::move(record));
  }
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
    status.outcome = Outcome::kNoLongerPresent;
    status.blocked = {};
    status.message = s.targetGone ? "the target is gone" : "the finding is no longer present";
    return saveOrRest(s, std::move(status));
  }
  describePlan(s, status);
  const GuardResult* refusal = firstRefusal(s.guards);
  if (refusal != nullptr) {
    // A stale cache says nothing worth writing down.
    if (refusal->reason == "StaleState") return Rest{refusal->until};
    refuseWith(s, *refusal, status);
    return saveOrRest(s, std::move(status), refusal->until);
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
  start(s, status);
  bool approved = s.remediation.decision.action == "Approve";
  setCondition(status.conditions, "Approved", "True", approved ? "ApprovedByPerson" : "Enforce",
               approved ? "approved by " + s.remediation.decision.by : "mode Enforce", s.now,
               s.remediation.generation);
  return saveOrRest(s, std::move(status));
}

Move reopen(const Situation& s) {
  const RemediationStatus& before = s.remediation.status;
  bool present = !s.targetGone && !s.findings.empty();
  bool changed = fingerprint(s.findings) != fingerprint(before.findings) ||
                 highestTier(s.findings) != highestTier(before.findings);
  bool came = before.outcome == Outcome::kNoLongerPresent && before.phase != Phase::kRejected &&
              before.phase != Phase::kReverted;
  bool ofThisDecision = before.phase == Phase::kReverted &&
                        s.remediation.decision.action == "Revert";
  if (!present || ofThisDecision || !(changed || came)) return Rest{};
  // A new episode; what the old one did stays in the list of the last five.
  Situation fresh = s;
  RemediationStatus& status = fresh.remediation.status;
  Json entry = {{"episode", before.episode},
                {"outcome", std::string(toString(before.outcome))}};
  status.episodes.push_back(std::move(entry));
  if (status.episodes.size() > 5) status.episodes.erase(status.episodes.begin());
  status.episode = before.episode + 1;
  status.phase = Phase::kNew;
  status.outcome = Outcome::kNone;
  status.startedAt.reset();
  status.containedAt.reset();
  status.steps.clear();
  status.blocked = {};
  status.eventsEmitted.clear();
  return decide(fresh);
}

}  // namespace firebreak::remediate
