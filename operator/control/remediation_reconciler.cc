#include "control/remediation_reconciler.h"

#include <algorithm>

#include "api/remediation_json.h"
#include "base/json.h"
#include "base/log.h"
#include "control/opener.h"
#include "kube/events.h"

namespace firebreak::control {
namespace {

using remediate::ProofView;
using remediate::StepView;

// More moves than any plan needs; what is left is done at the next turn.
constexpr int kMostMoves = 200;

// Decimal numbers of any length.
bool isLater(const std::string& a, const std::string& b) {
  auto isNumber = [](const std::string& text) {
    return !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
  };
  if (!isNumber(a) || !isNumber(b)) return false;
  return a.size() != b.size() ? a.size() > b.size() : a > b;
}

}  // namespace

RemediationReconciler::RemediationReconciler(kube::Client& client, World& world, Executor& executor,
                                             KeyRing& keys, Ledger& ledger, Clock& clock,
                                             ReconcilerOptions options)
    : client_(client),
      world_(world),
      executor_(executor),
      keys_(keys),
      ledger_(ledger),
      clock_(clock),
      options_(std::move(options)) {}

void RemediationReconciler::addFamily(FamilyDriver& driver) {
  families_[driver.family()] = &driver;
}

void RemediationReconciler::observed(const std::string& name, const std::string& resourceVersion) {
  std::lock_guard lock(mutex_);
  auto found = latest_.find(name);
  if (found != latest_.end() && found->second.resourceVersion == resourceVersion) {
    latest_.erase(found);
  }
}

void RemediationReconciler::forgotten(const std::string& name) {
  std::lock_guard lock(mutex_);
  latest_.erase(name);
}

// The watch may show our own write before its answer came, so what we remember counts only while it is
// the later one. Versions are compared as numbers, which the API server promises since 1.35 and has
// always done; where they are none, what the watch shows counts.
std::optional<Remediation> RemediationReconciler::newest(const std::string& name) {
  auto stored = world_.remediations.get(name);
  std::lock_guard lock(mutex_);
  auto found = latest_.find(name);
  if (found == latest_.end()) {
    if (!stored) return std::nullopt;
    return *stored;
  }
  if (stored && !isLater(found->second.resourceVersion, stored->resourceVersion)) {
    latest_.erase(found);
    return *stored;
  }
  return found->second;
}

const Step* RemediationReconciler::plannedStep(const Gathered& gathered, size_t index) const {
  const auto& records = gathered.remediation.status.steps;
  if (index >= records.size()) return nullptr;
  for (const Step& step : gathered.assessment.plan.steps) {
    if (step.name == records[index].name) return &step;
  }
  return nullptr;
}

// Each step is observed as its sealed before-image describes it; one that was not sealed by us is
// observed as the plan derived anew describes it.
Status RemediationReconciler::observeSteps(Gathered& gathered,
                                           const std::vector<ProofView>& proofs) {
  const RemediationStatus& status = gathered.remediation.status;
  bool quiet = status.phase == Phase::kReverted || status.phase == Phase::kRejected ||
               status.phase == Phase::kFailed;
  for (size_t i = 0; i < status.steps.size(); ++i) {
    const StepRecord& record = status.steps[i];
    StepView view;
    bool started = record.state == StepState::kIntended || record.state == StepState::kApplied ||
                   record.state == StepState::kVerified;
    if (started && !quiet) {
      std::optional<Step> step;
      if (const Step* planned = plannedStep(gathered, i)) step = *planned;
      bool sealed = remediate::sealHolds(gathered.situation.keys, gathered.remediation, record);
      auto image = remediate::parseBefore(record.before);
      if (sealed && image && (!step || status.phase == Phase::kReverting)) {
        step = stepFromImage(gathered.remediation, record, *image);
      }
      if (step) {
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

remediate::GuardInput RemediationReconciler::guardInput(const Gathered& gathered) {
  const Remediation& remediation = gathered.remediation;
  remediate::GuardInput input;
  input.now = clock_.wall();
  input.family = remediation.family;
  input.cachesFresh = world_.synced();
  input.target = remediation.target;
  input.targetLabels = gathered.assessment.targetLabels;
  input.mirrorPod = gathered.assessment.mirrorPod;
  input.protectedNamespaces = options_.protectedNamespaces;
  input.operatorNamespace = options_.operatorNamespace;
  input.sensorNamespace = options_.sensorNamespace;
  input.covering = gathered.coverage.policies;
  input.namespaceLabels = world_.namespaceLabels(remediation.target.ns);
  input.brake = world_.brake();
  input.decision = remediation.decision;
  input.planHash = gathered.assessment.plan.hash();
  input.started = remediate::hasStarted(remediation.status);
  for (const Finding& finding : gathered.assessment.findings) {
    input.nearProof = input.nearProof || finding.confidence >= 85;
  }
  Ledger::Counts counts =
      ledger_.count(remediation.family, gathered.assessment.ownerUid, input.now);
  input.runningInFamily = counts.running;
  input.startedInLastHour = counts.startedInLastHour;
  input.hourFreesAt = counts.hourFreesAt;
  input.ownerReplicas = gathered.assessment.ownerReplicas;
  input.ownerOut = counts.ownerOut;
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
  if (auto observed = observeSteps(gathered, proofs); !observed) {
    return tl::unexpected(observed.error());
  }
  return gathered;
}

Result<Remediation> RemediationReconciler::save(const Remediation& remediation,
                                                const RemediationStatus& status,
                                                const std::string& ownerUid) {
  // Replacing resourceVersion makes a stale write a clean 409; the uid test keeps it off a namesake.
  Json patch = Json::array();
  patch.push_back({{"op", "test"}, {"path", "/metadata/uid"}, {"value", remediation.uid}});
  patch.push_back({{"op", "replace"},
                   {"path", "/metadata/resourceVersion"},
                   {"value", remediation.resourceVersion}});
  patch.push_back({{"op", "add"}, {"path", "/status"}, {"value", statusToJson(status)}});
  kube::PatchOptions options;
  options.subresource = "status";
  options.priority = kube::Priority::kRemediation;
  auto written = client_.patch(kube::kRemediations, "", remediation.name, kube::PatchKind::kJson,
                               patch, options);
  if (!written) {
    forgotten(remediation.name);
    return tl::unexpected(written.error());
  }
  auto saved = remediationFromJson(*written);
  if (!saved) return saved;
  if (!isOurs(keys_, *saved)) return saved;  // neither counted nor followed
  ledger_.note(*saved, ownerUid);
  {
    std::lock_guard lock(mutex_);
    latest_[saved->name] = *saved;
  }
  if (saved->status.phase != remediation.status.phase) {
    log::info("remediation moved on", {{"remediation", saved->name},
                                       {"target", describe(saved->target)},
                                       {"phase", std::string(toString(saved->status.phase))},
                                       {"outcome", std::string(toString(saved->status.outcome))},
                                       {"blocked", saved->status.blocked.reason}});
  }
  if (onSaved_) onSaved_(*saved);
  return saved;
}

Status RemediationReconciler::emit(const Remediation& remediation,
                                   const std::vector<remediate::EventDraft>& events) {
  for (const remediate::EventDraft& draft : events) {
    kube::EventSpec spec;
    spec.name = remediate::eventName(remediation, draft);
    spec.type = draft.warning ? kube::EventType::kWarning : kube::EventType::kNormal;
    spec.reason = draft.reason;
    spec.action = draft.action;
    spec.note = draft.note;
    spec.regarding = remediation.target;
    spec.related = ObjectRef{"firebreak.dev/v1alpha1", "Remediation", "", remediation.name,
                             remediation.uid};
    spec.time = clock_.wall();
    Json body = kube::eventJson(spec, options_.instance);
    std::string ns = remediation.target.ns.empty() ? "default" : remediation.target.ns;
    auto written = client_.create(kube::kEvents, ns, body, kube::Priority::kEvent);
    if (!written && written.error().code != ErrorCode::kAlreadyExists) {
      bool hopeless = written.error().code == ErrorCode::kForbidden ||
                      written.error().code == ErrorCode::kNotFound ||
                      written.error().code == ErrorCode::kInvalid;
      log::warn("Event not written", {{"event", spec.name}, {"cause", written.error().message}});
      // A namespace that goes away takes no Events: not worth holding the journal back.
      if (!hopeless) return tl::unexpected(written.error());
    }
  }
  return {};
}

ProofView RemediationReconciler::prove(const Gathered& gathered, size_t index) {
  const Step* step = plannedStep(gathered, index);
  if (step == nullptr) {
    return {ProofView::Verdict::kUnknown, "PlanChanged", "the step is no part of the plan any more"};
  }
  if (step->proof == Proof::kFieldsHold || step->proof == Proof::kRolledOut) {
    return executor_.prove(gathered.remediation, *step);
  }
  return families_[gathered.remediation.family]->prove(
      gathered.remediation, gathered.situation.policy, gathered.situation.keys, *step);
}

// One question answers for every step that asks it: the console is shut, the pod is unreachable.
void RemediationReconciler::shareProof(const Gathered& gathered, size_t index,
                                       const ProofView& proof,
                                       std::vector<ProofView>* proofs) const {
  proofs->at(index) = proof;
  const Step* asked = plannedStep(gathered, index);
  if (asked == nullptr ||
      (asked->proof != Proof::kConsoleShut && asked->proof != Proof::kPodUnreachable)) {
    return;
  }
  for (size_t i = 0; i < proofs->size(); ++i) {
    const Step* other = plannedStep(gathered, i);
    if (other != nullptr && other->proof == asked->proof) proofs->at(i) = proof;
  }
}

Result<Remediation> RemediationReconciler::failStep(const Gathered& gathered, size_t index,
                                                    const Error& error) {
  log::warn("step failed", {{"remediation", gathered.remediation.name},
                            {"step", gathered.remediation.status.steps[index].name},
                            {"cause", error.message}});
  RemediationStatus status =
      remediate::afterFailure(gathered.remediation, index, error, clock_.wall());
  return save(gathered.remediation, status, "");
}

Result<std::optional<WallTime>> RemediationReconciler::reconcile(const std::string& name) {
  auto remediation = newest(name);
  if (!remediation || remediation->deleting) return std::optional<WallTime>();
  std::vector<ProofView> proofs;
  for (int moves = 0; moves < kMostMoves; ++moves) {
    auto gathered = gather(*remediation, proofs);
    if (!gathered) return tl::unexpected(gathered.error());
    // Counting and starting must not be torn apart by another worker.
    std::unique_lock<std::mutex> startLock;
    if (!remediate::hasStarted(remediation->status)) startLock = ledger_.startLock();
    gathered->situation.guards = remediate::judgeGuards(guardInput(*gathered));
    remediate::Move move = remediate::next(gathered->situation);

    if (auto* rest = std::get_if<remediate::Rest>(&move)) return rest->until;
    if (auto* toSave = std::get_if<remediate::SaveStatus>(&move)) {
      auto saved = save(*remediation, toSave->status, gathered->assessment.ownerUid);
      if (!saved) return tl::unexpected(saved.error());
      remediation = std::move(*saved);
      proofs.clear();
      continue;
    }
    if (startLock.owns_lock()) startLock.unlock();
    if (auto* events = std::get_if<remediate::EmitEvents>(&move)) {
      if (auto emitted = emit(*remediation, events->events); !emitted) {
        return tl::unexpected(emitted.error());
      }
      RemediationStatus status = remediation->status;
      for (const auto& draft : events->events) status.eventsEmitted.push_back(draft.key);
      auto saved = save(*remediation, status, "");
      if (!saved) return tl::unexpected(saved.error());
      remediation = std::move(*saved);
      continue;
    }
    if (auto* toProve = std::get_if<remediate::ProveStep>(&move)) {
      proofs = gathered->situation.proofs;
      ProofView proof = prove(*gathered, toProve->index);
      shareProof(*gathered, toProve->index, proof, &proofs);
      continue;
    }
    Status done;
    size_t index = 0;
    if (auto* toApply = std::get_if<remediate::ApplyStep>(&move)) {
      index = toApply->index;
      const Step* step = plannedStep(*gathered, index);
      auto keep = gathered->situation.policy == nullptr
                      ? 86400
                      : gathered->situation.policy->miners.keepQuarantinedSeconds;
      done = executor_.apply(*remediation, *step, clock_.wall() + std::chrono::seconds(keep));
    } else if (auto* toUndo = std::get_if<remediate::UndoStep>(&move)) {
      index = toUndo->index;
      const StepRecord& record = remediation->status.steps.at(index);
      auto image = remediate::parseBefore(record.before);
      if (!image) return tl::unexpected(image.error());
      done = executor_.undo(*remediation, stepFromImage(*remediation, record, *image));
    }
    if (!done) {
      auto saved = failStep(*gathered, index, done.error());
      if (!saved) return tl::unexpected(saved.error());
      if (isRetryable(done.error()) || done.error().code == ErrorCode::kInvalid) {
        return tl::unexpected(done.error());  // again with back-off
      }
      remediation = std::move(*saved);
    }
    proofs.clear();
  }
  return std::optional<WallTime>(clock_.wall());
}

}  // namespace firebreak::control
