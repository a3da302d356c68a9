// How an episode ends and how the next one begins: reopened, tried again, or tidied up.
#include <algorithm>

#include "api/remediation_json.h"
#include "base/time_format.h"
#include "remediate/phases.h"
#include "remediate/steps.h"

namespace firebreak::remediate {
namespace {

constexpr size_t kEpisodesKept = 5;

// What the old episode left behind goes on as a part of the new one, so that it can still be undone.
std::vector<StepRecord> carriedOver(const Situation& s) {
  std::vector<StepRecord> carried;
  const RemediationStatus& before = s.remediation.status;
  for (size_t i = 0; i < before.steps.size(); ++i) {
    StepRecord record = before.steps[i];
    if (!isUndoable(record.state) || !sealHolds(s.keys, s.remediation, record)) continue;
    if (s.steps.at(i).effect != Effect::kPresent) continue;
    record.mac = seal(s.keys, s.remediation.uid, before.episode + 1, record.name, record.before);
    mark(record, StepState::kApplied, s.now, "done before, goes on to hold");
    record.attempts = 0;
    carried.push_back(std::move(record));
  }
  return carried;
}

// Something that was not known when it was decided: another rule, or a tier that is acted on.
bool isWorse(const std::vector<Finding>& now, const std::vector<Finding>& before) {
  if (highestTier(now) > highestTier(before)) return true;
  return std::any_of(now.begin(), now.end(), [&](const Finding& finding) {
    return finding.tier == Tier::kRemediate &&
           std::none_of(before.begin(), before.end(), [&](const Finding& known) {
             return known.rule == finding.rule && known.tier == Tier::kRemediate;
           });
  });
}

RemediationStatus newEpisode(const Situation& s) {
  const RemediationStatus& before = s.remediation.status;
  RemediationStatus status = before;
  Json entry = {{"episode", before.episode}, {"outcome", std::string(toString(before.outcome))}};
  if (before.startedAt) entry["startedAt"] = formatTime(*before.startedAt);
  if (before.endedAt) entry["endedAt"] = formatTime(*before.endedAt);
  status.episodes.push_back(std::move(entry));
  if (status.episodes.size() > kEpisodesKept) status.episodes.erase(status.episodes.begin());
  status.steps = carriedOver(s);
  status.episode = before.episode + 1;
  status.phase = Phase::kNew;
  status.outcome = Outcome::kNone;
  status.startedAt.reset();
  status.containedAt.reset();
  status.endedAt.reset();
  status.blocked = {};
  status.eventsEmitted.clear();
  std::erase_if(status.conditions, [](const Condition& condition) {
    return condition.type != "Ready" && condition.type != "Reconciling" &&
           condition.type != "Stalled";
  });
  return status;
}

// Why it was reverted, where the reason ends by itself.
bool releasedByRule(const RemediationStatus& status) {
  const Condition* reverted = findCondition(status.conditions, "Reverted");
  return reverted != nullptr &&
         (reverted->reason == "Excluded" || reverted->reason == "PolicyDeleted");
}

}  // namespace

Move reopen(const Situation& s) {
  const RemediationStatus& before = s.remediation.status;
  if (s.targetGone && before.outcome != Outcome::kNoLongerPresent) {
    RemediationStatus status = before;
    status.outcome = Outcome::kNoLongerPresent;
    status.endedAt = s.now;
    return saveOrRest(s, std::move(status));
  }
  if (s.targetGone || s.findings.empty()) return Rest{};
  bool decided = before.phase == Phase::kRejected || before.phase == Phase::kReverted;
  if (decided && releasedByRule(before)) {
    // What released it must be over.
    if (!releaseOf(s).reason.empty() || s.policy == nullptr) {
      const GuardResult* excluded = resultOf(s.guards, "Excluded");
      return Rest{excluded == nullptr ? std::nullopt : excluded->until};
    }
  } else if (decided && !isWorse(s.findings, before.findings)) {
    return Rest{};
  }
  RemediationStatus status = newEpisode(s);
  // What was decided about the old finding says nothing about the new one.
  if (decided && !releasedByRule(before)) status.usedGeneration = s.remediation.generation;
  status.message = "the finding came back or changed";
  return saveOrRest(s, std::move(status));
}

Move tryAgain(const Situation& s) {
  const RemediationStatus& before = s.remediation.status;
  // A rotation that failed may have left a credential somewhere: a person looks at it first.
  bool byItself = s.remediation.family != Family::kExposedSecret && !s.findings.empty() &&
                  !s.plan.steps.empty() && before.endedAt.has_value();
  if (!byItself) return saveOrRest(s, before);
  const GuardResult* refusal = firstRefusal(s.guards);
  if (refusal != nullptr) return Rest{refusal->until};
  Situation again = s;
  again.remediation.status = newEpisode(s);
  return decide(again);
}

Move tidy(const Situation& s, RemediationStatus status) {
  const GuardResult* paused = resultOf(s.guards, "Paused");
  if (paused != nullptr && paused->reason == "Paused") return Rest{paused->until};
  bool contained = status.outcome == Outcome::kRemediated;
  bool kept = false;
  bool madeOutside = false;
  for (size_t n = status.steps.size(); n-- > 0;) {
    StepRecord& record = status.steps[n];
    if (!isUndoable(record.state)) continue;
    auto image = parseBefore(record.before);
    bool sealed = image && sealHolds(s.keys, s.remediation, record);
    if (sealed && image->type == PatchType::kDelete) {
      // It is gone because it was to go.
      mark(record, StepState::kSkipped, s.now, "the target was deleted");
      if (!contained) status.containedAt = s.now;
      contained = true;
      continue;
    }
    // Another object (the owner that was stopped, a route): a person may still want it back.
    if (sealed && image->type == PatchType::kJsonPatch &&
        image->object.uid != s.remediation.target.uid &&
        s.steps.at(n).effect == Effect::kPresent) {
      kept = true;
      continue;
    }
    // Nothing of the rotator's can be asked for any more: what it knew was in the Secrets.
    madeOutside = madeOutside || (sealed && image->type == PatchType::kExternal && record.name == "create");
    bool ours = sealed &&
                (image->type == PatchType::kCreate || image->type == PatchType::kNodeOrder);
    const StepView& view = s.steps.at(n);
    bool there = view.effect == Effect::kPresent || (view.effect == Effect::kForeign && view.ours);
    if (ours && there && !view.settling) return UndoStep{n};
    mark(record, StepState::kReverted, s.now, "the target is gone");
  }
  status.outcome = Outcome::kNoLongerPresent;
  status.blocked = {};
  status.endedAt = s.now;
  if (contained || kept) {
    status.phase = Phase::kContained;
    status.message = "it was contained; the target is gone";
    status.message += kept ? "; what was changed on other objects stays until it is reverted"
                           : " since, and nothing of it is left";
  } else {
    status.phase = Phase::kReverted;
    status.message = "the target went away while it was being remediated; nothing of it is left";
  }
  if (madeOutside) {
    status.message +=
        "; the credential that was made for it may still be taken where it is checked: look there";
  }
  return saveOrRest(s, std::move(status));
}

}  // namespace firebreak::remediate
