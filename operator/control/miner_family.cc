#include "control/miner_family.h"

#include <algorithm>

#include "api/projection.h"
#include "api/remediation_json.h"
#include "base/json.h"
#include "control/image_block.h"
#include "control/root_controller.h"
#include "remediate/plan/miners.h"
#include "remediate/steps.h"

namespace firebreak::control {
namespace {

using remediate::ProofView;

ObjectRef guilty(const Json& owner) {
  const Json& meta = member(owner, "metadata");
  return {stringOr(member(owner, "apiVersion")), stringOr(member(owner, "kind")),
          stringOr(member(meta, "namespace")), stringOr(member(meta, "name")),
          stringOr(member(meta, "uid"))};
}

}  // namespace

MinerFamily::MinerFamily(kube::Client& client, World& world, Clock& clock, const MinerJudge& judge,
                         std::string operatorNamespace)
    : client_(client),
      world_(world),
      clock_(clock),
      judge_(judge),
      blame_(client, world, clock),
      operatorNamespace_(std::move(operatorNamespace)) {}

// How many pods the owner has, so that the blast radius can be judged.
Status MinerFamily::readOwner(const Pod& pod, Assessment* assessment) {
  auto root = rootOf(client_, pod.meta.ns, pod.meta.controller);
  if (!root) return tl::unexpected(root.error());
  assessment->root = root->object;
  assessment->ownerReplicas = root->replicas;
  assessment->ownerReady = root->ready;
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
  assessment.targetCreated = pod->meta.created;

  Json context = remediate::sealedContext(keys, remediation);
  if (started && context.contains("owner")) {
    pod->meta.controller = refFromJson(context["owner"]);
    assessment.root = remediation.status.owner;
  } else if (auto owner = readOwner(*pod, &assessment); !owner) {
    return tl::unexpected(owner.error());
  }
  if (isFinished(*pod) && !started) return assessment;  // no finding: nothing runs any more
  if (policy != nullptr) assessment.findings = judge_.judge(*pod, *policy);
  if (highestTier(assessment.findings) != Tier::kRemediate && !started) assessment.findings.clear();

  remediate::MinerTarget plan;
  plan.pod = before;
  plan.owner = pod->meta.controller;
  plan.remediationName = remediation.name;
  plan.remediationUid = remediation.uid;
  plan.operatorNamespace = operatorNamespace_;
  if (policy != nullptr) {
    plan.actions = policy->miners.actions;
    plan.keptSeconds = std::max<int64_t>(1, policy->miners.keepQuarantinedSeconds);
  }
  if (auto told = blame_.weigh(remediation, policy, keys, assessment.root, assessment.findings, &plan); !told) {
    return tl::unexpected(told.error());
  }
  // What was known when the episode began decides, or the plan would change under way.
  if (started && context.contains("sensorLevel")) {
    plan.sensorLevel = stringOr(context["sensorLevel"]);
    plan.suspectContainer = stringOr(context["container"]);
    for (const Json& action : context["actions"]) plan.actions.insert(stringOr(action));
    plan.blockImages = stringsOf(context["blockImages"]);
  } else {
    if (auto guard = judge_.guardOf(pod->node)) plan.sensorLevel = guard->level;
    const auto sighting = judge_.sightingOf(*pod);
    if (sighting) plan.suspectContainer = sighting->containerId;
    if (sighting && plan.actions.contains(remediate::kBlockImage)) {
      plan.blockImages = imagesToBlock(world_, *live, target.uid, *sighting);
    }
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
                        {"deleteInstead", plan.deleteInstead},
                        {"guiltyOwner", refToJson(guilty(plan.guiltyOwner))},
                        {"blockImages", plan.blockImages},
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
