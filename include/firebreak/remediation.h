// Remediation: the journal of one target and family, as typed values; the schema in crds/ documents
// each field. Parsed and written by operator/api/remediation_json.h.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "firebreak/finding.h"
#include "firebreak/observed.h"

namespace firebreak {

enum class Phase {
  kNew,  // no status yet
  kAudited,
  kAwaitingApproval,
  kBlocked,
  kApplying,
  kVerifying,
  kContained,
  kReverting,
  kReverted,
  kRejected,
  kFailed,
};
std::string_view toString(Phase phase);  // "" for kNew

enum class Outcome {
  kNone,
  kWouldRemediate,
  kRemediated,
  kNeedsExternalAction,
  kIneffective,
  kNoLongerPresent,
};
std::string_view toString(Outcome outcome);  // "" for kNone

enum class StepState { kPending, kIntended, kApplied, kVerified, kSkipped, kFailed, kReverted };
std::string_view toString(StepState state);

struct Condition {
  std::string type;
  std::string status;  // True, False, Unknown
  std::string reason;  // one CamelCase word
  std::string message;
  WallTime since{};  // lastTransitionTime
  int64_t observedGeneration = 0;
};

struct StepRecord {
  std::string name;
  StepState state = StepState::kPending;
  std::string before;  // before-image as JSON text, never a secret value
  std::string mac;     // key id ":" HMAC over it (remediate/journal.h)
  int64_t attempts = 0;
  int64_t undone = 0;  // how often somebody took the effect away again
  std::string message;
  WallTime time{};
};

// What one guard said when the last decision was made; `firebreak explain` prints them.
struct GuardRecord {
  std::string guard;
  std::string result;  // Passed, Refused
  std::string reason;  // of a refusal
  std::string message;

  bool operator==(const GuardRecord&) const = default;
};

// A step as it was planned and shown to people. Never executed: the plan is derived anew.
struct PlannedStep {
  std::string name;
  std::string action;
  ObjectRef object;
  std::string patchType;
  std::string patch;
  std::string undo;
  std::string reversal;
};

struct Decision {
  std::string action;  // Approve, Reject, Revert; empty = none
  std::string planHash;
  std::string by;
  std::string reason;
};

struct Blocked {
  std::string reason;  // empty = not blocked
  std::string message;
  std::optional<WallTime> until;
};

struct RemediationStatus {
  int64_t observedGeneration = 0;
  // Decisions up to this generation of the spec were about earlier episodes.
  int64_t usedGeneration = 0;
  int64_t episode = 0;
  nlohmann::json episodes = nlohmann::json::array();
  std::string policyName;
  std::string policyUid;
  std::string mode;
  std::vector<Finding> findings;
  std::vector<PlannedStep> plan;
  std::string planHash;
  Phase phase = Phase::kNew;
  Outcome outcome = Outcome::kNone;
  std::string message;
  std::optional<WallTime> startedAt;
  std::optional<WallTime> containedAt;
  std::vector<Condition> conditions;
  std::vector<StepRecord> steps;
  std::optional<WallTime> endedAt;  // Failed, Reverted, Rejected or NoLongerPresent since then
  // The controller at the top (Deployment, CronJob, ...) or the target itself: what cooldowns and
  // shares are counted by.
  ObjectRef owner;
  std::vector<GuardRecord> guards;
  Blocked blocked;
  nlohmann::json evidence = nlohmann::json::object();
  std::vector<std::string> eventsEmitted;
};

struct Remediation {
  std::string name;
  std::string uid;
  std::string resourceVersion;
  int64_t generation = 0;
  WallTime created{};
  bool deleting = false;
  std::optional<WallTime> deletedAt;  // metadata.deletionTimestamp
  bool held = false;                  // carries Firebreak's finalizer

  Family family = Family::kMiner;
  ObjectRef target;
  std::string fingerprint;
  std::string cause;
  Decision decision;
  RemediationStatus status;
};

// Holds a Remediation or a SecurityPolicy while its deletion has something to undo.
inline constexpr const char* kUndoFinalizer = "firebreak.dev/undo";

// Sets a condition; `since` moves only when its status changes. Returns true where anything changed.
bool setCondition(std::vector<Condition>& conditions, std::string_view type,
                  std::string_view status, std::string_view reason, std::string_view message,
                  WallTime now, int64_t generation);
const Condition* findCondition(const std::vector<Condition>& conditions, std::string_view type);

}  // namespace firebreak
