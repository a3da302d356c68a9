#include "remediate/plan/miners.h"

#include <array>

#include "base/digest.h"
#include "remediate/steps.h"

namespace firebreak::remediate {
namespace {

std::string orderId(const MinerTarget& target) {
  return "q-" + sha256Hex(target.remediationUid).substr(0, 16);
}

ObjectRef podRef(const MinerTarget& target) {
  const Json& meta = member(target.pod, "metadata");
  return {"v1", "Pod", stringOr(member(meta, "namespace")), stringOr(member(meta, "name")),
          stringOr(member(meta, "uid"))};
}

Step denyTraffic(const MinerTarget& target) {
  Step step;
  step.name = "deny-traffic";
  step.action = "Isolate";
  ObjectRef pod = podRef(target);
  step.object = {"networking.k8s.io/v1", "NetworkPolicy", pod.ns,
                 "firebreak-quarantine-" + sha256Hex(target.remediationUid).substr(0, 8), ""};
  step.type = PatchType::kCreate;
  step.manifest = {
      {"apiVersion", step.object.apiVersion},
      {"kind", step.object.kind},
      {"metadata",
       {{"name", step.object.name},
        {"namespace", step.object.ns},
        {"labels", {{"app.kubernetes.io/managed-by", "firebreak"}}},
        {"annotations", {{"firebreak.dev/remediation", target.remediationName}}}}},
      {"spec",
       {{"podSelector", {{"matchLabels", {{kQuarantineLabel, target.remediationUid}}}}},
        {"policyTypes", {"Ingress", "Egress"}}}}};
  return step;
}

// Every label but ours comes off, not only the selector's: another policy or Service may select by
// any of them. A StatefulSet cannot replace the pod while its name is taken, so there only the mark
// goes on.
Step markPod(const MinerTarget& target) {
  bool stripLabels = target.owner.kind != "StatefulSet";
  Step step;
  step.name = stripLabels ? "strip-labels" : "mark-pod";
  step.action = "Isolate";
  step.object = podRef(target);
  const Json& labels = member(target.pod, {"metadata", "labels"});
  if (!labels.is_object() || labels.empty()) {
    step.edits.push_back(
        {"/metadata/labels", std::nullopt, Json{{kQuarantineLabel, target.remediationUid}}});
    return step;
  }
  if (stripLabels) {
    for (const auto& [key, value] : labels.items()) {
      if (key == kQuarantineLabel) continue;
      step.edits.push_back({"/metadata/labels/" + escapePointerToken(key), value, std::nullopt});
    }
  }
  // A journal that was deleted may have left its own mark there.
  const Json& marked = member(labels, kQuarantineLabel);
  step.edits.push_back({"/metadata/labels/" + escapePointerToken(kQuarantineLabel),
                        marked.is_null() ? std::nullopt : std::optional<Json>(marked),
                        Json(target.remediationUid)});
  return step;
}

// After an undo the ReplicaSet has a pod too many, and among young pods it deletes an arbitrary one; with
// this the pod that came back stays. Written before the labels come off, so that the undo, which goes
// backwards, takes it away after they are back.
Step keepOnReturn(const MinerTarget& target) {
  constexpr const char* kCost = "controller.kubernetes.io/pod-deletion-cost";
  const Json highest = "2147483647";
  Step step;
  step.name = "keep-on-return";
  step.action = "Isolate";
  step.object = podRef(target);
  const Json& annotations = member(target.pod, {"metadata", "annotations"});
  if (!annotations.is_object()) {
    step.edits.push_back({"/metadata/annotations", std::nullopt, Json{{kCost, highest}}});
    return step;
  }
  const Json& before = member(annotations, kCost);
  step.edits.push_back({std::string("/metadata/annotations/") + escapePointerToken(kCost),
                        before.is_null() ? std::nullopt : std::optional<Json>(before), highest});
  return step;
}

// The node's measures in the product's order; Probe proves the result.
std::optional<Step> holdOnNode(const MinerTarget& target) {
  if (target.sensorLevel != "Responder") return std::nullopt;
  Json measures = Json::array();
  for (const char* measure : {"Freeze", "CutConnections", "Drop", "CaptureEvidence"}) {
    if (target.actions.count(measure) > 0) measures.push_back(measure);
  }
  measures.push_back("Probe");
  ObjectRef pod = podRef(target);
  Step step;
  step.name = "hold-on-node";
  step.action = measures.front() == "Probe" ? "Isolate" : measures.front().get<std::string>();
  step.type = PatchType::kNodeOrder;
  step.object = {"firebreak.dev/v1alpha1", "NodeGuard", "",
                 stringOr(member(target.pod, {"spec", "nodeName"})), ""};
  step.proof = Proof::kPodUnreachable;
  step.manifest = {{"orderID", orderId(target)},
                   {"podUID", pod.uid},
                   {"podRef", pod.ns + "/" + pod.name},
                   {"remediation", target.remediationName},
                   {"measures", measures}};
  if (!target.suspectContainer.empty()) step.manifest["containerID"] = target.suspectContainer;
  if (target.suspect) {
    step.manifest["process"] = {{"pid", target.suspect->pid},
                                {"startTime", target.suspect->startTime}};
  }
  return step;
}

// Scales an owner to nothing, or suspends it; nothing where its kind knows neither.
std::optional<Step> stop(const char* name, const Json& owner) {
  const Json& meta = member(owner, "metadata");
  Step step;
  step.name = name;
  step.action = "StopOwner";
  step.object = {stringOr(member(owner, "apiVersion")), stringOr(member(owner, "kind")),
                 stringOr(member(meta, "namespace")), stringOr(member(meta, "name")),
                 stringOr(member(meta, "uid"))};
  const std::string& kind = step.object.kind;
  const bool scales = kind == "Deployment" || kind == "StatefulSet" || kind == "ReplicaSet";
  const bool suspends = kind == "Job" || kind == "CronJob";
  if (!scales && !suspends) return std::nullopt;
  const char* field = scales ? "replicas" : "suspend";
  const Json& before = member(owner, {"spec", field});
  FieldEdit edit{std::string("/spec/") + field, std::nullopt, scales ? Json(0) : Json(true)};
  if (!before.is_null()) edit.before = before;
  step.edits.push_back(std::move(edit));
  return step;
}

// The steps that stop who makes the pods, none where that is not to be.
std::vector<Step> stopOwner(const MinerTarget& target) {
  std::vector<Step> steps;
  if (target.actions.count("StopOwner") == 0) return steps;
  for (const auto& [name, owner] : {std::pair("stop-owner", &target.guiltyOwner),
                                    std::pair("stop-run", &target.guiltyRun)}) {
    if (owner->is_null()) continue;
    if (auto step = stop(name, *owner)) steps.push_back(std::move(*step));
  }
  return steps;
}

Step terminate(const MinerTarget& target) {
  Step step;
  step.name = "terminate";
  step.action = "Terminate";
  step.object = podRef(target);
  step.type = PatchType::kDelete;
  step.reversal = Reversal::kIrreversible;
  step.lastResort = true;
  step.delaySeconds = target.keptSeconds;
  return step;
}

// One entry in the list of the admission policy. Waits for a person, whatever the mode (asksAlways()).
Step blockImage(const MinerTarget& target) {
  Step step;
  step.name = "block-image";
  step.action = kBlockImage;
  step.object = {"v1", "ConfigMap", target.operatorNamespace, kBlockedImages, ""};
  std::string images;
  for (const std::string& image : target.blockImages) images += (images.empty() ? "" : " ") + image;
  step.edits = {{"/data/" + escapePointerToken(target.remediationName), std::nullopt, Json(images)}};
  step.lastResort = true;
  return step;
}

// The pod is put aside, and its owner makes the next one like it: a person has to change that.
std::string blame(const MinerTarget& target) {
  const Json& meta = member(target.guiltyOwner, "metadata");
  const std::string kind = stringOr(member(target.guiltyOwner, "kind"), "owner");
  std::string text = "the owner is to blame: " + kind + " " + stringOr(member(meta, "namespace")) + "/" +
                     stringOr(member(meta, "name")) + " makes pods that mine; ";
  const bool listed = target.actions.count("StopOwner") > 0;
  text += listed ? "StopOwner cannot stop a " + kind : "StopOwner is not listed";
  return text + ", so change or delete it by hand";
}

bool isPrivileged(const Json& pod) {
  for (const char* list : {"containers", "initContainers", "ephemeralContainers"}) {
    for (const Json& container : member(pod, {"spec", list})) {
      if (boolOr(member(container, {"securityContext", "privileged"}), false)) return true;
    }
  }
  return false;
}

// Policies that still admit traffic to a pod whose labels are gone.
std::vector<std::string> openPolicies(const MinerTarget& target) {
  std::vector<std::string> names;
  for (const Json& policy : target.networkPolicies) {
    const Json& selector = member(policy, {"spec", "podSelector"});
    bool selectsAll = member(selector, "matchLabels").empty() &&
                      member(selector, "matchExpressions").empty();
    bool admits = !member(policy, {"spec", "ingress"}).empty() ||
                  !member(policy, {"spec", "egress"}).empty();
    if (selectsAll && admits) names.push_back(stringOr(member(policy, {"metadata", "name"})));
  }
  return names;
}

// What a replacement depends on, by the pod's controller.
const char* replacementCaveat(const std::string& ownerKind) {
  struct Row {
    const char* kind;
    const char* text;
  };
  static constexpr std::array<Row, 2> kRows = {{
      {"StatefulSet", "a StatefulSet makes no replacement while the pod's name is taken"},
      {"", "nobody replaces a bare pod"},
  }};
  for (const Row& row : kRows) {
    if (ownerKind == row.kind) return row.text;
  }
  return nullptr;
}

}  // namespace

Plan planMiner(const MinerTarget& target) {
  Plan plan;
  std::optional<Step> hold = holdOnNode(target);
  if (target.deleteInstead) {
    if (hold) plan.steps.push_back(std::move(*hold));
    Step last = terminate(target);
    last.lastResort = false;
    last.delaySeconds = 0;
    plan.steps.push_back(std::move(last));
    plan.caveats.emplace_back(
        "enough pods of this owner or namespace are in quarantine: this one is deleted");
    for (Step& step : stopOwner(target)) plan.steps.push_back(std::move(step));
    return plan;
  }
  if (target.actions.count("Isolate") > 0) {
    plan.steps.push_back(denyTraffic(target));
    if (target.owner.kind == "ReplicaSet") plan.steps.push_back(keepOnReturn(target));
    plan.steps.push_back(markPod(target));
    if (const char* text = replacementCaveat(target.owner.kind)) plan.caveats.emplace_back(text);
  }
  if (hold) {
    plan.steps.push_back(std::move(*hold));
  } else {
    plan.caveats.emplace_back(
        "no sensor of level Responder answers on the pod's node: established connections are not cut "
        "and the isolation is not proven from inside");
  }
  std::vector<Step> stops = stopOwner(target);
  if (stops.empty() && !target.guiltyOwner.is_null()) plan.caveats.push_back(blame(target));
  for (Step& step : stops) plan.steps.push_back(std::move(step));
  if (target.actions.count("Terminate") > 0) {
    plan.steps.push_back(terminate(target));
    if (target.keptSeconds > 0) {
      plan.caveats.push_back("the pod is deleted after " + std::to_string(target.keptSeconds) +
                             " s in quarantine");
    }
  }
  if (target.actions.count(kBlockImage) > 0) {
    if (!target.blockImages.empty()) plan.steps.push_back(blockImage(target));
    plan.caveats.emplace_back(target.blockImages.empty()
                                  ? "BlockImage does not apply: the executable is not seen to have come with the "
                                    "image, or pods that nobody flagged use the image too"
                                  : "block-image is done once somebody approves it, for seven days");
  }
  for (const std::string& name : openPolicies(target)) {
    plan.caveats.push_back("NetworkPolicy " + name +
                           " selects every pod and still admits traffic; only the node's drop holds");
  }
  if (boolOr(member(target.pod, {"spec", "hostNetwork"}), false)) {
    plan.caveats.emplace_back("NetworkPolicies do not bind a hostNetwork pod");
  }
  if (isPrivileged(target.pod)) {
    plan.caveats.emplace_back(
        "a privileged pod can leave its cgroup and with it the drop: cutting it off is best effort, only "
        "Freeze and Terminate hold it for sure");
  }
  if (plan.steps.empty()) {
    plan.externalAction =
        "no listed action applies; look at the pod and delete it: kubectl delete pod -n " +
        podRef(target).ns + " " + podRef(target).name;
  }
  return plan;
}

}  // namespace firebreak::remediate
