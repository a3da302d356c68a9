#include "control/miner_family.h"

#include <algorithm>

#include "api/projection.h"
#include "api/remediation_json.h"
#include "base/json.h"
#include "detect/miners/detect_miners.h"
#include "remediate/plan/miners.h"

namespace firebreak::control {
namespace {

using remediate::ProofView;

// Three missed heartbeats of 60 s: nobody is there to carry out an order.
constexpr std::chrono::seconds kSensorSilence{180};

bool isFinished(const Pod& pod) { return pod.phase == "Succeeded" || pod.phase == "Failed"; }

detect::MinerSignatures signaturesOf(const SecurityPolicy& policy) {
  return {policy.miners.poolDomains, policy.miners.wallets, policy.miners.images,
          policy.miners.processes};
}

Finding fromSighting(const Pod& pod, const Sighting& sighting, int threshold) {
  Finding finding;
  finding.family = Family::kMiner;
  finding.rule = "miner-process";
  finding.severity = sighting.score >= threshold ? Severity::kCritical : Severity::kMedium;
  finding.confidence = sighting.score;
  finding.tier = sighting.score >= threshold ? Tier::kRemediate : Tier::kAlert;
  finding.resource = {"v1", "Pod", pod.meta.ns, pod.meta.name, pod.meta.uid};
  for (const ContainerStatus& status : pod.statuses) {
    if (status.containerID == sighting.containerId) finding.container = status.name;
  }
  finding.fieldPath = finding.container.empty()
                          ? "status"
                          : "status.containerStatuses[" + finding.container + "]";
  std::string why = sighting.signals.empty() ? "" : ": " + sighting.signals.front().detail;
  finding.message = "A process of pod " + pod.meta.name + " (" + sighting.process.comm +
                    ") looks like a miner" + why;
  finding.evidence = sighting.signals;
  return finding;
}

}  // namespace

MinerFamily::MinerFamily(kube::Client& client, World& world, Clock& clock)
    : client_(client), world_(world), clock_(clock) {}

std::shared_ptr<const NodeGuard> MinerFamily::guardOf(const std::string& node) const {
  auto guard = world_.nodeGuards.get(node);
  if (!guard || clock_.wall() - guard->heartbeat > kSensorSilence) return nullptr;
  return guard;
}

// A sighting counts only where the sensor's node is the pod's: a lying sensor reaches no other node.
std::optional<Sighting> MinerFamily::sightingOf(const Pod& pod) const {
  auto guard = world_.nodeGuards.get(pod.node);
  if (!guard) return std::nullopt;
  const Sighting* best = nullptr;
  for (const Sighting& sighting : guard->sightings) {
    if (sighting.podUid != pod.meta.uid) continue;
    if (best == nullptr || sighting.score > best->score) best = &sighting;
  }
  if (best == nullptr) return std::nullopt;
  return *best;
}

std::vector<Finding> MinerFamily::judgeText(const Pod& pod, const SecurityPolicy& policy) const {
  detect::MinerInput input;
  input.workload = {"v1", "Pod", pod.meta.ns, pod.meta.name, pod.meta.uid};
  input.spec = pod.spec.get();
  input.controller = pod.meta.controller;
  input.extra = signaturesOf(policy);
  input.threshold = policy.miners.threshold;
  input.live = true;
  std::set<std::string> running;
  for (const ContainerStatus& status : pod.statuses) {
    if (status.running) running.insert(status.name);
  }
  input.running = std::move(running);
  return detect::detectMiners(input);
}

std::vector<Finding> MinerFamily::judge(const Pod& pod, const SecurityPolicy& policy) const {
  if (!pod.spec || isFinished(pod)) return {};
  std::vector<Finding> findings = judgeText(pod, policy);
  if (auto sighting = sightingOf(pod)) {
    findings.push_back(fromSighting(pod, *sighting, policy.miners.threshold));
  }
  std::stable_sort(findings.begin(), findings.end(), [](const Finding& a, const Finding& b) {
    return a.tier != b.tier ? a.tier > b.tier : a.confidence > b.confidence;
  });
  return findings;
}

// How many pods the owner has, so that the blast radius can be judged.
Status MinerFamily::readOwner(const Pod& pod, Assessment* assessment) {
  const ObjectRef& owner = pod.meta.controller;
  assessment->ownerUid = owner.uid;
  const kube::ResourceType* type = kube::findResourceType(owner.apiVersion, owner.kind);
  if (type == nullptr || owner.kind == "DaemonSet" || owner.kind == "Job") return {};
  auto object = client_.get(*type, pod.meta.ns, owner.name);
  if (!object) {
    if (object.error().code == ErrorCode::kNotFound) return {};
    return tl::unexpected(object.error());
  }
  assessment->ownerReplicas = intOr(member(*object, {"spec", "replicas"}), 0);
  return {};
}

Result<Assessment> MinerFamily::assess(const Remediation& remediation,
                                       const SecurityPolicy* policy,
                                       const remediate::JournalKeys& keys) {
  Assessment assessment;
  const ObjectRef& target = remediation.target;
  auto live = client_.get(kube::kPods, target.ns, target.name);
  if (!live && live.error().code != ErrorCode::kNotFound) return tl::unexpected(live.error());
  if (!live || stringOr(member(*live, {"metadata", "uid"})) != target.uid) {
    assessment.targetGone = true;
    return assessment;
  }
  bool started = remediate::hasStarted(remediation.status);
  Json before = remediate::rewind(*live, remediate::sealedImages(keys, remediation));
  auto pod = projectPod(dumpJson(before));
  if (!pod) return tl::unexpected(pod.error());
  assessment.targetLabels = pod->meta.labels;
  assessment.mirrorPod = pod->mirror;

  Json context = remediate::sealedContext(keys, remediation);
  if (started && context.contains("owner")) {
    pod->meta.controller = refFromJson(context["owner"]);
    assessment.ownerUid = pod->meta.controller.uid;
  } else if (auto owner = readOwner(*pod, &assessment); !owner) {
    return tl::unexpected(owner.error());
  }
  if (isFinished(*pod) && !started) return assessment;  // no finding: nothing runs any more
  if (policy != nullptr) assessment.findings = judge(*pod, *policy);
  if (highestTier(assessment.findings) != Tier::kRemediate && !started) assessment.findings.clear();

  remediate::MinerTarget plan;
  plan.pod = before;
  plan.owner = pod->meta.controller;
  plan.remediationName = remediation.name;
  plan.remediationUid = remediation.uid;
  if (policy != nullptr) plan.actions = policy->miners.actions;
  // What was known when the episode began decides, or the plan would change under way.
  if (started && context.contains("sensorLevel")) {
    plan.sensorLevel = stringOr(context["sensorLevel"]);
    plan.suspectContainer = stringOr(context["container"]);
    for (const Json& action : context["actions"]) plan.actions.insert(stringOr(action));
  } else {
    if (auto guard = guardOf(pod->node)) plan.sensorLevel = guard->level;
    if (auto sighting = sightingOf(*pod)) plan.suspectContainer = sighting->containerId;
  }
  if (!started) {
    auto policies = client_.list(kube::kNetworkPolicies, target.ns);
    if (!policies) return tl::unexpected(policies.error());
    for (const Json& item : member(*policies, "items")) plan.networkPolicies.push_back(item);
  }
  assessment.plan = remediate::planMiner(plan);
  assessment.context = {{"owner", refToJson(pod->meta.controller)},
                        {"sensorLevel", plan.sensorLevel},
                        {"container", plan.suspectContainer},
                        {"actions", plan.actions}};
  return assessment;
}

ProofView MinerFamily::prove(const Remediation& remediation, const SecurityPolicy* policy,
                             const remediate::JournalKeys& keys, const Step& step) {
  (void)keys;
  (void)remediation;
  (void)policy;
  using Verdict = ProofView::Verdict;
  auto guard = world_.nodeGuards.get(step.object.name);
  if (!guard) return {Verdict::kUnknown, "NoSensor", "the node has no NodeGuard"};
  std::string id = stringOr(member(step.manifest, "orderID"));
  for (const MeasureReport& report : guard->reports) {
    if (report.orderId != id || report.measure != "Probe") continue;
    if (report.state == "Verified") {
      return {Verdict::kTrue, "ConnectFailed",
              report.message.empty() ? "a connect from inside the pod's network fails"
                                     : report.message};
    }
    if (report.state == "Failed") {
      return {Verdict::kFalse, "StillConnects", "the sensor says: " + report.message};
    }
    return {Verdict::kUnknown, "SensorAtWork", "the sensor says: " + report.state + " " +
                                                   report.message};
  }
  return {Verdict::kUnknown, "SensorSilent", "the node's sensor has not answered the order yet"};
}

// Labels must not go back to a controller that would delete the pod at once, and what makes the
// ReplicaSet keep the pod stays until it has chosen which one goes.
UndoAdvice MinerFamily::adviseUndo(const Remediation& remediation,
                                   const remediate::BeforeImage& image) {
  ObjectRef owner = refFromJson(member(image.context, "owner"));
  if (image.object.kind != "Pod" || owner.kind != "ReplicaSet") return {};
  auto replicaSet = client_.get(kube::kReplicaSets, remediation.target.ns, owner.name);
  bool gone = !replicaSet && replicaSet.error().code == ErrorCode::kNotFound;
  int64_t wanted = replicaSet ? intOr(member(*replicaSet, {"spec", "replicas"}), 0) : 0;
  if (gone || (replicaSet && wanted == 0)) {
    return {"cannot undo: superseded, the pod's ReplicaSet " + owner.name +
                " is no longer the current one and would delete the pod",
            false};
  }
  if (image.edits.empty() || !replicaSet) return {};
  auto pod = world_.pods.get(remediation.target.ns + "/" + remediation.target.name);
  if (!pod) return {};
  if (image.edits.front().pointer.starts_with("/metadata/labels")) {
    // A ReplicaSet that has a pod too many deletes one that is not Ready first.
    return {"", !pod->ready && !patienceIsOver(remediation, "hold-on-node")};
  }
  bool adopted = pod->meta.controller.uid == owner.uid;
  bool settled = intOr(member(*replicaSet, {"status", "replicas"}), 0) <= wanted;
  return {"", !(adopted && settled) && !patienceIsOver(remediation, "strip-labels")};
}

// How long the undo of one step may wait for the world to settle after the one before it.
bool MinerFamily::patienceIsOver(const Remediation& remediation, const std::string& since) const {
  constexpr std::chrono::seconds kMostPatience{30};
  for (const StepRecord& record : remediation.status.steps) {
    if (record.name != since) continue;
    return record.state == StepState::kReverted && clock_.wall() - record.time > kMostPatience;
  }
  return true;  // there was nothing before it
}

}  // namespace firebreak::control
