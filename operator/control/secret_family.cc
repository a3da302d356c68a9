#include "control/secret_family.h"

#include <algorithm>
#include <set>

#include "api/projection.h"
#include "base/json.h"
#include "control/exposure_sweep.h"
#include "control/publisher.h"
#include "detect/secrets/reachable.h"
#include "remediate/plan/literals.h"
#include "remediate/plan/secrets.h"
#include "remediate/rotate/consumers.h"
#include "remediate/rotate/references.h"
#include "remediate/rotate/source_rotators.h"
#include "remediate/rotate/windows.h"

namespace firebreak::control {
namespace {

using remediate::ProofView;
using remediate::StepView;

// A console whose story ended otherwise exposes nothing any more.
bool stillExposes(const Remediation& console) {
  return console.status.phase != Phase::kRejected &&
         console.status.outcome != Outcome::kNoLongerPresent;
}

// What was made by another of these is looked at before its maker: whatever is seen finds its owner in a
// later list, also while a roll-out makes new ones.
const kube::ResourceType* const kConsumerTypes[] = {
    &kube::kPods,        &kube::kJobs,         &kube::kCronJobs,  &kube::kReplicaSets,
    &kube::kDeployments, &kube::kStatefulSets, &kube::kDaemonSets,
};

constexpr kube::ResourceType kGateways{"gateway.networking.k8s.io", "v1", "gateways", "Gateway", true};

std::string strategyOf(const Json& object) {
  std::string strategy = stringOr(member(object, {"spec", "strategy", "type"}));
  return strategy.empty() ? stringOr(member(object, {"spec", "updateStrategy", "type"})) : strategy;
}

}  // namespace

SecretFamily::SecretFamily(kube::Client& client, World& world, Clock& clock,
                           std::vector<std::string> protectedNamespaces,
                           std::string operatorNamespace,
                           std::function<bool(const Remediation&)> isOurs)
    : client_(client),
      world_(world),
      clock_(clock),
      protected_(std::move(protectedNamespaces)),
      operatorNamespace_(std::move(operatorNamespace)),
      isOurs_(std::move(isOurs)),
      store_(client),
      cluster_(client) {
  std::string path = WebIdentityFile::pathFromEnvironment();
  if (!path.empty()) webIdentity_.emplace(std::move(path));
}

Result<std::vector<Consequence>> SecretFamily::consequencesOf(const Remediation& console) {
  std::vector<Consequence> all;
  if (!stillExposes(console) || !isOurs_(console)) return all;
  auto behind = consolePods(client_, world_, console.target);
  if (!behind) return tl::unexpected(behind.error());
  std::set<const PodSpec*> seen;
  std::set<std::string> names;
  std::vector<std::shared_ptr<const Pod>> pods;
  for (const auto& pod : *behind) {
    if (!pod->spec || !seen.insert(pod->spec.get()).second) continue;
    pods.push_back(pod);
    for (const auto& use : detect::secretsReachableBy(*pod->spec)) names.insert(use.secret);
  }
  std::vector<detect::SecretObject> objects;
  for (const std::string& name : names) {
    auto secret = client_.get(kube::kSecrets, console.target.ns, name);
    if (!secret && secret.error().code == ErrorCode::kNotFound) continue;
    if (!secret) return tl::unexpected(secret.error());
    auto meta = projectMeta(dumpJson(remediate::withoutValues(*secret)));
    if (!meta) return tl::unexpected(meta.error());
    objects.push_back({std::move(*meta), stringOr(member(*secret, "type"), "Opaque")});
  }
  for (const auto& pod : pods) {
    detect::ExposureCause cause{console.name, console.target, highestTier(console.status.findings)};
    for (auto& caused : detect::exposedByConsequence(*pod->spec, cause, objects, protected_)) {
      const ObjectRef& secret = caused.finding.resource;
      auto known = std::find_if(all.begin(), all.end(),
                                [&](const Consequence& c) { return c.secret == secret; });
      if (known == all.end()) {
        all.push_back({secret, {caused.finding}});
      } else {
        known->findings.push_back(caused.finding);
      }
    }
  }
  return all;
}

std::vector<Finding> SecretFamily::findingsFor(const Remediation& remediation) {
  // The console that led here first, then any other: spec.cause cannot change, and a Secret that a
  // console exposed that is gone may be exposed by the next one.
  std::vector<std::shared_ptr<const Remediation>> consoles;
  if (auto cause = world_.remediations.get(remediation.cause)) consoles.push_back(cause);
  for (const auto& other : world_.remediations.snapshot()) {
    if (other->family == Family::kOpenDashboard && other->name != remediation.cause &&
        other->target.ns == remediation.target.ns) {
      consoles.push_back(other);
    }
  }
  for (const auto& console : consoles) {
    if (console->status.findings.empty()) continue;
    auto consequences = consequencesOf(*console);
    if (!consequences) return remediation.status.findings;
    for (const Consequence& consequence : *consequences) {
      if (consequence.secret.uid == remediation.target.uid) return consequence.findings;
    }
  }
  return {};
}

Result<std::vector<rotate::Consumer>> SecretFamily::consumers(const Remediation& remediation,
                                                              const remediate::JournalKeys& keys) {
  auto images = remediate::sealedImages(keys, remediation);
  std::vector<rotate::ConsumerWorkload> workloads;
  for (const kube::ResourceType* type : kConsumerTypes) {
    auto list = client_.list(*type, remediation.target.ns);
    if (!list) return tl::unexpected(list.error());
    for (Json item : member(*list, "items")) {
      // Items of a list carry neither.
      item["apiVersion"] = kube::apiVersionOf(*type);
      item["kind"] = type->kind;
      auto workload = projectWorkload(dumpJson(remediate::rewind(item, images)));
      if (!workload) continue;
      workloads.push_back({std::move(*workload), strategyOf(item), rotate::driverSecretsOf(item)});
    }
  }
  auto all = rotate::consumersOf(remediation.target.name, remediation.target.ns, workloads);
  // Those only go into what is said with the plan, before it is begun.
  if (remediate::hasStarted(remediation.status)) return all;
  auto named = references(remediation.target);
  if (!named) return tl::unexpected(named.error());
  all.insert(all.end(), named->begin(), named->end());
  return all;
}

Result<std::vector<rotate::Consumer>> SecretFamily::references(const ObjectRef& secret) {
  std::vector<Json> objects;
  for (const kube::ResourceType* type : {&kube::kServiceAccounts, &kube::kIngresses, &kGateways}) {
    // A Gateway may take a certificate from another namespace.
    auto list = client_.list(*type, type == &kGateways ? "" : secret.ns);
    // Not every cluster has the Gateway API.
    if (!list && type == &kGateways && !isRetryable(list.error())) continue;
    if (!list) return tl::unexpected(list.error());
    for (Json& item : (*list)["items"]) {
      item["apiVersion"] = kube::apiVersionOf(*type);
      item["kind"] = type->kind;
      objects.push_back(std::move(item));
    }
  }
  return rotate::referencesTo(secret.name, secret.ns, objects);
}

Result<Assessment> SecretFamily::assess(const Remediation& remediation,
                                        const SecurityPolicy* policy,
                                        const remediate::JournalKeys& keys) {
  const ObjectRef& target = remediation.target;
  if (target.kind != "Secret") return assessLiterals(remediation);
  Assessment assessment;
  auto live = client_.get(kube::kSecrets, target.ns, target.name);
  if (!live && live.error().code != ErrorCode::kNotFound) return tl::unexpected(live.error());
  if (!live || stringOr(member(*live, {"metadata", "uid"})) != target.uid) {
    assessment.targetGone = true;
    return assessment;
  }
  remediate::RotationTarget rotation;
  rotation.secret = remediate::withoutValues(*live);
  live = Json();
  for (const auto& [key, value] : member(rotation.secret, {"metadata", "labels"}).items()) {
    assessment.targetLabels[key] = stringOr(value);
  }
  if (remediate::hasStarted(remediation.status)) {
    assessment.findings = remediation.status.findings;
  } else {
    assessment.findings = findingsFor(remediation);
    if (auto marked = markedIn(rotation.secret)) assessment.findings.push_back(std::move(*marked));
  }
  if (assessment.findings.empty()) return assessment;
  auto using_ = consumers(remediation, keys);
  if (!using_) return tl::unexpected(using_.error());
  rotation.consumers = std::move(*using_);
  if (policy != nullptr) {
    rotation.policy = policy->name;
    rotation.rotator =
        remediate::rotatorEntryFor(policy->secrets.rotators, target.ns, target.name);
    rotation.keepPreviousSeconds = policy->secrets.keepPreviousSeconds;
    rotation.restartMaxConcurrent = policy->secrets.restartMaxConcurrent;
  }
  const rotate::Source* from =
      rotation.rotator ? rotate::sourceOfType(rotation.rotator->type) : nullptr;
  const std::string name =
      from == nullptr ? "" : rotatorOfType(from->type)->shape().sourceOf(rotation.secret);
  if (!name.empty()) {
    auto source = cluster_.get(from->kind(), target.ns, name);
    if (!source && isRetryable(source.error())) return tl::unexpected(source.error());
    if (source) rotation.source = std::move(*source);
  }
  rotation.operatorNamespace = operatorNamespace_;
  rotation.remediationName = remediation.name;
  rotation.remediationUid = remediation.uid;
  rotation.episode = std::max<int64_t>(1, remediation.status.episode);
  // Fixed before the episode starts, so that the plan that was shown is the plan that is done.
  rotation.startedAt = remediation.created + std::chrono::seconds(rotation.episode - 1);
  assessment.plan = remediate::planRotation(rotation);
  bool restarts = std::any_of(assessment.plan.steps.begin(), assessment.plan.steps.end(),
                              [](const Step& step) { return step.proof == Proof::kRolledOut; });
  if (rotation.rotator && restarts) {
    assessment.windowOpensAt = rotate::nextWindow(rotation.rotator->restartWindows, clock_.wall());
  }
  return assessment;
}

// A literal is never rewritten: the plan is what a person has to do, and where.
Result<Assessment> SecretFamily::assessLiterals(const Remediation& remediation) {
  Assessment assessment;
  const ObjectRef& target = remediation.target;
  const kube::ResourceType* type = literalHolder(target.kind);
  if (type == nullptr) {
    return fail(ErrorCode::kInternal, "no way to read a " + target.kind + " for its literals");
  }
  auto live = client_.get(*type, target.ns, target.name);
  if (!live && live.error().code != ErrorCode::kNotFound) return tl::unexpected(live.error());
  if (!live || stringOr(member(*live, {"metadata", "uid"})) != target.uid) {
    assessment.targetGone = true;
    return assessment;
  }
  for (const auto& [key, value] : member(*live, {"metadata", "labels"}).items()) {
    assessment.targetLabels[key] = stringOr(value);
  }
  assessment.findings = literalsIn(*type, std::move(*live));
  assessment.plan = remediate::planLiterals(assessment.findings);
  return assessment;
}

RotationContext SecretFamily::rotationContext() {
  return {store_, systemRandom(), clock_, &cluster_, webIdentity_ ? &*webIdentity_ : nullptr};
}

Result<StepView> SecretFamily::observe(const Remediation& remediation, const Step& step) {
  (void)remediation;
  const Rotator* rotator = rotatorFor(step);
  if (rotator == nullptr) {
    return fail(ErrorCode::kInternal, "step " + step.name + ": no such rotator");
  }
  RotationContext context = rotationContext();
  auto observed = rotator->observe(step, context);
  if (!observed) return tl::unexpected(observed.error());
  StepView view;
  view.message = observed->message;
  view.awaits = observed->awaits;
  switch (observed->effect) {
    case Observation::Effect::kAbsent:
      view.effect = remediate::Effect::kAbsent;
      break;
    case Observation::Effect::kPresent:
      view.effect = remediate::Effect::kPresent;
      break;
    case Observation::Effect::kForeign:
      view.effect = remediate::Effect::kForeign;
      break;
  }
  return view;
}

Status SecretFamily::apply(const Remediation& remediation, const Step& step) {
  (void)remediation;
  const Rotator* rotator = rotatorFor(step);
  if (rotator == nullptr) {
    return fail(ErrorCode::kInternal, "step " + step.name + ": no such rotator");
  }
  RotationContext context = rotationContext();
  return rotator->apply(step, context);
}

Status SecretFamily::undo(const Remediation& remediation, const Step& step) {
  (void)remediation;
  const Rotator* rotator = rotatorFor(step);
  if (rotator == nullptr) {
    return fail(ErrorCode::kInternal, "step " + step.name + ": no such rotator");
  }
  RotationContext context = rotationContext();
  return rotator->undo(step, context);
}

ProofView SecretFamily::prove(const Remediation& remediation, const SecurityPolicy* policy,
                              const remediate::JournalKeys& keys, const Step& step) {
  (void)keys;
  (void)policy;
  using Verdict = ProofView::Verdict;
  auto view = observe(remediation, step);
  if (!view) return {Verdict::kUnknown, "CannotRead", view.error().message};
  if (view->effect != remediate::Effect::kPresent) {
    return {Verdict::kFalse, "Undone", step.name + " does not hold"};
  }
  if (!view->awaits.empty()) return {Verdict::kFalse, "NotInForce", view->awaits};
  return {Verdict::kTrue, "Holds", view->message};
}

}  // namespace firebreak::control
