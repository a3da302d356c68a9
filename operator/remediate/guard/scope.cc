#include <algorithm>

#include "remediate/guard/rows.h"

namespace firebreak::remediate::guard {
namespace {

bool excludes(const Exclusion& exclusion, const GuardInput& in) {
  bool listed = std::find(exclusion.namespaces.begin(), exclusion.namespaces.end(),
                          in.target.ns) != exclusion.namespaces.end();
  bool selected =
      exclusion.namespaceSelector && exclusion.namespaceSelector->matches(in.namespaceLabels);
  bool running = !exclusion.expiresAt || *exclusion.expiresAt > in.now;
  return (listed || selected) && running && exclusion.selector.matches(in.targetLabels);
}

}  // namespace

GuardResult fresh(const GuardInput& in) {
  if (in.cachesFresh) return pass("the caches are in step with the API server");
  return refuse("StaleState", "the caches are not yet in step with the API server",
                in.now + std::chrono::seconds(2));
}

GuardResult protectedTarget(const GuardInput& in) {
  static const std::set<std::string> kSystem = {"kube-system", "kube-public", "kube-node-lease"};
  const std::string& ns = in.target.ns;
  bool own = ns == in.operatorNamespace || ns == in.sensorNamespace;
  bool byPerson = in.decision.action == "Approve" && in.decision.planHash == in.planHash &&
                  in.family == Family::kMiner && !own;
  if (own || kSystem.count(ns) > 0 || in.protectedNamespaces.count(ns) > 0) {
    if (byPerson) return pass("namespace " + ns + " is protected, but a person approved this plan");
    return refuse("Protected", "namespace " + ns + " is protected; act by hand" +
                                   (own || in.family != Family::kMiner
                                        ? std::string()
                                        : " or approve this plan"));
  }
  if (in.mirrorPod) {
    return refuse("Protected", "the pod is a static pod's mirror: remove its manifest on the node");
  }
  return pass("namespace " + ns + " is not protected");
}

GuardResult excluded(const GuardInput& in) {
  // The highest policy that covers the target is the first: its entries bind the lower ones, theirs
  // do not bind it.
  const SecurityPolicy& highest = *in.covering.front();
  for (const Exclusion& exclusion : highest.exclude) {
    if (excludes(exclusion, in)) {
      return refuse("Excluded",
                    "policy " + highest.name + " excludes it as \"" + exclusion.name +
                        "\": " + exclusion.reason,
                    exclusion.expiresAt);
    }
  }
  return pass("no exclude entry of policy " + highest.name + " matches");
}

GuardResult superseded(const GuardInput& in) {
  const SecurityPolicy& highest = *in.covering.front();
  if (!in.askedForUid.empty() && in.askedForUid != highest.uid) {
    return refuse("Superseded", "policy " + highest.name + " covers it with a higher priority");
  }
  std::string outranked;
  for (size_t i = 1; i < in.covering.size(); ++i) {
    outranked += (outranked.empty() ? ", before " : ", ") + in.covering[i]->name;
  }
  return pass("policy " + highest.name + " acts" + outranked);
}

GuardResult paused(const GuardInput& in) {
  if (!in.brake.empty()) return refuse("Paused", "the brake is on: " + in.brake);
  const auto& requests = in.covering.front()->pauseRequests;
  if (!requests.empty()) {
    return refuse("Paused", "policy " + in.covering.front()->name + " is paused: " +
                                requests.front());
  }
  return pass("nothing is paused");
}

GuardResult mode(const GuardInput& in) {
  Mode mode = in.covering.front()->modeOf(in.family);
  bool approved = in.decision.action == "Approve" && in.decision.planHash == in.planHash;
  if (in.decision.action == "Reject" || in.decisionRejected) {
    return refuse("Rejected", "rejected by " + in.decision.by +
                                  (in.decision.reason.empty() ? "" : ": " + in.decision.reason));
  }
  switch (mode) {
    case Mode::kDisabled:
      return refuse("Disabled", "the policy turns this family off");
    case Mode::kAudit:
      return refuse("Audit", "mode Audit: shown, not done");
    case Mode::kApprove:
      // What was approved and begun is carried out to its end.
      if (in.started && in.startedByApproval) return pass("mode Approve: what was begun is finished");
      if (approved) return pass("approved by " + in.decision.by);
      if (in.decision.action == "Approve") {
        return refuse("ApprovalRequired", "the plan changed since it was approved: approve " +
                                              in.planHash);
      }
      return refuse("ApprovalRequired", "mode Approve: waits for a decision");
    case Mode::kEnforce:
      return pass("mode Enforce");
  }
  return refuse("Audit", "unknown mode");
}

}  // namespace firebreak::remediate::guard
