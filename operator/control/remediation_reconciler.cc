#include "control/remediation_reconciler.h"

#include <algorithm>

#include "api/remediation_json.h"
#include "base/json.h"
#include "base/log.h"
#include "base/time_format.h"
#include "control/event_writer.h"
#include "control/finalizer.h"
#include "control/opener.h"
#include "control/telling.h"
#include "kube/read_scope.h"
#include "kube/resource_version.h"

namespace firebreak::control {
namespace {

using remediate::ProofView;
using remediate::StepView;

// More moves than any plan needs; what is left is done at the next turn.
constexpr int kMostMoves = 200;

constexpr const char* kEventsPath = "/apis/events.k8s.io/";

// Restarts may begin in the policy's windows alone; it counts as a matter of the blast radius.
void awaitWindow(const Assessment& assessment, std::vector<remediate::GuardResult>& guards) {
  if (!assessment.windowOpensAt) return;
  for (remediate::GuardResult& result : guards) {
    if (result.guard != "BlastRadius") continue;
    result.passed = false;
    result.reason = "OutsideWindow";
    result.message = "it restarts workloads, which may begin in secrets.restart.windows alone: the next "
                     "opens at " + formatTime(*assessment.windowOpensAt);
    result.until = assessment.windowOpensAt;
  }
}

// The step that a move writes or takes back; nothing where it does neither.
struct Written {
  bool back = false;
  size_t index = 0;
  bool operator==(const Written&) const = default;
};
std::optional<Written> writtenBy(const remediate::Move& move) {
  if (auto* apply = std::get_if<remediate::ApplyStep>(&move)) return Written{false, apply->index};
  if (auto* undo = std::get_if<remediate::UndoStep>(&move)) return Written{true, undo->index};
  return std::nullopt;
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
  if (stored && !kube::isNewer(found->second.resourceVersion, stored->resourceVersion)) {
    latest_.erase(found);
    return *stored;
  }
  return found->second;
}

Result<Remediation> RemediationReconciler::save(const Remediation& remediation,
                                                const RemediationStatus& status) {
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
  ledger_.note(*saved);
  countTransition(remediation, *saved);
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
    if (auto told = writeEvent(client_, options_.instance, spec); !told) return told;
  }
  return {};
}

ProofView RemediationReconciler::prove(const Gathered& gathered, size_t index) {
  kube::ReadScope::forget();  // a proof is of what is there now
  const Step* step = plannedStep(gathered, index);
  if (step == nullptr) {
    return {ProofView::Verdict::kUnknown, "PlanChanged", "the step is no part of the plan any more"};
  }
  if (step->proof == Proof::kFieldsHold || step->proof == Proof::kRolledOut) {
    return executor_.prove(gathered.remediation, *step, clock_.wall());
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
  return save(gathered.remediation, status);
}

// Best effort: the error itself is what the caller returns, and where the API server is away nothing can be said.
void RemediationReconciler::sayUnseen(const Remediation& remediation, const Error& error) {
  if (!isRetryable(error) || !remediate::budgetsPassed(remediation.status)) return;
  RemediationStatus status = remediate::whileUnseen(remediation, error, clock_.wall());
  if (statusToJson(status) != statusToJson(remediation.status)) (void)save(remediation, status);
}

Result<Remediation> RemediationReconciler::setFinalizer(const Gathered& gathered, bool present) {
  const Remediation& remediation = gathered.remediation;
  const SecurityPolicy* policy = gathered.situation.policy;
  // The policy's first: it must not go before what it would have to undo.
  if (present && policy != nullptr && !policy->held) {
    auto held = control::setFinalizer(client_, kube::kSecurityPolicies, policy->name, policy->uid,
                                      true);
    if (!held) return tl::unexpected(held.error());
  }
  auto written = control::setFinalizer(client_, kube::kRemediations, remediation.name,
                                       remediation.uid, present);
  if (!written) return tl::unexpected(written.error());
  if (written->is_null()) {
    return fail(ErrorCode::kConflict, "remediation " + remediation.name + " is gone by now");
  }
  auto saved = remediationFromJson(*written);
  if (!saved) return saved;
  std::lock_guard lock(mutex_);
  latest_[saved->name] = *saved;
  return saved;
}

Status RemediationReconciler::write(const Gathered& gathered, const remediate::Move& move,
                                    size_t* index) {
  const Remediation& remediation = gathered.remediation;
  if (auto* toApply = std::get_if<remediate::ApplyStep>(&move)) {
    *index = toApply->index;
    const Step* step = plannedStep(gathered, *index);
    auto keep = gathered.situation.policy == nullptr
                    ? 86400
                    : gathered.situation.policy->miners.keepQuarantinedSeconds;
    return executor_.apply(remediation, *step, clock_.wall() + std::chrono::seconds(keep));
  }
  *index = std::get<remediate::UndoStep>(move).index;
  const StepRecord& record = remediation.status.steps.at(*index);
  auto image = remediate::parseBefore(record.before);
  if (!image) return tl::unexpected(image.error());
  return executor_.undo(remediation, stepFromImage(remediation, record, *image));
}

Result<std::optional<Remediation>> RemediationReconciler::carryOut(
    const Gathered& gathered, const remediate::Move& move, std::vector<ProofView>* proofs) {
  const Remediation& remediation = gathered.remediation;
  auto asMove = [](Result<Remediation> saved) -> Result<std::optional<Remediation>> {
    if (!saved) return tl::unexpected(saved.error());
    return std::optional<Remediation>(std::move(*saved));
  };
  if (auto* events = std::get_if<remediate::EmitEvents>(&move)) {
    if (auto emitted = emit(remediation, events->events); !emitted) {
      return tl::unexpected(emitted.error());
    }
    RemediationStatus status = remediation.status;
    for (const auto& draft : events->events) status.eventsEmitted.push_back(draft.key);
    return asMove(save(remediation, status));
  }
  if (auto* finalizer = std::get_if<remediate::SetFinalizer>(&move)) {
    auto saved = setFinalizer(gathered, finalizer->present);
    // With its finalizer off, what was being deleted is gone.
    if (saved && remediation.deleting) return std::optional<Remediation>();
    return asMove(std::move(saved));
  }
  if (auto* toProve = std::get_if<remediate::ProveStep>(&move)) {
    *proofs = gathered.situation.proofs;
    ProofView proof = prove(gathered, toProve->index);
    shareProof(gathered, toProve->index, proof, proofs);
    // The others that are asked for next, in the same look.
    for (size_t i = toProve->index + 1; i < proofs->size(); ++i) {
      const bool asked = remediation.status.steps[i].state != StepState::kApplied ||
                         proofs->at(i).verdict != ProofView::Verdict::kNotAsked;
      if (!asked) shareProof(gathered, i, prove(gathered, i), proofs);
    }
    return std::optional<Remediation>(remediation);
  }
  proofs->clear();
  size_t index = 0;
  Status done = write(gathered, move, &index);
  if (done) return std::optional<Remediation>(remediation);
  auto saved = failStep(gathered, index, done.error());
  if (!saved) return tl::unexpected(saved.error());
  if (isRetryable(done.error()) || done.error().code == ErrorCode::kInvalid) {
    return tl::unexpected(done.error());  // again with back-off
  }
  return std::optional<Remediation>(std::move(*saved));
}

// Where every step is verified and one of them is proven by a question: asks it once more.
bool RemediationReconciler::proveAgain(const Gathered& gathered, std::vector<ProofView>* proofs) {
  const auto& steps = gathered.remediation.status.steps;
  proofs->assign(steps.size(), {});
  for (size_t i = 0; i < steps.size(); ++i) {
    const Step* step = plannedStep(gathered, i);
    if (step == nullptr || steps[i].state != StepState::kVerified) continue;
    if (step->proof != Proof::kConsoleShut) continue;
    shareProof(gathered, i, prove(gathered, i), proofs);
    return true;
  }
  return false;
}

Result<std::optional<WallTime>> RemediationReconciler::reconcile(const std::string& name) {
  auto remediation = newest(name);
  if (!remediation || (remediation->deleting && !remediation->held)) {
    return std::optional<WallTime>();
  }
  // Most moves write down what is known, and change nothing of what is looked at.
  kube::ReadScope reads({kube::pathOf(kube::kRemediations, "", name), kEventsPath});
  std::vector<ProofView> proofs;
  std::optional<Written> last;
  for (int moves = 0; moves < kMostMoves; ++moves) {
    auto gathered = gather(*remediation, proofs);
    if (!gathered) {
      sayUnseen(*remediation, gathered.error());
      return tl::unexpected(gathered.error());
    }
    // Counting and starting must not be torn apart by another worker.
    std::unique_lock<std::mutex> startLock;
    if (!remediate::budgetsPassed(remediation->status)) startLock = ledger_.startLock();
    remediate::GuardInput input = guardInput(*gathered);
    gathered->situation.guards = remediate::judgeGuards(input);
    if (!input.started) awaitWindow(gathered->assessment, gathered->situation.guards);
    gathered->situation.revertsRunning = gathered->reverting;
    remediate::Move move = remediate::next(gathered->situation);

    if (auto* rest = std::get_if<remediate::Rest>(&move)) {
      countRefusal(*remediation, gathered->situation.guards);
      const auto& again = gathered->assessment.proveAgainAt;
      if (!again) return rest->until;
      if (*again > clock_.wall()) return std::min(rest->until.value_or(*again), *again);
      if (!proveAgain(*gathered, &proofs)) return rest->until;
      continue;
    }
    if (auto* toSave = std::get_if<remediate::SaveStatus>(&move)) {
      auto saved = save(*remediation, toSave->status);
      if (!saved) return tl::unexpected(saved.error());
      remediation = std::move(*saved);
      proofs.clear();
      last.reset();
      continue;
    }
    if (startLock.owns_lock()) startLock.unlock();
    // Done, and nothing of it is to be seen: somebody takes it off at once, or whoever was asked has not got
    // that far. Once more, but not at once.
    const auto written = writtenBy(move);
    if (written && written == last) {
      const StepView& view = gathered->situation.steps.at(written->index);
      Error error{ErrorCode::kUnavailable,
                  "it was done, but has no effect" + (view.message.empty() ? "" : ": " + view.message), 0,
                  std::chrono::milliseconds{0}};
      auto saved = failStep(*gathered, written->index, error);
      return tl::unexpected(saved ? error : saved.error());
    }
    last = written;
    auto after = carryOut(*gathered, move, &proofs);
    if (!after) return tl::unexpected(after.error());
    if (!*after) return std::optional<WallTime>();
    remediation = std::move(**after);
  }
  // Others get their turn, and a plan that never rests does not ask the API server without pause.
  return std::optional<WallTime>(clock_.wall() + std::chrono::seconds(1));
}

}  // namespace firebreak::control
