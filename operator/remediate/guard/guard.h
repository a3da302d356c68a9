// The guards: what may stop a remediation, in this order, each a pure function. Every refusal has a
// reason from a closed set, a sentence, and where it ends by itself the time at which it does.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "firebreak/policy.h"
#include "firebreak/remediation.h"

namespace firebreak::remediate {

struct GuardInput {
  WallTime now{};
  Family family = Family::kMiner;
  bool cachesFresh = false;

  ObjectRef target;
  StringMap targetLabels;
  bool mirrorPod = false;
  std::set<std::string> protectedNamespaces;
  std::string operatorNamespace;  // always protected
  std::string sensorNamespace;    // always protected

  // The valid policies that cover the target's namespace, the one that acts first.
  std::vector<const SecurityPolicy*> covering;
  StringMap namespaceLabels;
  std::string brake;  // who pulled it and why; empty = off

  Decision decision;
  bool decisionRejected = false;  // rejected before and nothing changed since
  std::string planHash;

  // True once the first write of this episode was intended: the budgets were passed then.
  bool started = false;
  bool nearProof = false;  // confidence 85 or more: may use the reserve of the hourly budget
  int64_t runningInFamily = 0;      // Applying, Verifying, Reverting
  int64_t startedInLastHour = 0;
  std::optional<WallTime> hourFreesAt;
  int64_t ownerReplicas = 0;  // 0 = no owner or not known
  int64_t ownerOut = 0;       // pods of that owner already taken out
};

struct GuardResult {
  std::string guard;  // "Fresh", "Protected", ...
  bool passed = true;
  std::string reason;   // StaleState, Protected, Excluded, Superseded, Paused, Audit, ...
  std::string message;  // one sentence, also where it passed
  std::optional<WallTime> until;
};

// All of them in order: the trail that `firebreak explain` prints. The first refusal decides.
std::vector<GuardResult> judgeGuards(const GuardInput& input);
const GuardResult* firstRefusal(const std::vector<GuardResult>& trail);

}  // namespace firebreak::remediate
