// SecurityPolicy: what may be done, as typed values with every default of the schema applied.
// Parsed by operator/api/policy_json.h. Values; a const policy may be read from any thread.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "firebreak/finding.h"
#include "firebreak/observed.h"

namespace firebreak {

enum class Mode { kDisabled, kAudit, kApprove, kEnforce };
std::string_view toString(Mode mode);

struct SelectorRequirement {
  enum class Operator { kIn, kNotIn, kExists, kDoesNotExist };
  std::string key;
  Operator op = Operator::kExists;
  std::vector<std::string> values;
};

// metav1.LabelSelector: empty matches everything.
struct LabelSelector {
  StringMap matchLabels;
  std::vector<SelectorRequirement> matchExpressions;

  bool empty() const { return matchLabels.empty() && matchExpressions.empty(); }
  bool matches(const StringMap& labels) const;
};

struct Exclusion {
  std::string name;
  std::vector<std::string> namespaces;
  std::optional<LabelSelector> namespaceSelector;
  LabelSelector selector;  // of the pod or workload; narrows further
  std::string reason;
  std::optional<WallTime> expiresAt;
};

struct DashboardsSpec {
  std::optional<Mode> mode;  // absent = the policy's mode
  bool clusterReach = false;  // minReach: Cluster
  int64_t probeIntervalSeconds = 300;
  int64_t probeTimeoutSeconds = 3;
  nlohmann::json allowFrom = nlohmann::json::array();  // NetworkPolicyPeers
  std::set<std::string> actions = {"RestrictIngress", "Unpublish", "DetachRoutes"};
  nlohmann::json products = nlohmann::json::array();
};

struct SecretsSpec {
  std::optional<Mode> mode;
  int64_t keepPreviousSeconds = 3600;
  int64_t restartMaxConcurrent = 1;
  nlohmann::json rotators = nlohmann::json::array();  // as written; read by the rotation planner
};

struct MinersSpec {
  std::optional<Mode> mode;
  int threshold = 80;
  int64_t observeSeconds = 15;
  int64_t keepQuarantinedSeconds = 86400;
  std::set<std::string> actions = {"Isolate", "Drop", "CutConnections", "CaptureEvidence"};
  std::vector<std::string> poolDomains;
  std::vector<std::string> wallets;
  std::vector<std::string> images;
  std::vector<std::string> processes;
};

struct SecurityPolicy {
  std::string name;
  std::string uid;
  int64_t generation = 0;
  WallTime created{};
  bool deleting = false;
  std::optional<WallTime> deletedAt;  // metadata.deletionTimestamp
  bool held = false;                  // carries Firebreak's finalizer

  Mode mode = Mode::kAudit;
  int64_t priority = 0;
  LabelSelector namespaceSelector;
  std::vector<Exclusion> exclude;
  DashboardsSpec dashboards;
  SecretsSpec secrets;
  MinersSpec miners;
  int64_t maxConcurrent = 5;
  int64_t maxPerHour = 30;
  int64_t maxPercentOfOwner = 50;
  int64_t breakerFailures = 3;  // 0 = the breaker never opens
  int64_t breakerWindowSeconds = 600;
  int64_t breakerCooldownSeconds = 1800;
  int64_t approvalExpireSeconds = 86400;  // 0 = a plan waits for ever
  int64_t cooldownSeconds = 300;
  int64_t contendAfter = 3;
  std::vector<std::string> pauseRequests;
  bool revertOnDelete = false;
  int64_t historyLimit = 50;

  // The mode of one family: its own where it has one.
  Mode modeOf(Family family) const;
};

}  // namespace firebreak
