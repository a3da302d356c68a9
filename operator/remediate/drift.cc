// A fix that somebody undoes: applied again with a growing delay, and after contendAfter times called
// what it is. Then it is tried once an hour, and never given up silently.
#include <algorithm>

#include "base/time_format.h"
#include "remediate/drift.h"
#include "remediate/git_change.h"
#include "remediate/phases.h"
#include "remediate/steps.h"

namespace firebreak::remediate {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

// A restart is done once and a rotator's steps follow each other: neither is a state to be kept.
bool isKept(const Step* step) {
  return step != nullptr && step->type != PatchType::kExternal &&
         step->type != PatchType::kDelete && step->proof != Proof::kRolledOut &&
         !asksAlways(*step);  // an entry that ran out stays out
}

std::string whoOf(const StepView& view) {
  const bool unknown = view.writer.empty() || view.writer == kOurselves;
  std::string who = unknown ? "somebody" : view.writer;
  return view.gitMarks.empty() ? who : who + " (the object comes from " + view.gitMarks + ")";
}

// A rung that a tenant cannot undo, where the policy lists one.
bool climb(const Situation& s, RemediationStatus& status) {
  for (StepRecord& rung : status.steps) {
    const Step* step = stepNamed(s.plan, rung.name);
    if (rung.state != StepState::kPending || step == nullptr || !step->lastResort) continue;
    if (asksAlways(*step)) continue;
    intend(s, status, *step, rung);
    status.phase = Phase::kApplying;
    status.blocked = {};
    status.message = "what was done is undone again and again: " + step->name + " follows";
    return true;
  }
  return false;
}

Move contend(const Situation& s, RemediationStatus status, size_t index, WallTime until) {
  const StepRecord& record = status.steps[index];
  const Step& step = *stepNamed(s.plan, record.name);
  const StepView& view = s.steps.at(index);
  if (view.gitMarks.empty() && climb(s, status)) return saveOrRest(s, std::move(status));
  bool known = status.phase == Phase::kBlocked && status.blocked.reason == "Contended" &&
               status.blocked.until && *status.blocked.until > s.now;
  if (known) return saveOrRest(s, std::move(status), status.blocked.until);
  const std::string what = "step " + record.name + " on " + describe(step.object);
  bool theirs = view.effect == Effect::kForeign && !view.ours;
  std::string message =
      theirs ? what + ": " + whoOf(view) + " set a value of their own, which is not written over"
             : what + " was undone " + std::to_string(record.undone) + " times, last by " +
                   whoOf(view);
  message += view.gitMarks.empty() ? ". To keep it: " : ". Change it in Git: ";
  message += changeInGit(step);
  status.phase = Phase::kBlocked;
  status.outcome = Outcome::kIneffective;
  status.blocked = {"Contended", message, until};
  status.message = message + ". Tried again at " + formatTime(until);
  setCondition(status.conditions, "Verified", "False", "Contended", message, s.now,
               s.remediation.generation);
  return saveOrRest(s, std::move(status), until);
}

// The fields hold; whether the console does is another question, which its driver asks now and then: a
// policy that admits its port, or a network plugin that fails, changes no field of ours. Where it answers
// again, it goes through its verification anew: to the last resort, or to Failed and a new plan.
void answersAgain(const Situation& s, RemediationStatus& status) {
  bool answers = false;
  for (size_t i = 0; i < status.steps.size(); ++i) {
    StepRecord& record = status.steps[i];
    const ProofView& proof = s.proofs.at(i);
    if (record.state != StepState::kVerified) continue;
    if (proof.verdict != ProofView::Verdict::kFalse) continue;
    answers = true;
    mark(record, StepState::kApplied, s.now, std::string(kAnswersAgain) + ": " + proof.message);
    setCondition(status.conditions, "Verified", "False", proof.reason, proof.message, s.now,
                 s.remediation.generation);
  }
  if (!answers) return;
  status.phase = Phase::kVerifying;
  status.outcome = Outcome::kNone;
  status.message = "it holds no longer, though every step does";
}

// An object of ours that nobody else touched, and that is to be another now: the plan has changed.
bool isOutdated(const StepView& view) {
  return view.effect == Effect::kForeign && view.ours && view.writer == kOurselves;
}

}  // namespace

Move watchDrift(const Situation& s, RemediationStatus status) {
  constexpr int64_t kMostDoublings = 12;
  const int64_t contendAfter = s.policy == nullptr ? 3 : s.policy->contendAfter;
  for (size_t i = 0; i < status.steps.size(); ++i) {
    StepRecord& record = status.steps[i];
    const Step* step = stepNamed(s.plan, record.name);
    if (!isKept(step) || record.state != StepState::kVerified) continue;
    const StepView& view = s.steps.at(i);
    if (view.effect == Effect::kPresent || view.effect == Effect::kGone) continue;
    // Nothing new is written once the mode went down, a pause came in or the target was excluded.
    const GuardResult* refusal = firstRefusal(s.guards);
    bool only = refusal != nullptr && refusal->reason == "Contended";
    if (refusal != nullptr && !only) return Rest{refusal->until};

    if (isOutdated(view)) {
      mark(record, StepState::kIntended, s.now, "follows what changed around it");
      status.phase = Phase::kApplying;
      status.message = record.name + " " + record.message;
      return saveOrRest(s, std::move(status));
    }
    bool again = view.effect == Effect::kAbsent || view.ours;
    // A clock that was set back must not leave a hole open for as long as it jumped.
    bool setBack = record.time > s.now;
    WallTime hourly = record.time + hours(1);
    if (!again) {
      // A value of somebody's own: never written over, but not passed over in silence either.
      return contend(s, std::move(status), i, s.now + hours(1));
    }
    if (record.undone >= contendAfter && s.now < hourly && !setBack) {
      return contend(s, std::move(status), i, hourly);
    }
    int64_t factor = int64_t{1} << std::min<int64_t>(record.undone, kMostDoublings);
    WallTime due = record.time + seconds(factor);
    if (record.undone < contendAfter && s.now < due && !setBack) return Rest{due};
    record.undone += 1;
    mark(record, StepState::kIntended, s.now, "was undone by " + whoOf(view) + ", applied again");
    status.phase = Phase::kApplying;
    status.blocked = {};
    status.message = record.name + " " + record.message;
    return saveOrRest(s, std::move(status));
  }
  // Whoever undid it has come round.
  if (status.phase == Phase::kBlocked) return contain(s, std::move(status));
  if (s.policy != nullptr && status.policyUid != s.policy->uid) {
    return contain(s, std::move(status));
  }
  answersAgain(s, status);
  return saveOrRest(s, std::move(status));
}

}  // namespace firebreak::remediate
