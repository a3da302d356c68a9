#include "control/policy_reconciler.h"

#include <algorithm>

#include "api/remediation_json.h"
#include "base/digest.h"
#include "base/json.h"
#include "base/log.h"
#include "base/time_format.h"
#include "control/coverage.h"
#include "control/event_writer.h"
#include "control/finalizer.h"
#include "control/rights.h"
#include "remediate/next.h"

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

// What cannot be seen counts like an action that may not be carried out.
Said withWatches(const std::vector<WatchFailure>& failures, Said said) {
  std::string text;
  for (const WatchFailure& failure : failures) {
    if (failure.error.code != ErrorCode::kForbidden) continue;
    text += (text.empty() ? "" : "; ") + ("seeing " + failure.resource + " needs list and watch");
  }
  if (text.empty()) return said;
  text += ". Until it is granted, what changes there is not noticed";
  if (said.status == "True") text += ". " + said.message;
  return {"True", "NotGranted", text};
}

constexpr const char* kGlue = "; ";

std::string joinParts(const std::vector<std::string>& parts) {
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : kGlue) + part;
  return text;
}

std::vector<std::string> splitParts(const std::string& text) {
  std::vector<std::string> parts;
  size_t at = 0;
  while (at < text.size()) {
    size_t end = std::min(text.find(kGlue, at), text.size());
    parts.push_back(text.substr(at, end - at));
    at = end + std::string_view(kGlue).size();
  }
  return parts;
}

}  // namespace

PolicyReconciler::PolicyReconciler(kube::Client& client, World& world, Ledger& ledger, Clock& clock,
                                   std::string instance)
    : client_(client),
      world_(world),
      ledger_(ledger),
      clock_(clock),
      instance_(std::move(instance)) {}

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
  struct Counts {
    int64_t findings = 0, would = 0, remediated = 0, blocked = 0, failed = 0;
  };
  std::map<Family, Counts> counts;
  for (Family family : {Family::kOpenDashboard, Family::kExposedSecret, Family::kMiner}) {
    counts[family];
  }
  for (const auto& remediation : world_.remediations.snapshot()) {
    const RemediationStatus& status = remediation->status;
    if (status.policyUid != policyUid || status.outcome == Outcome::kNoLongerPresent) continue;
    Counts& row = counts[remediation->family];
    ++row.findings;
    row.would += status.outcome == Outcome::kWouldRemediate ? 1 : 0;
    row.remediated += status.outcome == Outcome::kRemediated ? 1 : 0;
    bool waits = status.phase == Phase::kBlocked || status.phase == Phase::kAwaitingApproval;
    row.blocked += waits ? 1 : 0;
    row.failed += status.phase == Phase::kFailed ? 1 : 0;
  }
  Json rows = Json::array();
  for (const auto& [family, row] : counts) {
    rows.push_back({{"family", toString(family)},
                    {"findings", row.findings},
                    {"wouldRemediate", row.would},
                    {"remediated", row.remediated},
                    {"blocked", row.blocked},
                    {"failed", row.failed}});
  }
  return rows;
}

Said PolicyReconciler::superseded(const SecurityPolicy& policy) const {
  constexpr size_t kMostNamed = 5;
  if (world_.policies.size() < 2) return {"False", "Acts", ""};
  size_t covered = 0;
  std::map<std::string, std::vector<std::string>> by;  // the policy that acts -> namespaces
  std::vector<std::string> namespaces = world_.namespaces.keys();
  std::sort(namespaces.begin(), namespaces.end());
  for (const std::string& ns : namespaces) {
    Coverage coverage = coverageOf(world_, ns);
    bool mine = std::any_of(coverage.policies.begin(), coverage.policies.end(),
                            [&](const SecurityPolicy* p) { return p->uid == policy.uid; });
    if (!mine) continue;
    ++covered;
    if (coverage.acting()->uid != policy.uid) by[coverage.acting()->name].push_back(ns);
  }
  if (by.empty()) return {"False", "Acts", ""};
  size_t lost = 0;
  std::string message;
  for (const auto& [name, list] : by) {
    lost += list.size();
    message += (message.empty() ? "" : "; ") + ("policy " + name + " acts in its place in ");
    for (size_t i = 0; i < std::min(list.size(), kMostNamed); ++i) {
      message += (i == 0 ? "" : ", ") + list[i];
    }
    if (list.size() > kMostNamed) {
      message += " and " + std::to_string(list.size() - kMostNamed) + " more";
    }
  }
  return {"True", lost == covered ? "Everywhere" : "InSomeNamespaces", message};
}

bool PolicyReconciler::holds(const std::string& policyUid) const {
  for (const auto& remediation : world_.remediations.snapshot()) {
    if (remediation->status.policyUid == policyUid &&
        remediation->family == Family::kOpenDashboard &&
        remediate::holdsSomething(remediation->status)) {
      return true;
    }
  }
  return false;
}

Status PolicyReconciler::keepFinalizer(const PolicyEntry& entry, WallTime now) {
  // A deletion waits for its undo, but never for long: what stays is then said by the Remediations.
  constexpr std::chrono::seconds kPatience{600};
  bool overdue = entry.deletedAt && now - *entry.deletedAt > kPatience;
  bool wanted = entry.policy && entry.policy->revertOnDelete && !overdue && holds(entry.uid);
  if (wanted == entry.held || (wanted && entry.deletedAt)) return {};
  if (overdue && entry.held && holds(entry.uid)) {
    log::warn("a policy goes before everything was undone",
              {{"policy", entry.name}, {"next", "firebreak revert NAME for what it locked"}});
  }
  auto written =
      setFinalizer(client_, kube::kSecurityPolicies, entry.name, entry.uid, wanted);
  if (!written) return tl::unexpected(written.error());
  return {};
}

Status PolicyReconciler::tell(const PolicyEntry& entry, const std::string& key,
                              const std::string& reason, bool warning, const std::string& note,
                              WallTime now) {
  kube::EventSpec spec;
  // Derived from what happened, so that a restart tells it once.
  spec.name = entry.name.substr(0, 180) + "." + entry.uid.substr(0, 8) + "." +
              sha256Hex(reason + key).substr(0, 16);
  spec.type = warning ? kube::EventType::kWarning : kube::EventType::kNormal;
  spec.reason = reason;
  spec.action = "Judge";
  spec.note = note;
  spec.regarding = {"firebreak.dev/v1alpha1", "SecurityPolicy", "", entry.name, entry.uid};
  spec.time = now;
  return writeEvent(client_, instance_, spec);
}

Result<Said> PolicyReconciler::breakers(const PolicyEntry& entry, WallTime now) {
  // The condition's message is the memory: one part per breaker that is open.
  std::vector<std::string> before;
  for (const Condition& c : conditionsFromJson(member(entry.status, "conditions"))) {
    if (c.type == "BreakerOpen" && c.status == "True") before = splitParts(c.message);
  }
  std::vector<std::string> open;
  for (const Ledger::OpenBreaker& breaker : ledger_.openBreakers(*entry.policy, now)) {
    open.push_back(std::string(toString(breaker.family)) + "/" + breaker.action + " since " +
                   formatTime(*breaker.view.openedAt));
    bool told = std::find(before.begin(), before.end(), open.back()) != before.end();
    if (told) continue;
    auto written = tell(entry, open.back(), "BreakerOpened", true,
                        "Too many failures: " + open.back() + ". Tried again at " +
                            formatTime(*breaker.view.until),
                        now);
    if (!written) return tl::unexpected(written.error());
  }
  for (const std::string& old : before) {
    if (std::find(open.begin(), open.end(), old) != open.end()) continue;
    std::string key = old.substr(0, old.find(" since "));
    bool reopened = std::any_of(open.begin(), open.end(), [&](const std::string& part) {
      return part.starts_with(key + " since ");
    });
    if (reopened) continue;
    auto written = tell(entry, old, "BreakerClosed", false, "Works again: " + key, now);
    if (!written) return tl::unexpected(written.error());
  }
  if (open.empty()) return Said{"False", "Closed", ""};
  return Said{"True", "Failures", joinParts(open)};
}

Result<Json> PolicyReconciler::lapsed(const PolicyEntry& entry, WallTime now) {
  std::vector<std::string> told = stringsOf(member(entry.status, "exclusionsExpired"));
  Json all = Json::array();
  for (const Exclusion& exclusion : entry.policy->exclude) {
    if (!exclusion.expiresAt || *exclusion.expiresAt > now) continue;
    std::string key = exclusion.name + "@" + formatTime(*exclusion.expiresAt);
    all.push_back(key);
    if (std::find(told.begin(), told.end(), key) != told.end()) continue;
    auto written = tell(entry, key, "ExclusionExpired", false,
                        "Exclude entry \"" + exclusion.name + "\" lapsed at " +
                            formatTime(*exclusion.expiresAt) + " (" + exclusion.reason +
                            "): what it named is judged like everything else",
                        now);
    if (!written) return tl::unexpected(written.error());
  }
  return all;
}

Status PolicyReconciler::writeStatus(const PolicyEntry& entry, const Json& wanted, WallTime now) {
  Json before = entry.status.is_object() ? entry.status : Json::object();
  before.erase("lastSyncTime");
  if (before == wanted) return {};
  Json status = wanted;
  status["lastSyncTime"] = formatTime(now);
  Json patch = Json::array();
  patch.push_back({{"op", "replace"},
                   {"path", "/metadata/resourceVersion"},
                   {"value", entry.resourceVersion}});
  patch.push_back({{"op", "add"}, {"path", "/status"}, {"value", status}});
  kube::PatchOptions options;
  options.subresource = "status";
  options.priority = kube::Priority::kStatus;
  auto written = client_.patch(kube::kSecurityPolicies, "", entry.name, kube::PatchKind::kJson,
                               patch, options);
  if (!written) return tl::unexpected(written.error());
  return {};
}

Result<std::optional<WallTime>> PolicyReconciler::reconcile(const std::string& name) {
  auto entry = world_.policies.get(name);
  if (!entry) return std::optional<WallTime>();
  WallTime now = clock_.wall();
  if (auto kept = keepFinalizer(*entry, now); !kept) return tl::unexpected(kept.error());
  // Sensors fall silent without an event.
  WallTime again = now + std::chrono::seconds(entry->deletedAt ? 2 : 30);
  if (entry->deletedAt && !entry->held) return std::optional<WallTime>();

  std::vector<Condition> conditions = conditionsFromJson(member(entry->status, "conditions"));
  auto set = [&](std::string_view type, const Said& said) {
    setCondition(conditions, type, said.status, said.reason, said.message, now, entry->generation);
  };
  Json expired = Json::array();
  if (!entry->policy) {
    set("Ready", {"False", "InvalidPolicy", entry->error + "; the policy does nothing at all"});
    set("Reconciling", {"False", "InvalidPolicy", ""});
    set("Stalled", {"True", "InvalidPolicy", entry->error});
  } else {
    const SecurityPolicy& policy = *entry->policy;
    bool leaving = entry->deletedAt.has_value();
    set("Ready", {leaving ? "False" : "True", leaving ? "Deleting" : "Accepted",
                  "mode " + std::string(toString(policy.mode))});
    set("Reconciling", {leaving ? "True" : "False", leaving ? "Deleting" : "Accepted",
                        leaving ? "what it did is being undone" : ""});
    set("Stalled", {"False", "Accepted", ""});
    std::string brake = world_.brake();
    bool paused = !policy.pauseRequests.empty() || !brake.empty();
    set("Paused", {paused ? "True" : "False", paused ? "PauseRequested" : "NotPaused",
                   !brake.empty() ? "the brake: " + brake
                   : paused       ? policy.pauseRequests.front()
                                  : ""});
    set("SensorsReady", sensors(world_, now));
    const std::vector<WatchFailure> failures = world_.failures();
    set("RightsMissing", withWatches(failures, rightsOf(policy, now)));
    if (!world_.synced()) {
      set("Ready", {"False", "NotInStep",
                    failures.empty() ? "the caches are being filled"
                                     : "nothing is judged: " + failures.front().error.message});
    }
    set("Superseded", superseded(policy));
    auto open = breakers(*entry, now);
    if (!open) return tl::unexpected(open.error());
    set("BreakerOpen", *open);
    auto told = lapsed(*entry, now);
    if (!told) return tl::unexpected(told.error());
    expired = std::move(*told);
    for (const Exclusion& exclusion : policy.exclude) {
      if (exclusion.expiresAt && *exclusion.expiresAt > now) {
        again = std::min(again, *exclusion.expiresAt);
      }
    }
  }
  Json status = {{"observedGeneration", entry->generation},
                 {"conditions", conditionsToJson(conditions)},
                 {"families", families(entry->uid)}};
  if (!expired.empty()) status["exclusionsExpired"] = expired;
  if (auto written = writeStatus(*entry, status, now); !written) {
    return tl::unexpected(written.error());
  }
  return std::optional<WallTime>(again);
}

}  // namespace firebreak::control
