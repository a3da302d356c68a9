#include <algorithm>

#include "base/time_format.h"
#include "remediate/guard/cooldown.h"
#include "remediate/guard/rows.h"

namespace firebreak::remediate::guard {
namespace {

const SecurityPolicy& acting(const GuardInput& in) { return *in.covering.front(); }

std::string number(int64_t value) { return std::to_string(value); }

// One cap on what runs and one on what was started within the hour; nullopt = neither is reached.
std::optional<GuardResult> overBudget(const char* where, int64_t running, int64_t mostRunning,
                                      int64_t started, int64_t mostStarted,
                                      std::optional<WallTime> freesAt, const GuardInput& in) {
  if (running >= mostRunning) {
    return refuse("RateLimited",
                  number(running) + " remediations of this family are running " + where + ", " +
                      number(mostRunning) + " may (limits.maxConcurrent is " +
                      number(acting(in).maxConcurrent) + ")",
                  in.now + std::chrono::seconds(5));
  }
  if (started >= mostStarted) {
    return refuse("RateLimited",
                  number(started) + " remediations of this family were started " + where +
                      " in the last hour, " + number(mostStarted) +
                      " may (limits.maxPerHour is " + number(acting(in).maxPerHour) + ")",
                  freesAt.value_or(in.now + std::chrono::minutes(1)));
  }
  return std::nullopt;
}

}  // namespace

GuardResult duplicate(const GuardInput& in) {
  if (in.started) return pass("already started");
  if (in.heldBy.empty()) return pass("no other remediation writes to the same objects");
  return refuse("ResourceBusy", "remediation " + in.heldBy + " is writing to " + in.heldObject,
                in.now + std::chrono::seconds(5));
}

GuardResult cooldown(const GuardInput& in) {
  if (in.started) return pass("already started");
  auto until = cooldownUntil(in.earlierStarts, std::chrono::seconds(acting(in).cooldownSeconds));
  if (!until || *until <= in.now) return pass("nothing of the same owner was remediated of late");
  return refuse("RecentlyRemediated",
                "the same owner was remediated at " + formatTime(in.earlierStarts.back()) +
                    ", number " + number(static_cast<int64_t>(in.earlierStarts.size())) +
                    "; left alone until " + formatTime(*until),
                until);
}

GuardResult rate(const GuardInput& in) {
  if (in.started) return pass("already started");
  const SecurityPolicy& policy = acting(in);
  // Decoys must not use up the budget: one namespace may use its share of it, and of the hourly one a
  // part is kept for what is nearly proven.
  if (auto refused = overBudget("in this namespace", in.runningInNamespace,
                                shareOf(policy.maxConcurrent), in.startedInNamespace,
                                shareOf(policy.maxPerHour), in.namespaceFreesAt, in)) {
    return *refused;
  }
  int64_t mostStarted = in.nearProof ? policy.maxPerHour : shareOf(policy.maxPerHour);
  if (auto refused = overBudget("in the cluster", in.runningInFamily, policy.maxConcurrent,
                                in.startedInLastHour, mostStarted, in.hourFreesAt, in)) {
    return *refused;
  }
  return pass(number(in.runningInFamily) + " running, " + number(in.startedInLastHour) +
              " in the last hour");
}

GuardResult blastRadius(const GuardInput& in) {
  // Budgets bind restarts also under way; they never veto the isolation of a miner.
  if (in.family != Family::kMiner) {
    for (const BudgetView& budget : in.budgets) {
      if (budget.allowed > 0) continue;
      return refuse("BlastRadius",
                    "PodDisruptionBudget " + budget.name + " allows no disruption at the moment",
                    in.now + std::chrono::seconds(30));
    }
  }
  if (in.started || in.ownerReplicas == 0) return pass("no owner whose capacity would be lost");
  int64_t allowed =
      std::max<int64_t>(1, in.ownerReplicas * acting(in).maxPercentOfOwner / 100);
  if (in.ownerOut >= allowed) {
    return refuse("BlastRadius",
                  number(in.ownerOut) + " of the owner's " + number(in.ownerReplicas) +
                      " pods are out and not replaced yet, at most " + number(allowed) + " may be",
                  in.now + std::chrono::seconds(10));
  }
  return pass(number(in.ownerOut) + " of " + number(in.ownerReplicas) +
              " pods of the owner are out");
}

GuardResult breaker(const GuardInput& in) {
  if (in.started) return pass("already started");
  switch (in.breaker.state) {
    case BreakerState::kClosed:
      return pass("the breaker is closed");
    case BreakerState::kHalfOpen:
      if (!in.breaker.trialRuns) return pass("the breaker is half open: this is the trial");
      return refuse("BreakerOpen", "the breaker is half open and its trial is still running",
                    in.now + std::chrono::seconds(10));
    case BreakerState::kOpen:
      break;
  }
  return refuse("BreakerOpen", in.breaker.message, in.breaker.until);
}

GuardResult ineffective(const GuardInput& in) {
  if (in.contended.reason != "Contended") return pass("nothing was undone too often");
  if (in.contended.until && *in.contended.until <= in.now) {
    return pass("it was undone too often before and is tried again");
  }
  return refuse("Contended", in.contended.message, in.contended.until);
}

}  // namespace firebreak::remediate::guard
