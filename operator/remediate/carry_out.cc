#include <algorithm>

#include "remediate/phases.h"

namespace firebreak::remediate {
namespace {

using std::chrono::seconds;

// How long a step may take to be proven before the next rung or Failed: an enforcing CNI takes up to
// a second, a roll-out minutes.
seconds proofDeadline(const Step& step) {
  return step.proof == Proof::kRolledOut || step.proof == Proof::kRotator ? seconds(600)
                                                                          : seconds(45);
}

const Step* stepNamed(const Plan& plan, const std::string& name) {
  auto found = std::find_if(plan.steps.begin(), plan.steps.end(),
                            [&](const Step& step) { return step.name == name; });
  return found == plan.steps.end() ? nullptr : &*found;
}

bool isDone(StepState state) {
  return state == StepState::kVerified || state == StepState::kSkipped;
}

void mark(StepRecord& record, StepState state, WallTime now, std::string message = "") {
  record.state = state;
  record.time = now;
  record.message = std::move(message);
}

// Opens the next batch: up to and including the first step that must be verified before the rest.
bool openNextBatch(const Situation& s, RemediationStatus& status) {
  bool opened = false;
  for (size_t i = 0; i < status.steps.size(); ++i) {
    StepRecord& record = status.steps[i];
    if (record.state != StepState::kPending) continue;
    const Step* step = stepNamed(s.plan, record.name);
    if (step == nullptr || step->lastResort) continue;
    record.before = beforeText(*step, s.context);
    record.mac = seal(s.keys, s.remediation.uid, status.episode, step->name, record.before);
    mark(record, StepState::kIntended, s.now);
    opened = true;
    if (step->verifyFirst) break;
  }
  return opened;
}

// The first step that waits for its delay, if one does; the time at which it may go.
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

Move failEpisode(const Situation& s, RemediationStatus status, const std::string& message,
                 Outcome outcome) {
  status.phase = Phase::kFailed;
  status.outcome = outcome;
  status.message = message;
  setCondition(status.conditions, "Verified", "False", "NotVerified", message, s.now,
               s.remediation.generation);
  return saveOrRest(s, std::move(status));
}

// A consumer does not become Ready with a new credential: what was written is taken back and the
// consumers run again with the previous one, which nothing has revoked yet.
bool isRotation(const Plan& plan) {
  return std::any_of(plan.steps.begin(), plan.steps.end(),
                     [](const Step& step) { return step.type == PatchType::kExternal; });
}

Move rollBack(const Situation& s, RemediationStatus status, const std::string& message) {
  status.phase = Phase::kReverting;
  status.outcome = Outcome::kIneffective;
  status.message = "rolled back, nothing revoked: " + message;
  setCondition(status.conditions, "Verified", "False", "RolledBack", message, s.now,
               s.remediation.generation);
  return saveOrRest(s, std::move(status));
}

// What was proven, step by step, and what that makes of the whole.
struct ProofSum {
  std::optional<size_t> ask;      // a step that was not asked in this pass
  std::optional<size_t> falsified;
  std::optional<size_t> unknown;
  std::string messages;
};

ProofSum sumProofs(const Situation& s, RemediationStatus& status) {
  ProofSum sum;
  for (size_t i = 0; i < status.steps.size(); ++i) {
    StepRecord& record = status.steps[i];
    if (record.state != StepState::kApplied) continue;
    switch (s.proofs.at(i).verdict) {
      case ProofView::Verdict::kNotAsked:
        if (!sum.ask) sum.ask = i;
        break;
      case ProofView::Verdict::kTrue:
        mark(record, StepState::kVerified, s.now, s.proofs[i].message);
        break;
      case ProofView::Verdict::kFalse:
        if (!sum.falsified) sum.falsified = i;
        break;
      case ProofView::Verdict::kUnknown:
        if (!sum.unknown) sum.unknown = i;
        break;
    }
  }
  return sum;
}

std::string verifiedText(const RemediationStatus& status) {
  std::string text;
  for (const StepRecord& record : status.steps) {
    if (record.state != StepState::kVerified || record.message.empty()) continue;
    if (text.find(record.message) != std::string::npos) continue;
    text += (text.empty() ? "" : "; ") + record.message;
  }
  return text;
}

// What may go on: the steps that were begun are finished, but nothing new is written once the mode
// went down, a pause came in or the target was excluded.
bool mayGoOn(const Situation& s) { return firstRefusal(s.guards) == nullptr; }

Move contain(const Situation& s, RemediationStatus status,
             std::optional<WallTime> until = std::nullopt) {
  bool first = status.outcome != Outcome::kRemediated;
  status.phase = Phase::kContained;
  status.outcome = Outcome::kRemediated;
  if (first) {
    status.containedAt = s.now;
    status.message = "done and verified: " + verifiedText(status);
  }
  setCondition(status.conditions, "Applied", "True", "AllStepsApplied", "", s.now,
               s.remediation.generation);
  setCondition(status.conditions, "Verified", "True", "Verified", verifiedText(status), s.now,
               s.remediation.generation);
  if (s.remediation.family == Family::kMiner) {
    bool proven = std::any_of(s.plan.steps.begin(), s.plan.steps.end(), [](const Step& step) {
      return step.proof == Proof::kPodUnreachable;
    });
    setCondition(status.conditions, "IsolationEnforced", proven ? "True" : "Unknown",
                 proven ? "ConnectFailed" : "NoSensor",
                 proven ? "a connect from inside the pod's network fails"
                        : "no sensor of level Responder tested it from inside the pod's network; "
                          "established connections were not cut",
                 s.now, s.remediation.generation);
  }
  return saveOrRest(s, std::move(status), until);
}

// The pod of a quarantine is gone: what selects or holds it is of no use to anybody any more.
Move tidy(const Situation& s, RemediationStatus status) {
  for (size_t n = status.steps.size(); n-- > 0;) {
    StepRecord& record = status.steps[n];
    if (record.state != StepState::kApplied && record.state != StepState::kVerified) continue;
    auto image = parseBefore(record.before);
    bool ours = image && sealHolds(s.keys, s.remediation, record) &&
                (image->type == PatchType::kCreate || image->type == PatchType::kNodeOrder);
    if (ours && s.steps.at(n).effect == Effect::kPresent) return UndoStep{n};
    mark(record, StepState::kReverted, s.now, "the pod is gone");
  }
  status.message = "the quarantined pod is gone; nothing of its quarantine is left";
  return saveOrRest(s, std::move(status));
}

// Everything that was to be applied is; prove it.
Move verify(const Situation& s, RemediationStatus status) {
  ProofSum sum = sumProofs(s, status);
  if (sum.ask) return ProveStep{*sum.ask};
  size_t open = sum.falsified ? *sum.falsified : sum.unknown.value_or(status.steps.size());
  if (open == status.steps.size()) return contain(s, std::move(status));

  StepRecord& record = status.steps[open];
  const Step* step = stepNamed(s.plan, record.name);
  const ProofView& proof = s.proofs[open];
  status.phase = Phase::kVerifying;
  setCondition(status.conditions, "Applied", "True", "AllStepsApplied", "", s.now,
               s.remediation.generation);
  setCondition(status.conditions, "Verified", sum.falsified ? "False" : "Unknown",
               proof.reason.empty() ? "NotVerified" : proof.reason, proof.message, s.now,
               s.remediation.generation);
  status.message = "not verified yet: " + proof.message;
  WallTime deadline = record.time + (step != nullptr ? proofDeadline(*step) : seconds(45));
  if (s.now < deadline) {
    return saveOrRest(s, std::move(status), s.now + std::chrono::milliseconds(500));
  }
  if (!sum.falsified) {
    // It may well hold, but nobody could look: said, and looked at again, never called a success.
    return saveOrRest(s, std::move(status), s.now + seconds(60));
  }
  for (StepRecord& rung : status.steps) {
    const Step* next = stepNamed(s.plan, rung.name);
    if (rung.state == StepState::kPending && next != nullptr && next->lastResort) {
      rung.before = beforeText(*next, s.context);
      rung.mac = seal(s.keys, s.remediation.uid, status.episode, next->name, rung.before);
      mark(rung, StepState::kIntended, s.now);
      status.phase = Phase::kApplying;
      return saveOrRest(s, std::move(status));
    }
  }
  std::string why = record.name + " was applied but " + proof.message;
  if (step != nullptr && step->proof == Proof::kRolledOut && isRotation(s.plan)) {
    return rollBack(s, std::move(status), why);
  }
  return failEpisode(s, std::move(status), why, Outcome::kIneffective);
}

// A contained target whose fix was undone: applied again, with a growing delay.
Move watchDrift(const Situation& s, RemediationStatus status) {
  for (size_t i = 0; i < status.steps.size(); ++i) {
    StepRecord& record = status.steps[i];
    const Step* step = stepNamed(s.plan, record.name);
    // A restart is done once and a rotator's steps follow each other: neither is a state to be kept.
    if (step == nullptr || step->type == PatchType::kExternal || step->proof == Proof::kRolledOut) {
      continue;
    }
    if (record.state != StepState::kVerified || s.steps.at(i).effect != Effect::kAbsent) continue;
    if (!mayGoOn(s)) return Rest{firstRefusal(s.guards)->until};
    int64_t factor = int64_t{1} << std::min<int64_t>(record.attempts, 12);
    WallTime due = record.time + seconds(factor);
    if (s.now < due) return Rest{due};
    record.attempts += 1;
    mark(record, StepState::kIntended, s.now, "was undone, applied again");
    status.phase = Phase::kApplying;
    status.message = record.name + " was undone and is applied again";
    return saveOrRest(s, std::move(status));
  }
  return saveOrRest(s, std::move(status));
}

}  // namespace

Move carryOut(const Situation& s) {
  RemediationStatus status = s.remediation.status;
  if (s.targetGone && status.phase != Phase::kContained && status.phase != Phase::kFailed) {
    status.outcome = Outcome::kNoLongerPresent;
    status.message = "the target went away while it was being remediated";
    return saveOrRest(s, std::move(status));
  }
  if (status.phase == Phase::kFailed) return saveOrRest(s, std::move(status));
  bool morePending = std::any_of(status.steps.begin(), status.steps.end(), [&](const StepRecord& r) {
    const Step* step = stepNamed(s.plan, r.name);
    return r.state == StepState::kPending && step != nullptr && !step->lastResort;
  });
  if (status.phase == Phase::kContained && s.targetGone) {
    return s.remediation.family == Family::kMiner ? tidy(s, std::move(status)) : Rest{};
  }
  if (status.phase == Phase::kContained && !morePending) return watchDrift(s, std::move(status));
  if (status.phase == Phase::kBlocked) {
    if (status.blocked.until && *status.blocked.until > s.now) return Rest{status.blocked.until};
    status.phase = Phase::kApplying;
    status.blocked = {};
    return saveOrRest(s, std::move(status));
  }
  // The steps were planned once; a plan that would now be another is not carried out half.
  for (const StepRecord& record : status.steps) {
    if (record.state == StepState::kIntended && stepNamed(s.plan, record.name) == nullptr) {
      return failEpisode(s, std::move(status),
                         "step " + record.name + " is no part of the plan any more: the objects "
                                                 "changed since it was made",
                         Outcome::kNone);
    }
  }
  for (size_t i = 0; i < status.steps.size(); ++i) {
    StepRecord& record = status.steps[i];
    if (record.state == StepState::kIntended) {
      switch (s.steps.at(i).effect) {
        case Effect::kPresent:
          mark(record, StepState::kApplied, s.now);
          break;
        case Effect::kAbsent:
          return ApplyStep{i};
        case Effect::kForeign:
          return failEpisode(s, std::move(status),
                             "step " + record.name + " was not done: " + s.steps[i].message,
                             Outcome::kNone);
        case Effect::kGone:
          mark(record, StepState::kSkipped, s.now, s.steps[i].message);
          break;
      }
    }
  }
  bool anyOpen = std::any_of(status.steps.begin(), status.steps.end(), [](const StepRecord& r) {
    return r.state == StepState::kApplied;
  });
  if (morePending) {
    // The batch before must be verified first.
    ProofSum sum = sumProofs(s, status);
    if (sum.ask) return ProveStep{*sum.ask};
    if (sum.falsified || sum.unknown) return verify(s, std::move(status));
    // Contained, with something still to be given up: it holds no place among the running ones.
    if (auto due = delayedUntil(s, status)) return contain(s, std::move(status), due);
    if (!mayGoOn(s)) return saveOrRest(s, std::move(status), firstRefusal(s.guards)->until);
    if (openNextBatch(s, status)) {
      status.phase = Phase::kApplying;
      return saveOrRest(s, std::move(status));
    }
  }
  bool anyDone = std::any_of(status.steps.begin(), status.steps.end(),
                             [](const StepRecord& r) { return isDone(r.state); });
  if (anyOpen || anyDone) return verify(s, std::move(status));
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
    status.blocked = {"RightsMissing", error.message, now + seconds(60)};
    status.message = "step " + record.name + " was refused: " + error.message;
    return status;
  }
  constexpr int64_t kMostAttempts = 8;
  // What may pass by itself is never given up, only tried less often: an admission webhook that is away, a
  // throttled API server, somebody who writes to the same object all the time.
  if (isRetryable(error) && record.attempts >= kMostAttempts) {
    if (status.phase == Phase::kReverting) return status;
    int64_t delay = std::min<int64_t>(300, int64_t{5} << std::min<int64_t>(record.attempts - kMostAttempts, 6));
    status.phase = Phase::kBlocked;
    status.blocked = {"WriteRefused", error.message, now + seconds(delay)};
    status.message = "step " + record.name + " cannot be written for now: " + error.message;
    return status;
  }
  bool again = isRetryable(error) || error.code == ErrorCode::kInvalid;
  if (!again || record.attempts >= kMostAttempts) {
    record.state = StepState::kFailed;
    status.phase = Phase::kFailed;
    status.message = "step " + record.name + " failed: " + error.message;
  }
  return status;
}

}  // namespace firebreak::remediate
