#include <algorithm>

#include "remediate/phases.h"
#include "remediate/steps.h"

namespace firebreak::remediate {
namespace {

using std::chrono::seconds;

// A right that is missing is asked for again after it.
constexpr seconds kRightsPatience{60};
// What may pass by itself is tried less and less often, but never less than that.
constexpr seconds kRefusalPatience{300};

// What would be begun next; null where nothing is pending, or the step is the last resort.
const Step* nextPending(const Situation& s, const RemediationStatus& status) {
  for (const StepRecord& record : status.steps) {
    const Step* step = stepNamed(s.plan, record.name);
    if (record.state == StepState::kPending && step != nullptr && !step->lastResort) return step;
  }
  return nullptr;
}

// Opens the next batch: up to and including the first step that must be verified before the rest.
bool openNextBatch(const Situation& s, RemediationStatus& status) {
  bool opened = false;
  for (StepRecord& record : status.steps) {
    if (record.state != StepState::kPending) continue;
    const Step* step = stepNamed(s.plan, record.name);
    if (step == nullptr || step->lastResort) continue;
    if (!mayOpen(s, *step) || (opened && step->delaySeconds > 0)) break;
    intend(s, status, *step, record);
    opened = true;
    if (step->verifyFirst) break;
  }
  return opened;
}

// When the next step's delay is over; nothing where it has none or it is over already.
std::optional<WallTime> delayedUntil(const Situation& s, const RemediationStatus& status) {
  WallTime previous = status.startedAt.value_or(s.now);
  for (const StepRecord& record : status.steps) {
    const Step* step = stepNamed(s.plan, record.name);
    if (record.state == StepState::kPending && step != nullptr && !step->lastResort) {
      WallTime due = previous + seconds(step->delaySeconds);
      if (step->delaySeconds > 0 && due > s.now) return due;
      return std::nullopt;
    }
    previous = record.time;
  }
  return std::nullopt;
}

// The plan that is shown was approved, whether its mode asked for it or not.
bool isApproved(const Situation& s) {
  const Decision decision = effectiveDecision(s.remediation);
  return decision.action == "Approve" && decision.planHash == s.remediation.status.planHash;
}

Move begin(const Situation& s, RemediationStatus status, size_t index, std::string why) {
  intend(s, status, *stepNamed(s.plan, status.steps[index].name), status.steps[index]);
  status.phase = Phase::kApplying;
  status.message = std::move(why);
  return saveOrRest(s, std::move(status));
}

// Contained: what is held may be held for a time only, and then the last resort follows, where it may; and
// what always asks a person is done once one approved.
Move keep(const Situation& s, const RemediationStatus& status) {
  Move move = watchDrift(s, status);
  auto* rest = std::get_if<Rest>(&move);
  if (rest == nullptr || !status.containedAt) return move;
  for (size_t i = 0; i < status.steps.size(); ++i) {
    const Step* step = stepNamed(s.plan, status.steps[i].name);
    if (status.steps[i].state != StepState::kPending || step == nullptr) continue;
    if (asksAlways(*step)) {
      if (isApproved(s) && mayOpen(s, *step)) return begin(s, status, i, step->name + " was approved");
      continue;
    }
    if (step->delaySeconds == 0) continue;
    const WallTime due = *status.containedAt + seconds(step->delaySeconds);
    if (s.now < due) {
      rest->until = std::min(rest->until.value_or(due), due);
    } else if (mayOpen(s, *step)) {
      return begin(s, status, i,
                   "kept for " + std::to_string(step->delaySeconds) + " s: " + step->name + " follows");
    }
  }
  return move;
}

// The plan waits in the middle: what was begun is finished, nothing new is written.
Move holdStill(const Situation& s, RemediationStatus status, bool contained) {
  const GuardResult* refusal = firstRefusal(s.guards);
  if (refusal->reason == "StaleState") return Rest{refusal->until};
  if (contained) return saveOrRest(s, std::move(status), refusal->until);
  status.phase = Phase::kBlocked;
  if (status.blocked.reason != refusal->reason) {
    status.blocked = {refusal->reason, refusal->message, refusal->until};
  }
  status.message = "waits in the middle: " + status.blocked.message;
  return saveOrRest(s, std::move(status), refusal->until);
}

// Refused before by the API server or held still by a guard.
Move resume(const Situation& s, RemediationStatus status) {
  if (status.blocked.reason == "Contended") return watchDrift(s, std::move(status));
  bool byApiServer = status.blocked.reason == "RightsMissing";
  bool tooOften = status.blocked.reason == "WriteRefused";
  // Also where the clock was set back.
  const auto until = status.blocked.until;
  const seconds patience = byApiServer ? kRightsPatience : kRefusalPatience;
  if ((byApiServer || tooOften) && until && *until > s.now && *until - s.now <= patience) {
    return Rest{status.blocked.until};
  }
  const Step* pending = nextPending(s, status);
  bool begun = std::any_of(status.steps.begin(), status.steps.end(), [](const StepRecord& r) {
    return r.state == StepState::kIntended || r.state == StepState::kApplied;
  });
  if (!byApiServer && !begun && pending != nullptr && !mayOpen(s, *pending)) {
    return holdStill(s, std::move(status), false);
  }
  status.phase = Phase::kApplying;
  status.blocked = {};
  return saveOrRest(s, std::move(status));
}

// What a rotator saw of its step is the proof of it, and is not asked for twice.
void observed(const StepView& view, const Step& step, StepRecord& record, WallTime now) {
  const bool proven = step.proof == Proof::kRotator && view.awaits.empty();
  mark(record, proven ? StepState::kVerified : StepState::kApplied, now, proven ? view.message : "");
}

// Moves intended steps on; nothing where all of them were.
std::optional<Move> apply(const Situation& s, RemediationStatus& status) {
  for (size_t i = 0; i < status.steps.size(); ++i) {
    StepRecord& record = status.steps[i];
    if (record.state != StepState::kIntended) continue;
    // The steps were planned once; a plan that would now be another is not carried out half.
    if (stepNamed(s.plan, record.name) == nullptr) {
      return failEpisode(s, status,
                         "step " + record.name + " is no part of the plan any more: the objects "
                                                 "changed since it was made",
                         Outcome::kNone);
    }
    switch (s.steps.at(i).effect) {
      case Effect::kPresent:
        observed(s.steps[i], *stepNamed(s.plan, record.name), record, s.now);
        break;
      case Effect::kAbsent:
        return ApplyStep{i};
      case Effect::kForeign:
        // An object that we made and somebody changed is put right; anything else is planned anew.
        if (s.steps[i].ours) return ApplyStep{i};
        return failEpisode(s, status,
                           "step " + record.name + " was not done: changed by " +
                               s.steps[i].message,
                           Outcome::kNone);
      case Effect::kGone:
        mark(record, StepState::kSkipped, s.now, s.steps[i].message);
        break;
    }
  }
  return std::nullopt;
}

}  // namespace

bool mayOpen(const Situation& s, const Step& step) {
  const GuardResult* refusal = firstRefusal(s.guards);
  if (refusal == nullptr) return true;
  bool givesUp = step.reversal == Reversal::kIrreversible || step.delaySeconds > 0;
  if (!isRotation(s.plan) || givesUp || refusal->reason == "StaleState") return false;
  // A credential that was handed out is brought to its proof; only a budget may hold its restarts up.
  const GuardResult* radius = resultOf(s.guards, "BlastRadius");
  bool heldUp = radius != nullptr && radius->reason == "BlastRadius";
  return !(heldUp && step.proof == Proof::kRolledOut);
}

Move failEpisode(const Situation& s, RemediationStatus status, const std::string& message,
                 Outcome outcome) {
  status.phase = Phase::kFailed;
  status.outcome = outcome;
  status.message = message;
  status.endedAt = s.now;
  setCondition(status.conditions, "Verified", "False", "NotVerified", message, s.now,
               s.remediation.generation);
  return saveOrRest(s, std::move(status));
}

// A consumer does not become Ready with a new credential: what was written is taken back and the
// consumers run again with the previous one, which nothing has revoked yet.
Move rollBack(const Situation& s, RemediationStatus status, const std::string& message) {
  status.phase = Phase::kReverting;
  status.outcome = Outcome::kIneffective;
  status.message = "rolled back, nothing revoked: " + message;
  setCondition(status.conditions, "Verified", "False", "RolledBack", message, s.now,
               s.remediation.generation);
  return saveOrRest(s, std::move(status));
}

Move carryOut(const Situation& s) {
  RemediationStatus status = s.remediation.status;
  if (s.targetGone) return tidy(s, std::move(status));
  if (status.phase == Phase::kFailed) return tryAgain(s);
  if (status.phase == Phase::kBlocked) return resume(s, std::move(status));
  const Step* pending = nextPending(s, status);
  bool contained = status.phase == Phase::kContained;
  if (contained && pending == nullptr) return keep(s, status);

  if (auto move = apply(s, status)) return *move;
  if (pending == nullptr) return verify(s, std::move(status));
  // The batch before must be verified first.
  bool open = std::any_of(status.steps.begin(), status.steps.end(), [](const StepRecord& r) {
    return r.state == StepState::kApplied;
  });
  if (open) return verify(s, std::move(status));
  // Contained, with something still to be given up: it holds no place among the running ones.
  if (auto due = delayedUntil(s, status)) return contain(s, std::move(status), due);
  if (!mayOpen(s, *pending)) return holdStill(s, std::move(status), contained);
  if (openNextBatch(s, status)) {
    status.phase = Phase::kApplying;
    return saveOrRest(s, std::move(status));
  }
  return Rest{};
}

RemediationStatus afterFailure(const Remediation& remediation, size_t index, const Error& error,
                               WallTime now) {
  RemediationStatus status = remediation.status;
  StepRecord& record = status.steps.at(index);
  record.attempts += 1;
  record.message = error.message;
  if (error.code == ErrorCode::kForbidden) {
    status.phase = status.phase == Phase::kReverting ? status.phase : Phase::kBlocked;
    status.blocked = {"RightsMissing", error.message, now + kRightsPatience};
    status.message = "step " + record.name + " was refused: " + error.message;
    return status;
  }
  constexpr int64_t kMostAttempts = 8;
  // What may pass by itself is never given up, only tried less often: an admission webhook that is away, a
  // throttled API server or provider, somebody who writes to the same object all the time.
  if (isRetryable(error) && record.attempts >= kMostAttempts) {
    if (status.phase == Phase::kReverting) return status;
    const auto doublings = std::min<int64_t>(record.attempts - kMostAttempts, 6);
    const seconds delay = std::min(kRefusalPatience, seconds(int64_t{5} << doublings));
    status.phase = Phase::kBlocked;
    status.blocked = {"WriteRefused", error.message, now + delay};
    status.message = "step " + record.name + " cannot be written for now: " + error.message;
    return status;
  }
  bool again = isRetryable(error) || error.code == ErrorCode::kInvalid;
  if (!again || record.attempts >= kMostAttempts) {
    record.state = StepState::kFailed;
    status.phase = Phase::kFailed;
    status.endedAt = now;
    status.message = "step " + record.name + " failed: " + error.message;
    // The rotator's word for: it is over, and the message says what a person has to do.
    if (remediation.family == Family::kExposedSecret && error.code == ErrorCode::kInternal) {
      status.outcome = Outcome::kNeedsExternalAction;
    }
  }
  return status;
}

RemediationStatus whileUnseen(const Remediation& remediation, const Error& error, WallTime now) {
  RemediationStatus status = remediation.status;
  setCondition(status.conditions, "Ready", "Unknown", "CannotLook",
               "waits, and is tried again: " + error.message, now, remediation.generation);
  return status;
}

}  // namespace firebreak::remediate
