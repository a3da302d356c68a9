#include "control/policy_reconciler.h"

#include <algorithm>
#include <array>

#include "api/remediation_json.h"
#include "base/json.h"
#include "base/time_format.h"
#include "control/rights.h"

namespace firebreak::control {
namespace {

// A sensor that has not written for three of its heartbeats does not answer.
constexpr std::chrono::seconds kSensorSilence{180};

Said sensors(const World& world, WallTime now) {
  size_t answering = 0;
  for (const auto& guard : world.nodeGuards.snapshot()) {
    if (now - guard->heartbeat < kSensorSilence) ++answering;
  }
  size_t nodes = world.nodes.size();
  std::string message = std::to_string(answering) + " of " + std::to_string(nodes) +
                        " nodes have a sensor that answers";
  if (answering == 0) return {"False", "NoSensor", message + ": miners are seen by text alone"};
  if (answering < nodes) return {"False", "SomeMissing", message};
  return {"True", "AllAnswer", message};
}

Said rights(kube::Client& client, const SecurityPolicy& policy) {
  auto missing = missingRights(client, policy);
  if (!missing) return {"Unknown", "CannotAsk", missing.error().message};
  if (missing->empty()) return {"False", "Granted", "every action of this policy may be carried out"};
  std::string text;
  for (const MissingRight& right : *missing) {
    text += (text.empty() ? "" : "; ") + right.action + " needs " + right.verb;
  }
  return {"True", "NotGranted",
          text + ". Grant it in the chart's values (capabilities), or take the action out"};
}

}  // namespace

PolicyReconciler::PolicyReconciler(kube::Client& client, World& world, Clock& clock)
    : client_(client), world_(world), clock_(clock) {}

Said PolicyReconciler::rightsOf(const SecurityPolicy& policy, WallTime now) {
  constexpr std::chrono::seconds kFresh{60};
  std::lock_guard lock(mutex_);
  Asked& asked = asked_[policy.uid];
  if (asked.generation != policy.generation || now - asked.at > kFresh) {
    asked = {policy.generation, now, rights(client_, policy)};
  }
  return asked.said;
}

Json PolicyReconciler::families(const std::string& policyUid) const {
  Json rows = Json::array();
  for (Family family : {Family::kOpenDashboard, Family::kExposedSecret, Family::kMiner}) {
    int64_t findings = 0, would = 0, remediated = 0, blocked = 0, failed = 0;
    for (const auto& remediation : world_.remediations.snapshot()) {
      const RemediationStatus& status = remediation->status;
      if (remediation->family != family || status.policyUid != policyUid) continue;
      if (status.outcome == Outcome::kNoLongerPresent) continue;
      ++findings;
      would += status.outcome == Outcome::kWouldRemediate ? 1 : 0;
      remediated += status.outcome == Outcome::kRemediated ? 1 : 0;
      blocked += status.phase == Phase::kBlocked ? 1 : 0;
      failed += status.phase == Phase::kFailed ? 1 : 0;
    }
    rows.push_back({{"family", toString(family)},
                    {"findings", findings},
                    {"wouldRemediate", would},
                    {"remediated", remediated},
                    {"blocked", blocked},
                    {"failed", failed}});
  }
  return rows;
}

Status PolicyReconciler::reconcile(const std::string& name) {
  auto entry = world_.policies.get(name);
  if (!entry) return {};
  WallTime now = clock_.wall();
  std::vector<Condition> conditions = conditionsFromJson(member(entry->status, "conditions"));
  auto set = [&](std::string_view type, const Said& said) {
    setCondition(conditions, type, said.status, said.reason, said.message, now, entry->generation);
  };
  if (!entry->policy) {
    set("Ready", {"False", "InvalidPolicy", entry->error + "; the policy does nothing at all"});
    set("Reconciling", {"False", "InvalidPolicy", ""});
    set("Stalled", {"True", "InvalidPolicy", entry->error});
  } else {
    const SecurityPolicy& policy = *entry->policy;
    set("Ready", {"True", "Accepted", "mode " + std::string(toString(policy.mode))});
    set("Reconciling", {"False", "Accepted", ""});
    set("Stalled", {"False", "Accepted", ""});
    std::string brake = world_.brake();
    bool paused = !policy.pauseRequests.empty() || !brake.empty();
    set("Paused", {paused ? "True" : "False", paused ? "PauseRequested" : "NotPaused",
                   !brake.empty() ? "the brake: " + brake
                   : paused       ? policy.pauseRequests.front()
                                  : ""});
    set("SensorsReady", sensors(world_, now));
    set("RightsMissing", rightsOf(policy, now));
  }
  Json status = {{"observedGeneration", entry->generation},
                 {"conditions", conditionsToJson(conditions)},
                 {"families", families(entry->policy ? entry->policy->uid : "")}};
  Json before = entry->status.is_object() ? entry->status : Json::object();
  before.erase("lastSyncTime");
  if (before == status) return {};
  status["lastSyncTime"] = formatTime(now);
  Json patch = Json::array();
  patch.push_back({{"op", "replace"},
                   {"path", "/metadata/resourceVersion"},
                   {"value", entry->resourceVersion}});
  patch.push_back({{"op", "add"}, {"path", "/status"}, {"value", status}});
  kube::PatchOptions options;
  options.subresource = "status";
  options.priority = kube::Priority::kStatus;
  auto written =
      client_.patch(kube::kSecurityPolicies, "", name, kube::PatchKind::kJson, patch, options);
  if (!written) return tl::unexpected(written.error());
  return {};
}

}  // namespace firebreak::control
