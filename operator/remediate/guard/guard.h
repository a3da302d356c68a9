// The guards: what may stop a remediation, in this order, each a pure function. Every refusal has a
// reason from a closed set, a sentence, and where it ends by itself the time at which it does.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "firebreak/policy.h"
#include "firebreak/remediation.h"
#include "remediate/guard/breaker.h"

namespace firebreak::remediate {

// A PodDisruptionBudget that selects pods which the plan would restart.
struct BudgetView {
  std::string name;
  int64_t allowed = 0;  // status.disruptionsAllowed
};

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
  // The policy for which the question is asked; empty = the one that acts.
  std::string askedForUid;
  StringMap namespaceLabels;
  std::string brake;  // who pulled it and why; empty = off

  Decision decision;
  bool decisionRejected = false;  // rejected before and nothing changed since
  std::string planHash;

  // True once the first write of this episode was intended: the budgets were passed then.
  bool started = false;
  bool startedByApproval = false;  // it began in mode Approve
  // The running Remediation that writes to an object of this plan, and that object.
  std::string heldBy;
  std::string heldObject;
  // When the same root controller was remediated before, oldest first (cooldown.h).
  std::vector<WallTime> earlierStarts;

  bool nearProof = false;  // confidence 85 or more: may use the reserve of the hourly budget
  int64_t runningInFamily = 0;  // Applying, Verifying, Reverting
  int64_t startedInLastHour = 0;
  std::optional<WallTime> hourFreesAt;
  // The same in the target's namespace.
  int64_t runningInNamespace = 0;
  int64_t startedInNamespace = 0;
  std::optional<WallTime> namespaceFreesAt;

  int64_t ownerReplicas = 0;  // 0 = no owner or not known
  int64_t ownerOut = 0;       // pods of that owner taken out and not replaced yet
  std::vector<BudgetView> budgets;

  BreakerView breaker;
  // What was undone too often, and until when it is left alone.
  Blocked contended;
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
// Null where that guard was not asked.
const GuardResult* resultOf(const std::vector<GuardResult>& trail, std::string_view guard);

// How much of a budget one namespace may use, and what of the hourly one is for anything that is not
// nearly proven: four fifths, so that decoys in one place never use up the rest.
int64_t shareOf(int64_t budget);

}  // namespace firebreak::remediate
