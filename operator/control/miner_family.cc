#include "control/miner_family.h"

#include <algorithm>
#include <set>

#include "api/projection.h"
#include "api/remediation_json.h"
#include "base/json.h"
#include "control/config_map_use.h"
#include "control/image_block.h"
#include "control/root_controller.h"
#include "detect/miners/detect_miners.h"
#include "remediate/plan/miners.h"
#include "remediate/steps.h"

namespace firebreak::control {
namespace {

using remediate::ProofView;

// Three missed heartbeats of 60 s: nobody is there to carry out an order.
constexpr std::chrono::seconds kSensorSilence{180};
constexpr const char* kStopOwner = "StopOwner";

// By what was decided when the episode began.
bool listsStopOwner(const Json& context) {
  const Json& actions = member(context, "actions");
  return std::find(actions.begin(), actions.end(), kStopOwner) != actions.end();
}

ObjectRef guilty(const Json& owner) {
  const Json& meta = member(owner, "metadata");
  return {stringOr(member(owner, "apiVersion")), stringOr(member(owner, "kind")),
          stringOr(member(meta, "namespace")), stringOr(member(meta, "name")),
          stringOr(member(meta, "uid"))};
}

bool isFinished(const Pod& pod) { return pod.phase == "Succeeded" || pod.phase == "Failed"; }

detect::MinerSignatures signaturesOf(const SecurityPolicy& policy) {
  return {policy.miners.poolDomains, policy.miners.wallets, policy.miners.images,
          policy.miners.processes};
}

Finding fromSighting(const Pod& pod, const Sighting& sighting, int score, int threshold) {
  Finding finding;
  finding.family = Family::kMiner;
  finding.rule = "miner-process";
  finding.severity = score >= threshold ? Severity::kCritical : Severity::kMedium;
  finding.confidence = score;
  finding.tier = score >= threshold ? Tier::kRemediate : Tier::kAlert;
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

// The whole shape but its place: the memory, the processor and the flow of a miner.
bool hasWholeShape(const Sighting& sighting) {
  const auto shows = [&](std::string_view signal, int least) {
    return std::any_of(sighting.signals.begin(), sighting.signals.end(), [&](const Evidence& e) {
      return e.signal == signal && e.weight >= least;
    });
  };
  return shows("randomx-memory", 20) && shows("flat-cpu", 1) && shows("quiet-flow", 1);
}

}  // namespace

// Nothing names a miner: only what the process does speaks.
bool MinerFamily::needsTime(const Sighting& sighting) {
  return std::none_of(sighting.signals.begin(), sighting.signals.end(),
                      [](const Evidence& signal) { return signal.weight >= detect::weight::kStrong; });
}

MinerFamily::MinerFamily(kube::Client& client, World& world, Clock& clock,
                         std::string operatorNamespace)
    : client_(client),
      world_(world),
      clock_(clock),
      operatorNamespace_(std::move(operatorNamespace)),
      configMaps_(client, clock) {}

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
  if (judged_.saysNothing(pod.spec, pod.meta.controller, policy)) return {};
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
  std::vector<Finding> findings = detect::detectMiners(input);
  // Of a pod whose own words are not suspicious only a miner's configuration that they name is of interest.
  const bool readsMore = readsConfigMaps(*pod.spec);
  if (findings.empty() && (!readsMore || !namesMountedConfigMap(*pod.spec))) {
    judged_.remember(pod.spec, pod.meta.controller, policy);
    return findings;
  }
  if (highestTier(findings) == Tier::kRemediate || !readsMore) return findings;
  using Interest = ConfigMapCache::Interest;
  const Interest interest = findings.empty() ? Interest::kMinerConfig : Interest::kAnyText;
  std::vector<std::shared_ptr<const StringMap>> held;
  const auto lookUp = [&](std::string_view ns, std::string_view name, WallTime until) {
    auto entry = configMaps_.get(std::string(ns), std::string(name), interest);
    held.push_back(entry.changed <= until ? entry.data : nullptr);
    return held.back().get();
  };
  input.configMap = [&](std::string_view ns, std::string_view name) {
    return lookUp(ns, name, WallTime::max());
  };
  // Whoever writes into a ConfigMap later frames nobody: only what was there before the pod is the pod's own.
  input.settledConfigMap = [&](std::string_view ns, std::string_view name) {
    return lookUp(ns, name, pod.meta.created);
  };
  return detect::detectMiners(input);
}

// A pod that is new, or that lives beside a console that stands open.
bool MinerFamily::isSuspiciousPlace(const Pod& pod) const {
  constexpr std::chrono::hours kNew{1};
  if (clock_.wall() - pod.meta.created < kNew) return true;
  for (const auto& remediation : world_.remediations.snapshot()) {
    const bool open = remediation->family == Family::kOpenDashboard &&
                      remediation->target.ns == pod.meta.ns &&
                      remediation->status.outcome != Outcome::kNoLongerPresent;
    if (open) return true;
  }
  return false;
}

Finding MinerFamily::judgeSighting(const Pod& pod, const Sighting& sighting,
                                   const SecurityPolicy& policy) const {
  int score = sighting.score;
  const bool placed = hasWholeShape(sighting) && isSuspiciousPlace(pod);
  if (placed) score = std::min(100, score + detect::weight::kAdds);
  Finding finding = fromSighting(pod, sighting, score, policy.miners.threshold);
  if (placed) {
    finding.evidence.push_back(
        {"place", detect::weight::kAdds, "in a new pod or beside a console that stands open"});
  }
  // What is told by behaviour alone has to last.
  const std::chrono::seconds observe{policy.miners.observeSeconds};
  if (needsTime(sighting) && sighting.lastSeen - sighting.firstSeen < observe) {
    finding.tier = Tier::kAlert;
    finding.severity = Severity::kMedium;
  }
  return finding;
}

int MinerFamily::episodesOfOwner(const Remediation& remediation, const ObjectRef& owner,
                                 std::chrono::seconds since) const {
  if (owner.name.empty()) return 0;
  int count = 0;
  for (const auto& other : world_.remediations.snapshot()) {
    // A pod that was let go has no owner any more; its name still begins with it.
    const bool same = other->family == Family::kMiner && other->uid != remediation.uid &&
                      other->target.ns == remediation.target.ns &&
                      other->target.name.starts_with(owner.name + "-");
    const bool acted = same && remediate::hasStarted(other->status) &&
                       other->status.phase != Phase::kReverted && other->status.startedAt;
    if (acted && clock_.wall() - *other->status.startedAt < since) ++count;
  }
  return count;
}

// At most so many pods are kept; what comes after them is deleted.
bool MinerFamily::isOverLimit(const Remediation& remediation, const ObjectRef& owner) const {
  constexpr int kMostPerOwner = 2;
  constexpr int kMostPerNamespace = 10;
  int kept = 0;
  int ofOwner = 0;
  for (const auto& pod : world_.pods.inNamespace(remediation.target.ns)) {
    if (!pod->meta.labels.contains(remediate::kQuarantineLabel)) continue;
    ++kept;
    if (!owner.name.empty() && pod->meta.name.starts_with(owner.name + "-")) ++ofOwner;
  }
  return kept >= kMostPerNamespace || ofOwner >= kMostPerOwner;
}

std::vector<Finding> MinerFamily::judge(const Pod& pod, const SecurityPolicy& policy) const {
  if (!pod.spec || isFinished(pod)) return {};
  std::vector<Finding> findings = judgeText(pod, policy);
  if (auto sighting = sightingOf(pod)) {
    findings.push_back(judgeSighting(pod, *sighting, policy));
  }
  std::stable_sort(findings.begin(), findings.end(), [](const Finding& a, const Finding& b) {
    return a.tier != b.tier ? a.tier > b.tier : a.confidence > b.confidence;
  });
  return findings;
}

// How many pods the owner has, so that the blast radius can be judged.
Status MinerFamily::readOwner(const Pod& pod, Assessment* assessment) {
  auto root = rootOf(client_, pod.meta.ns, pod.meta.controller);
  if (!root) return tl::unexpected(root.error());
  assessment->root = root->object;
  assessment->ownerReplicas = root->replicas;
  assessment->ownerReady = root->ready;
  return {};
}

// Whether the pod's owner is to blame, and whether another pod of it may be kept.
Status MinerFamily::weighOwner(const Remediation& remediation, const SecurityPolicy* policy,
                               const remediate::JournalKeys& keys, const Pod& pod,
                               const std::vector<Finding>& findings,
                               remediate::MinerTarget* plan) const {
  const Json context = remediate::sealedContext(keys, remediation);
  const bool decided = remediate::hasStarted(remediation.status) && context.contains("guiltyOwner");
  ObjectRef owner = pod.meta.controller;
  bool blame = false;
  if (decided) {
    plan->deleteInstead = boolOr(context["deleteInstead"], false);
    owner = refFromJson(context["guiltyOwner"]);
    blame = !owner.kind.empty();
  } else if (policy != nullptr) {
    // Never without the policy's word for deleting: then it is kept like the others.
    plan->deleteInstead = policy->miners.actions.contains("Isolate") &&
                          policy->miners.actions.contains("Terminate") &&
                          isOverLimit(remediation, owner);
    const bool byText = std::any_of(findings.begin(), findings.end(), [](const Finding& finding) {
      return finding.tier == Tier::kRemediate && finding.rule != "miner-process";
    });
    const std::chrono::seconds cooldown{policy->cooldownSeconds};
    blame = !owner.kind.empty() && (byText || episodesOfOwner(remediation, owner, cooldown) > 0);
  }
  if (!blame) return {};
  auto chain = controllersOf(client_, remediation.target.ns, owner);
  // Of a kind that it may not read it says nothing.
  if (!chain && chain.error().code == ErrorCode::kForbidden) return {};
  if (!chain) return tl::unexpected(chain.error());
  if (chain->empty()) return {};
  const auto images = remediate::sealedImages(keys, remediation);
  plan->guiltyOwner = remediate::rewind(chain->back(), images);
  // A CronJob's run goes on making pods; who may not stop it has no use for it.
  const ObjectRef& run = pod.meta.controller;
  if (run.kind != "Job" || stringOr(member(plan->guiltyOwner, "kind")) != "CronJob" ||
      !(plan->actions.contains(kStopOwner) || listsStopOwner(context))) {
    return {};
  }
  if (chain->size() > 1) {
    plan->guiltyRun = remediate::rewind(std::move(chain->front()), images);
    return {};
  }
  auto job = client_.get(kube::kJobs, remediation.target.ns, run.name);
  if (!job && job.error().code != ErrorCode::kNotFound) return tl::unexpected(job.error());
  if (job) plan->guiltyRun = remediate::rewind(std::move(*job), images);
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
  if (policy != nullptr) assessment.findings = judge(*pod, *policy);
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
  if (auto told = weighOwner(remediation, policy, keys, *pod, assessment.findings, &plan); !told) {
    return tl::unexpected(told.error());
  }
  // What was known when the episode began decides, or the plan would change under way.
  if (started && context.contains("sensorLevel")) {
    plan.sensorLevel = stringOr(context["sensorLevel"]);
    plan.suspectContainer = stringOr(context["container"]);
    for (const Json& action : context["actions"]) plan.actions.insert(stringOr(action));
    plan.blockImages = stringsOf(context["blockImages"]);
  } else {
    if (auto guard = guardOf(pod->node)) plan.sensorLevel = guard->level;
    const auto sighting = sightingOf(*pod);
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
