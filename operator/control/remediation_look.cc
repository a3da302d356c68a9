// How a RemediationReconciler looks: everything that next() and the guards want to know, read from the
// API server and the caches. Writes nothing.
#include <algorithm>

#include "control/coverage.h"
#include "control/disruption.h"
#include "control/opener.h"
#include "control/remediation_reconciler.h"
#include "remediate/steps.h"

namespace firebreak::control {

using remediate::ProofView;
using remediate::StepView;

const Step* RemediationReconciler::plannedStep(const Gathered& gathered, size_t index) const {
  const auto& records = gathered.remediation.status.steps;
  if (index >= records.size()) return nullptr;
  for (const Step& step : gathered.assessment.plan.steps) {
    if (step.name == records[index].name) return &step;
  }
  return nullptr;
}

// Each step that next() looks at is observed as its sealed before-image describes it; one that was not
// sealed by us is observed as the plan derived anew describes it.
Status RemediationReconciler::observeSteps(Gathered& gathered,
                                           const std::vector<ProofView>& proofs) {
  const RemediationStatus& status = gathered.remediation.status;
  for (size_t i = 0; i < status.steps.size(); ++i) {
    const StepRecord& record = status.steps[i];
    StepView view;
    if (remediate::isUndoable(record.state)) {
      std::optional<Step> step;
      if (const Step* planned = plannedStep(gathered, i)) step = *planned;
      bool sealed = remediate::sealHolds(gathered.situation.keys, gathered.remediation, record);
      auto image = remediate::parseBefore(record.before);
      bool undone = status.phase == Phase::kReverting || gathered.situation.targetGone;
      if (sealed && image && (!step || undone)) {
        step = stepFromImage(gathered.remediation, record, *image);
      }
      if (step && remediate::readsView(status, record, step->type)) {
        auto observed = executor_.observe(gathered.remediation, *step);
        if (!observed) return tl::unexpected(observed.error());
        view = *observed;
      }
      FamilyDriver* driver = families_[gathered.remediation.family];
      if (status.phase == Phase::kReverting && sealed && image && driver != nullptr) {
        UndoAdvice advice = driver->adviseUndo(gathered.remediation, *image);
        if (!advice.refusal.empty()) view.message = advice.refusal;
        view.undoLater = advice.later;
      }
    }
    gathered.situation.steps.push_back(view);
  }
  gathered.situation.proofs = proofs;
  gathered.situation.proofs.resize(status.steps.size());
  return {};
}

bool RemediationReconciler::policyLeaves(const std::string& uid) const {
  if (uid.empty()) return false;
  for (const auto& entry : world_.policies.snapshot()) {
    if (entry->policy && entry->policy->uid == uid) {
      return entry->policy->deleting && entry->policy->revertOnDelete;
    }
  }
  return false;
}

remediate::GuardInput RemediationReconciler::guardInput(Gathered& gathered) {
  const Remediation& remediation = gathered.remediation;
  const Assessment& assessment = gathered.assessment;
  remediate::GuardInput input;
  input.now = gathered.situation.now;
  input.family = remediation.family;
  input.cachesFresh = world_.synced();
  input.target = remediation.target;
  input.targetLabels = assessment.targetLabels;
  input.mirrorPod = assessment.mirrorPod;
  input.protectedNamespaces = options_.protectedNamespaces;
  input.operatorNamespace = options_.operatorNamespace;
  input.sensorNamespace = options_.sensorNamespace;
  input.covering = gathered.coverage.policies;
  input.namespaceLabels = world_.namespaceLabels(remediation.target.ns);
  input.brake = world_.brake();
  input.decision = remediate::effectiveDecision(remediation);
  input.planHash = assessment.plan.hash();
  input.started = remediate::budgetsPassed(remediation.status);
  input.startedByApproval = remediation.status.mode == toString(Mode::kApprove);
  for (const Finding& finding : assessment.findings) {
    input.nearProof = input.nearProof || finding.confidence >= 85;
  }
  Ledger::Question question;
  question.name = remediation.name;
  question.family = remediation.family;
  question.ns = remediation.target.ns;
  question.ownerUid = gathered.situation.owner.uid;
  question.targetCreated = assessment.targetCreated;
  question.ownerReplicas = assessment.ownerReplicas;
  question.ownerReady = assessment.ownerReady;
  question.plan = &assessment.plan;
  question.policy = gathered.coverage.acting();
  question.now = input.now;
  Ledger::Answer answer = ledger_.ask(question);
  input.heldBy = answer.heldBy;
  input.heldObject = answer.heldObject;
  // A plan that stops the owner ends the repetition that the cooldown is there for.
  const auto& steps = assessment.plan.steps;
  bool stops = std::any_of(steps.begin(), steps.end(),
                           [](const Step& step) { return step.action == "StopOwner"; });
  if (!stops) input.earlierStarts = answer.earlierStarts;
  input.runningInFamily = answer.running;
  input.startedInLastHour = answer.startedInLastHour;
  input.hourFreesAt = answer.hourFreesAt;
  // Where a policy covers one namespace alone there is nobody to keep a share for.
  if (question.policy != nullptr && coversSeveral(world_, *question.policy)) {
    input.runningInNamespace = answer.runningInNamespace;
    input.startedInNamespace = answer.startedInNamespace;
    input.namespaceFreesAt = answer.namespaceFreesAt;
  }
  input.ownerReplicas = assessment.ownerReplicas;
  input.ownerOut = answer.ownerOut;
  input.budgets = gathered.budgets;
  input.breaker = answer.breaker;
  gathered.reverting = answer.reverting;
  if (remediation.status.phase == Phase::kBlocked) input.contended = remediation.status.blocked;
  return input;
}

Result<RemediationReconciler::Gathered> RemediationReconciler::gather(
    const Remediation& remediation, const std::vector<ProofView>& proofs) {
  Gathered gathered;
  gathered.remediation = remediation;
  if (!isOurs(keys_, remediation)) {
    gathered.situation.remediation = remediation;
    gathered.situation.notOurs = true;
    gathered.situation.now = clock_.wall();
    return gathered;
  }
  gathered.coverage = coverageOf(world_, remediation.target.ns);
  FamilyDriver* driver = families_[remediation.family];
  if (driver == nullptr) {
    return fail(ErrorCode::kInternal, "no driver for family " +
                                          std::string(toString(remediation.family)));
  }
  auto keys = keys_.keys();
  auto assessed = driver->assess(remediation, gathered.coverage.acting(), keys);
  if (!assessed) return tl::unexpected(assessed.error());
  gathered.assessment = std::move(*assessed);

  remediate::Situation& situation = gathered.situation;
  situation.remediation = remediation;
  situation.policy = gathered.coverage.acting();
  situation.targetGone = gathered.assessment.targetGone;
  situation.findings = gathered.assessment.findings;
  situation.plan = gathered.assessment.plan;
  situation.keys = std::move(keys);
  situation.context = gathered.assessment.context;
  situation.now = clock_.wall();
  situation.policyLeaves = policyLeaves(remediation.status.policyUid);
  situation.owner = gathered.assessment.root;
  if (situation.owner.kind.empty()) {
    // Once it is gone nobody can tell any more whose it was.
    situation.owner =
        situation.targetGone && !remediation.status.owner.kind.empty() ? remediation.status.owner
                                                                       : remediation.target;
  }
  if (remediation.status.phase != Phase::kContained) {
    auto budgets = budgetsOf(client_, gathered.assessment.plan, remediation.target.ns);
    if (!budgets) return tl::unexpected(budgets.error());
    gathered.budgets = std::move(*budgets);
  }
  if (auto observed = observeSteps(gathered, proofs); !observed) {
    return tl::unexpected(observed.error());
  }
  return gathered;
}

}  // namespace firebreak::control
