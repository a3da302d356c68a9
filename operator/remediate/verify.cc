#include <algorithm>

#include "remediate/phases.h"
#include "remediate/steps.h"

namespace firebreak::remediate {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// How long a step may take to be proven before the next rung or Failed: an enforcing CNI takes up to
// a second, a roll-out minutes.
seconds proofDeadline(const Step& step) {
  return step.proof == Proof::kRolledOut || step.proof == Proof::kRotator ? seconds(600)
                                                                          : seconds(45);
}

// The sensor's report wakes it; everything else has to be asked again. What is not in force yet outside the
// cluster is asked for less and less often: it takes seconds there, or an hour.
milliseconds untilNextProof(const Step* step, milliseconds waited) {
  const Proof proof = step == nullptr ? Proof::kFieldsHold : step->proof;
  if (proof == Proof::kPodUnreachable) return milliseconds(5000);
  if (proof != Proof::kRotator) return milliseconds(500);
  return std::clamp(waited / 4, milliseconds(500), milliseconds(30'000));
}

// What was proven, step by step, and what that makes of the whole.
struct ProofSum {
  std::optional<size_t> ask;  // a step that was not asked in this pass
  std::optional<size_t> falsified;
  std::optional<size_t> unknown;
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
  std::string text, names;
  for (const StepRecord& record : status.steps) {
    if (record.state != StepState::kVerified) continue;
    names += (names.empty() ? "" : ", ") + record.name;
    if (record.message.empty() || text.find(record.message) != std::string::npos) continue;
    text += (text.empty() ? "" : "; ") + record.message;
  }
  // Where no proof has words of its own, what was written was read again.
  return text.empty() ? "what was written holds: " + names : text;
}

void sayIsolation(const Situation& s, RemediationStatus& status) {
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

// Something that runs only where the rest was not enough (ScaleToZero, Terminate).
bool openLastResort(const Situation& s, RemediationStatus& status) {
  for (StepRecord& rung : status.steps) {
    const Step* next = stepNamed(s.plan, rung.name);
    if (rung.state != StepState::kPending || next == nullptr || !next->lastResort) continue;
    if (asksAlways(*next)) continue;
    if (!mayOpen(s, *next)) return false;
    intend(s, status, *next, rung);
    status.phase = Phase::kApplying;
    return true;
  }
  return false;
}

}  // namespace

Move contain(const Situation& s, RemediationStatus status, std::optional<WallTime> until) {
  bool first = status.outcome != Outcome::kRemediated;
  status.phase = Phase::kContained;
  status.outcome = Outcome::kRemediated;
  status.blocked = {};
  if (first) {
    status.containedAt = s.now;
    status.endedAt.reset();
  }
  // Also of what was given up after its time, when the rest had been proven long before.
  status.message = "done and verified: " + verifiedText(status);
  // The policy that acts now answers for it from here on: its deletion, its mode, its limits.
  if (s.policy != nullptr) {
    status.policyName = s.policy->name;
    status.policyUid = s.policy->uid;
  }
  setCondition(status.conditions, "Applied", "True", "AllStepsApplied", "", s.now,
               s.remediation.generation);
  setCondition(status.conditions, "Verified", "True", "Verified", verifiedText(status), s.now,
               s.remediation.generation);
  if (s.remediation.family == Family::kMiner) sayIsolation(s, status);
  return saveOrRest(s, std::move(status), until);
}

Move verify(const Situation& s, RemediationStatus status) {
  ProofSum sum = sumProofs(s, status);
  if (sum.ask) return ProveStep{*sum.ask};
  size_t open = sum.falsified ? *sum.falsified : sum.unknown.value_or(status.steps.size());
  if (open == status.steps.size()) {
    bool pending = std::any_of(status.steps.begin(), status.steps.end(), [&](const StepRecord& r) {
      const Step* step = stepNamed(s.plan, r.name);
      return r.state == StepState::kPending && step != nullptr && !step->lastResort;
    });
    bool done = std::any_of(status.steps.begin(), status.steps.end(),
                            [](const StepRecord& r) { return isDone(r.state); });
    if (pending) return saveOrRest(s, std::move(status));  // the next batch, in the next turn
    return done ? contain(s, std::move(status)) : Move(Rest{});
  }

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
  if (s.now < deadline && proof.reason != kRolloutFailed) {
    const auto waited = std::chrono::duration_cast<milliseconds>(s.now - record.time);
    return saveOrRest(s, std::move(status), s.now + untilNextProof(step, waited));
  }
  if (!sum.falsified) {
    // It may well hold, but nobody could look: said, and looked at again, never called a success.
    return saveOrRest(s, std::move(status), s.now + seconds(60));
  }
  if (openLastResort(s, status)) return saveOrRest(s, std::move(status));
  std::string why = record.name + " was applied but " + proof.message;
  // A new credential that nobody takes is taken back; an old one that is still taken cannot be.
  const bool mayGoBack = step != nullptr && step->reversal != Reversal::kIrreversible &&
                         (step->proof == Proof::kRolledOut || step->proof == Proof::kRotator);
  if (mayGoBack && isRotation(s.plan)) {
    return rollBack(s, std::move(status), why);
  }
  return failEpisode(s, std::move(status), why, Outcome::kIneffective);
}

}  // namespace firebreak::remediate
