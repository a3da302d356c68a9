#include "remediate/guard/guard.h"

#include <algorithm>

#include "base/time_format.h"

namespace firebreak::remediate {
namespace {

GuardResult pass(std::string message) { return {"", true, "", std::move(message), std::nullopt}; }

GuardResult refuse(std::string reason, std::string message,
                   std::optional<WallTime> until = std::nullopt) {
  return {"", false, std::move(reason), std::move(message), until};
}

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

bool excludes(const Exclusion& exclusion, const GuardInput& in) {
  bool listed = std::find(exclusion.namespaces.begin(), exclusion.namespaces.end(),
                          in.target.ns) != exclusion.namespaces.end();
  bool selected =
      exclusion.namespaceSelector && exclusion.namespaceSelector->matches(in.namespaceLabels);
  bool running = !exclusion.expiresAt || *exclusion.expiresAt > in.now;
  return (listed || selected) && running && exclusion.selector.matches(in.targetLabels);
}

GuardResult excluded(const GuardInput& in) {
  // An entry of the highest policy that covers the target binds the lower ones, so the first is enough.
  for (const Exclusion& exclusion : in.covering.front()->exclude) {
    if (excludes(exclusion, in)) {
      return refuse("Excluded",
                    "policy " + in.covering.front()->name + " excludes it as \"" + exclusion.name +
                        "\": " + exclusion.reason,
                    exclusion.expiresAt);
    }
  }
  return pass("no exclude entry of policy " + in.covering.front()->name + " matches");
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

GuardResult rate(const GuardInput& in) {
  if (in.started) return pass("already started");
  const SecurityPolicy& policy = *in.covering.front();
  if (in.runningInFamily >= policy.maxConcurrent) {
    return refuse("RateLimited",
                  std::to_string(in.runningInFamily) + " remediations of this family are running, " +
                      "limits.maxConcurrent is " + std::to_string(policy.maxConcurrent),
                  in.now + std::chrono::seconds(5));
  }
  // Decoys must not use up the budget: a fifth of it is kept for what is nearly proven.
  int64_t reserve = in.nearProof ? 0 : policy.maxPerHour / 5;
  if (in.startedInLastHour >= policy.maxPerHour - reserve) {
    return refuse("RateLimited",
                  std::to_string(in.startedInLastHour) + " remediations of this family were started " +
                      "in the last hour, limits.maxPerHour is " + std::to_string(policy.maxPerHour) +
                      (reserve > 0 ? " (" + std::to_string(reserve) + " kept for near-proof)" : ""),
                  in.hourFreesAt.value_or(in.now + std::chrono::minutes(1)));
  }
  return pass(std::to_string(in.runningInFamily) + " running, " +
              std::to_string(in.startedInLastHour) + " in the last hour");
}

GuardResult blastRadius(const GuardInput& in) {
  if (in.started || in.ownerReplicas == 0) return pass("no owner whose capacity would be lost");
  const SecurityPolicy& policy = *in.covering.front();
  int64_t allowed = std::max<int64_t>(1, in.ownerReplicas * policy.maxPercentOfOwner / 100);
  if (in.ownerOut >= allowed) {
    return refuse("BlastRadius",
                  std::to_string(in.ownerOut) + " of the owner's " +
                      std::to_string(in.ownerReplicas) + " pods are out already, at most " +
                      std::to_string(allowed) + " may be",
                  in.now + std::chrono::seconds(30));
  }
  return pass(std::to_string(in.ownerOut) + " of " + std::to_string(in.ownerReplicas) +
              " pods of the owner are out");
}

struct Guard {
  const char* name;
  GuardResult (*judge)(const GuardInput&);
  bool needsPolicy;
};

// The order is part of the contract: the first refusal is what people see.
constexpr Guard kGuards[] = {
    {"Fresh", fresh, false},      {"Protected", protectedTarget, false},
    {"Excluded", excluded, true}, {"Paused", paused, true},
    {"Mode", mode, true},         {"Rate", rate, true},
    {"BlastRadius", blastRadius, true},
};

}  // namespace

std::vector<GuardResult> judgeGuards(const GuardInput& input) {
  std::vector<GuardResult> trail;
  for (const Guard& guard : kGuards) {
    GuardResult result = guard.needsPolicy && input.covering.empty()
                             ? refuse("NoPolicy", "no valid SecurityPolicy covers namespace " +
                                                      input.target.ns)
                             : guard.judge(input);
    result.guard = guard.name;
    trail.push_back(std::move(result));
  }
  return trail;
}

const GuardResult* firstRefusal(const std::vector<GuardResult>& trail) {
  auto found =
      std::find_if(trail.begin(), trail.end(), [](const GuardResult& r) { return !r.passed; });
  return found == trail.end() ? nullptr : &*found;
}

}  // namespace firebreak::remediate
