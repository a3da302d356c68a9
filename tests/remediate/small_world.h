// SmallWorld: what a driver and an API server would do for one Remediation, without either: a pod, an
// object that a step creates, a plan, and faults. Single thread; time moves where next() waits for it.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <vector>

#include "api/remediation_json.h"
#include "base/time_format.h"
#include "remediate/next.h"

namespace firebreak::remediate {

inline const JournalKeys kKeys = {{"k1", std::string(32, 'a')}};

// Faults: a write that does not happen, a write whose answer was lost, a proof that cannot be had.
enum Fault { kNoFault, kWriteLost, kAnswerLost };

class SmallWorld {
 public:
  SmallWorld() {
    policy.name = "default";
    policy.uid = "p";
    policy.mode = Mode::kEnforce;
    remediation.name = "miner-web-1";
    remediation.uid = "r1";
    remediation.generation = 1;
    remediation.target = {"v1", "Pod", "shop", "web", "uid-1"};
    Finding finding;
    finding.rule = "miner-command-line";
    finding.tier = Tier::kRemediate;
    finding.confidence = 90;
    findings = {finding};
    for (const char* key : {"a", "b"}) {
      Step step;
      step.name = std::string("set-") + key;
      step.action = "Isolate";
      step.object = remediation.target;
      step.edits = {{std::string("/metadata/labels/") + key, Json("old"), Json("new")}};
      plan.steps.push_back(step);
    }
    pod = {{"metadata", {{"uid", "uid-1"}, {"labels", {{"a", "old"}, {"b", "old"}}}}}};
  }

  // A third step that creates an object which is then in `made`.
  void addCreateStep() {
    Step step;
    step.name = "deny";
    step.action = "Isolate";
    step.type = PatchType::kCreate;
    step.object = {"networking.k8s.io/v1", "NetworkPolicy", "shop", "lock", ""};
    step.manifest = {{"metadata",
                      {{"name", "lock"},
                       {"annotations", {{"firebreak.dev/remediation", remediation.name}}}}},
                     {"spec", {{"podSelector", {{"matchLabels", {{"q", "1"}}}}}}}};
    plan.steps.push_back(step);
  }

  void decide(Decision decision) {
    remediation.decision = std::move(decision);
    ++remediation.generation;
  }

  Situation look() {
    Situation s;
    s.remediation = remediation;
    s.policy = covered ? &policy : nullptr;
    s.policyLeaves = policyLeaves;
    s.targetGone = pod.is_null();
    s.owner = {"apps/v1", "Deployment", "shop", "web", "d1"};
    if (!s.targetGone) s.findings = findings;
    s.plan = plan;
    s.keys = kKeys;
    s.now = now;
    s.revertsRunning = revertsRunning;
    GuardInput input = guard;
    input.now = now;
    input.cachesFresh = true;
    input.family = remediation.family;
    input.target = remediation.target;
    if (covered) input.covering = {&policy};
    input.decision = effectiveDecision(remediation);
    input.planHash = plan.hash();
    input.started = budgetsPassed(remediation.status);
    input.startedByApproval = remediation.status.mode == "Approve";
    if (remediation.status.phase == Phase::kBlocked) input.contended = remediation.status.blocked;
    if (remediation.status.phase == Phase::kFailed && remediation.status.startedAt) {
      input.earlierStarts.push_back(*remediation.status.startedAt);
    }
    s.guards = judgeGuards(input);
    for (const StepRecord& record : remediation.status.steps) s.steps.push_back(view(record));
    s.proofs = proofs;
    s.proofs.resize(remediation.status.steps.size());
    return s;
  }

  // Does one thing; false at rest. Waits that end beyond the horizon are rest too.
  bool turn(int fault) {
    Move move = next(look());
    lastMove = move;
    if (auto* rest = std::get_if<Rest>(&move)) {
      if (remediation.status.phase == Phase::kContained && proveAgainAt && *proveAgainAt <= now) {
        proveAgainAt = now + std::chrono::seconds(300);
        auto verdict = proofFails ? ProofView::Verdict::kFalse : ProofView::Verdict::kTrue;
        proofs.assign(remediation.status.steps.size(), {verdict, "Looked", "looked"});
        return true;
      }
      if (!rest->until || *rest->until <= now || *rest->until - now > horizon) return false;
      now = *rest->until;
      proofs.clear();
      return waits++ < 100;
    }
    waits = 0;
    ++requests;
    if (auto* save = std::get_if<SaveStatus>(&move)) {
      if (fault != kWriteLost) store(save->status);
      proofs.clear();
    } else if (auto* apply = std::get_if<ApplyStep>(&move)) {
      write(apply->index, fault);
      proofs.clear();
    } else if (auto* undo = std::get_if<UndoStep>(&move)) {
      const Step& step = stepOf(remediation.status.steps[undo->index].name);
      if (fault == kWriteLost) return true;
      if (step.type == PatchType::kCreate) {
        made = Json();
      } else {
        pod = pod.patch(Json::parse(undoText(step)));
      }
    } else if (auto* prove = std::get_if<ProveStep>(&move)) {
      --requests;
      proofs.resize(remediation.status.steps.size());
      const Step& step = stepOf(remediation.status.steps[prove->index].name);
      bool holds = observeStep(step, liveOf(step)) == Effect::kPresent && !proofFails;
      auto verdict = holds ? ProofView::Verdict::kTrue : ProofView::Verdict::kFalse;
      if (fault != kNoFault) verdict = ProofView::Verdict::kUnknown;
      proofs[prove->index] = {verdict, "Looked", "looked"};
    } else if (auto* emit = std::get_if<EmitEvents>(&move)) {
      if (fault == kWriteLost) return true;
      for (const EventDraft& draft : emit->events) {
        events.insert(eventName(remediation, draft));
        reasons.insert(draft.reason);
        if (fault != kAnswerLost) remediation.status.eventsEmitted.push_back(draft.key);
      }
    } else if (auto* finalizer = std::get_if<SetFinalizer>(&move)) {
      if (fault == kWriteLost) return true;
      remediation.held = finalizer->present;
      if (!finalizer->present && remediation.deleting) return false;
    }
    return true;
  }

  void settle(const std::vector<int>& faults = {}) {
    for (size_t i = 0; i < 600; ++i) {
      if (!turn(i < faults.size() ? faults[i] : kNoFault)) return;
    }
    FAIL() << "does not come to rest in phase " << toString(remediation.status.phase);
  }
  // Until a write to the target was intended.
  void untilApplying() {
    while (remediation.status.phase != Phase::kApplying) ASSERT_TRUE(turn(kNoFault));
  }
  void pass(std::chrono::seconds time) { now += time; }

  const RemediationStatus& status() const { return remediation.status; }

  SecurityPolicy policy;
  bool covered = true;
  bool policyLeaves = false;
  bool proofFails = false;
  bool contestedByGit = false;
  std::string writer = "kubectl";
  // What the driver asks at rest, as it does of a locked console; absent = never.
  std::optional<WallTime> proveAgainAt;
  int64_t revertsRunning = 0;
  GuardInput guard;  // what of it is not derived here
  Remediation remediation;
  std::vector<Finding> findings;
  Plan plan;
  Json pod;
  Json made;
  WallTime now = *parseTime("2026-11-22T12:00:00Z");
  std::chrono::seconds horizon{7200};
  std::vector<ProofView> proofs;
  std::map<std::string, int> writes;
  std::set<std::string> events;
  std::set<std::string> reasons;
  Move lastMove;
  int requests = 0;
  int waits = 0;

 private:
  const Step& stepOf(const std::string& name) const {
    for (const Step& step : plan.steps) {
      if (step.name == name) return step;
    }
    ADD_FAILURE() << "no step " << name;
    return plan.steps.front();
  }
  const Json& liveOf(const Step& step) const {
    return step.type == PatchType::kCreate ? made : pod;
  }

  StepView view(const StepRecord& record) const {
    const Step& step = stepOf(record.name);
    StepView view;
    view.effect = observeStep(step, liveOf(step));
    view.writer = writer;
    if (contestedByGit) view.gitMarks = "Argo CD shop";
    if (view.effect == Effect::kForeign) {
      view.message = "kubectl";
      view.ours = step.type == PatchType::kCreate && isOurs(step, made);
    }
    return view;
  }

  void write(size_t index, int fault) {
    const Step& step = stepOf(remediation.status.steps[index].name);
    ++writes[step.name];
    if (fault == kWriteLost) return;
    if (step.type == PatchType::kCreate) {
      made = step.manifest;
    } else {
      pod = pod.patch(Json::parse(patchText(step)));
    }
  }

  // What the API server keeps is what the JSON holds.
  void store(const RemediationStatus& status) {
    Json object = {{"metadata", {{"name", remediation.name}, {"uid", remediation.uid}}},
                   {"spec",
                    {{"family", toString(remediation.family)},
                     {"targetRef", refToJson(remediation.target)}}},
                   {"status", statusToJson(status)}};
    remediation.status = remediationFromJson(object)->status;
  }
};

}  // namespace firebreak::remediate
