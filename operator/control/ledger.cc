#include "control/ledger.h"

#include <algorithm>

#include "base/json.h"
#include "base/time_format.h"
#include "kube/resource_version.h"
#include "remediate/steps.h"

namespace firebreak::control {
namespace {

using remediate::Attempt;
using remediate::BreakerRules;
using remediate::BreakerState;
using remediate::BreakerView;

bool isRunning(Phase phase) {
  return phase == Phase::kApplying || phase == Phase::kVerifying || phase == Phase::kReverting;
}

BreakerRules rulesOf(const SecurityPolicy& policy) {
  return {policy.breakerFailures, std::chrono::seconds(policy.breakerWindowSeconds),
          std::chrono::seconds(policy.breakerCooldownSeconds)};
}

// Objects that two plans must not write to at once. What is created has a name of its own, and a
// NodeGuard takes many orders, the list of blocked images many entries.
std::vector<std::string> objectsOf(const RemediationStatus& status) {
  std::vector<std::string> objects;
  for (const PlannedStep& step : status.plan) {
    if (step.patchType == "Create" || step.patchType == "NodeOrder") continue;
    if (step.action == remediate::kBlockImage) continue;
    objects.push_back(step.object.kind + " " + step.object.ns + "/" + step.object.name);
  }
  return objects;
}

std::string actionInDoubt(const RemediationStatus& status) {
  for (const StepRecord& record : status.steps) {
    if (record.state == StepState::kVerified || record.state == StepState::kSkipped) continue;
    for (const PlannedStep& step : status.plan) {
      if (step.name == record.name) return step.action;
    }
  }
  return status.plan.empty() ? "" : status.plan.front().action;
}

}  // namespace

Ledger::Entry Ledger::entryOf(const Remediation& remediation) {
  const RemediationStatus& status = remediation.status;
  Entry entry;
  entry.version = remediation.resourceVersion;
  entry.family = remediation.family;
  entry.ns = remediation.target.ns;
  entry.policyUid = status.policyUid;
  entry.ownerUid = status.owner.uid;
  entry.phase = status.phase;
  bool gone = status.outcome == Outcome::kNoLongerPresent;
  entry.running = isRunning(status.phase) && !gone;
  entry.out = status.startedAt && !gone &&
              (status.phase == Phase::kContained || status.phase == Phase::kBlocked);
  entry.startedAt = status.startedAt;
  entry.action = actionInDoubt(status);
  for (const PlannedStep& step : status.plan) entry.actions.insert(step.action);
  for (const Json& episode : status.episodes) {
    auto started = parseTime(stringOr(member(episode, "startedAt")));
    auto ended = parseTime(stringOr(member(episode, "endedAt")));
    if (!started) continue;
    entry.starts.push_back(*started);
    std::string outcome = stringOr(member(episode, "outcome"));
    bool failed = outcome.empty() || outcome == toString(Outcome::kIneffective);
    if (ended && failed) entry.attempts.push_back({*ended, entry.ns, true});
  }
  if (status.startedAt) entry.starts.push_back(*status.startedAt);
  if (status.phase == Phase::kFailed && status.endedAt) {
    entry.attempts.push_back({*status.endedAt, entry.ns, true});
  }
  if (status.containedAt) entry.attempts.push_back({*status.containedAt, entry.ns, false});
  if (entry.running) entry.objects = objectsOf(status);
  return entry;
}

void Ledger::note(const Remediation& remediation) {
  Entry entry = entryOf(remediation);
  std::lock_guard lock(mutex_);
  Entry& known = entries_[remediation.name];
  // The watch shows our own writes once more, the older ones after the newest.
  if (kube::isOlder(entry.version, known.version)) return;
  known = std::move(entry);
}

void Ledger::forget(const std::string& name) {
  std::lock_guard lock(mutex_);
  entries_.erase(name);
}

std::vector<Attempt> Ledger::attemptsOf(const std::string& policyUid, Family family,
                                        const std::string& action) const {
  std::vector<Attempt> attempts;
  for (const auto& [name, entry] : entries_) {
    if (entry.policyUid != policyUid || entry.family != family) continue;
    // What failed was one action; what worked were all of them.
    for (const Attempt& attempt : entry.attempts) {
      bool concerned = attempt.failed ? entry.action == action : entry.actions.contains(action);
      if (concerned) attempts.push_back(attempt);
    }
  }
  return attempts;
}

BreakerView Ledger::breakerFor(const Question& question) const {
  BreakerView closed;
  if (question.policy == nullptr || question.plan == nullptr) return closed;
  std::set<std::string> actions;
  for (const Step& step : question.plan->steps) actions.insert(step.action);
  BreakerRules rules = rulesOf(*question.policy);
  for (const std::string& action : actions) {
    std::vector<Attempt> attempts = attemptsOf(question.policy->uid, question.family, action);
    BreakerView view = remediate::breakerOf(attempts, rules, question.now);
    bool everywhere = view.state != BreakerState::kClosed;
    if (!everywhere) view = breakerWithin(question.ns, std::move(attempts), rules, question.now);
    if (view.state == BreakerState::kClosed) continue;
    view.message = action + ": " + view.message;
    for (const auto& [name, entry] : entries_) {
      view.trialRuns = view.trialRuns ||
                       (name != question.name && entry.running && entry.family == question.family &&
                        entry.policyUid == question.policy->uid && entry.actions.contains(action) &&
                        (everywhere || entry.ns == question.ns) && entry.startedAt &&
                        *entry.startedAt >= *view.until);
    }
    return view;
  }
  return closed;
}

Ledger::Answer Ledger::ask(const Question& question) const {
  constexpr std::chrono::hours kHour{1};
  Answer answer;
  std::vector<std::string> wanted;
  if (question.plan != nullptr) {
    for (const Step& step : question.plan->steps) {
      if (step.type == PatchType::kCreate || step.type == PatchType::kNodeOrder) continue;
      if (step.action == remediate::kBlockImage) continue;
      wanted.push_back(step.object.kind + " " + step.object.ns + "/" + step.object.name);
    }
  }
  int64_t ownerRunning = 0, ownerContained = 0;
  std::lock_guard lock(mutex_);
  for (const auto& [name, entry] : entries_) {
    bool self = name == question.name;
    bool sameNs = entry.ns == question.ns;
    bool sameOwner = !question.ownerUid.empty() && entry.ownerUid == question.ownerUid;
    if (!self && entry.phase == Phase::kReverting) ++answer.reverting;
    if (!self && sameOwner) {
      ownerRunning += entry.running ? 1 : 0;
      ownerContained += entry.out ? 1 : 0;
    }
    if (!self && answer.heldBy.empty()) {
      for (const std::string& object : entry.objects) {
        if (std::find(wanted.begin(), wanted.end(), object) == wanted.end()) continue;
        answer.heldBy = name;
        answer.heldObject = object;
      }
    }
    if (entry.family != question.family) continue;
    if (entry.running && !self) {
      ++answer.running;
      answer.runningInNamespace += sameNs ? 1 : 0;
    }
    for (WallTime start : entry.starts) {
      // A pod that was there when its sibling was taken out belongs to the same incident; one that
      // was made since is a repeat.
      bool repeat = self || (sameOwner && question.targetCreated && *question.targetCreated > start);
      if (repeat) answer.earlierStarts.push_back(start);
      if (question.now - start >= kHour) continue;
      WallTime frees = start + kHour;
      ++answer.startedInLastHour;
      answer.hourFreesAt = std::min(answer.hourFreesAt.value_or(frees), frees);
      if (!sameNs) continue;
      ++answer.startedInNamespace;
      answer.namespaceFreesAt = std::min(answer.namespaceFreesAt.value_or(frees), frees);
    }
  }
  std::sort(answer.earlierStarts.begin(), answer.earlierStarts.end());
  // What was taken out and is replaced by now is no lost capacity.
  int64_t missing = question.ownerReplicas - question.ownerReady - ownerRunning;
  answer.ownerOut = ownerRunning + std::min(ownerContained, std::max<int64_t>(0, missing));
  answer.breaker = breakerFor(question);
  return answer;
}

std::vector<Ledger::OpenBreaker> Ledger::openBreakers(const SecurityPolicy& policy,
                                                      WallTime now) const {
  std::vector<OpenBreaker> open;
  std::lock_guard lock(mutex_);
  std::set<std::pair<Family, std::string>> keys;
  for (const auto& [name, entry] : entries_) {
    if (entry.policyUid == policy.uid && !entry.attempts.empty()) {
      keys.emplace(entry.family, entry.action);
    }
  }
  for (const auto& [family, action] : keys) {
    BreakerView view = remediate::breakerOf(attemptsOf(policy.uid, family, action),
                                            rulesOf(policy), now);
    if (view.state != BreakerState::kClosed) open.push_back({family, action, view});
  }
  return open;
}

}  // namespace firebreak::control
