// next(): the heart of the pipe. From a Remediation, what was observed and what the guards say it
// answers the one thing to do now; a driver (operator/control/remediation_reconciler.h) does it and asks
// again. Where the world is as the plan wants it, it answers Rest: a second pass makes no request.
// Pure: no I/O, no clock, no logging.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "firebreak/plan.h"
#include "firebreak/policy.h"
#include "firebreak/remediation.h"
#include "remediate/events.h"
#include "remediate/fields.h"
#include "remediate/guard/guard.h"
#include "remediate/journal.h"

namespace firebreak::remediate {

struct StepView {
  Effect effect = Effect::kAbsent;
  std::string message = {};  // for kForeign: who; for kGone: what; in a revert: why it must stay
  std::string awaits = {};   // for kPresent, of a rotator: not in force yet, and what it waits for
  bool undoLater = false;  // in a revert: what is undone before it has not settled yet
  bool settling = false;   // in a revert: taken back, but the node has not let go yet
  bool ours = false;       // for kForeign: an object that we made, changed by somebody
  std::string writer = {};   // who wrote the object last
  std::string gitMarks = {};  // "Argo CD shop": where the object comes from; empty = nowhere known
};

struct ProofView {
  enum class Verdict { kNotAsked, kTrue, kFalse, kUnknown };
  Verdict verdict = Verdict::kNotAsked;
  std::string reason;  // CamelCase
  std::string message;
};

struct Situation {
  Remediation remediation;
  const SecurityPolicy* policy = nullptr;  // the one that acts; null = none covers the target
  bool targetGone = false;
  bool notOurs = false;  // its name is not the one that the operator gives to this target
  // The policy of the last episode is being deleted with onDelete: Revert.
  bool policyLeaves = false;
  ObjectRef owner;  // the root controller
  int64_t revertsRunning = 0;  // of other Remediations
  // Judged anew from live objects; only looked at before the first write of an episode.
  std::vector<Finding> findings;
  Plan plan;  // derived anew from live objects, rewound by the journal
  std::vector<GuardResult> guards;
  // One per record in remediation.status.steps where the episode has started, else empty.
  std::vector<StepView> steps;
  std::vector<ProofView> proofs;  // same order; what was proven in this pass
  JournalKeys keys;
  Json context = Json::object();  // goes into the first before-image
  WallTime now{};
};

struct Rest {
  std::optional<WallTime> until;  // look again then; absent = when something changes
};
struct SaveStatus {
  RemediationStatus status;
};
struct ApplyStep {
  size_t index;  // of status.steps and of the plan
};
struct ProveStep {
  size_t index;
};
struct UndoStep {
  size_t index;
};
struct EmitEvents {
  std::vector<EventDraft> events;
};
// Firebreak's finalizer on or off this Remediation (and on its policy, where it goes on).
struct SetFinalizer {
  bool present;
};
using Move =
    std::variant<Rest, SaveStatus, ApplyStep, ProveStep, UndoStep, EmitEvents, SetFinalizer>;

Move next(const Situation& situation);
// Whether next() looks at the view of that step at all; where not, nobody need be asked for it.
bool readsView(const RemediationStatus& status, const StepRecord& record, PatchType type);

// The status after a write of step `index` failed: tried again later, or Failed, or Blocked where a
// right is missing.
RemediationStatus afterFailure(const Remediation& remediation, size_t index, const Error& error,
                               WallTime now);
// The status while what was begun cannot be looked at (a provider that is away): Ready is Unknown and says
// why, and the next look that succeeds sets it anew.
RemediationStatus whileUnseen(const Remediation& remediation, const Error& error, WallTime now);

// What a person decided about this episode; empty where the decision was about an earlier one.
Decision effectiveDecision(const Remediation& remediation);

// True where a revert would find something to undo.
bool holdsSomething(const RemediationStatus& status);

// True while the episode has begun and its plan must not change any more.
bool hasStarted(const RemediationStatus& status);
// True while what it does was paid for out of the budgets; one that failed asks again.
bool budgetsPassed(const RemediationStatus& status);

}  // namespace firebreak::remediate
