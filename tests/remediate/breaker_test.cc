#include "remediate/guard/breaker.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "remediate/guard/cooldown.h"

namespace firebreak::remediate {
namespace {

using std::chrono::seconds;

const WallTime kStart{seconds(1'000'000)};
const BreakerRules kRules{3, seconds(600), seconds(1800)};

Attempt failure(int64_t at, const char* ns) { return {kStart + seconds(at), ns, true}; }
Attempt success(int64_t at, const char* ns) { return {kStart + seconds(at), ns, false}; }

BreakerState stateAt(int64_t at, const std::vector<Attempt>& attempts) {
  return breakerOf(attempts, kRules, kStart + seconds(at)).state;
}

TEST(Breaker, OpensForEverybodyOnlyWhenSeveralNamespacesFailed) {
  std::vector<Attempt> one = {failure(0, "a"), failure(1, "a"), failure(2, "a"), failure(3, "a")};
  EXPECT_EQ(stateAt(10, one), BreakerState::kClosed);
  EXPECT_EQ(breakerWithin("a", one, kRules, kStart + seconds(10)).state, BreakerState::kOpen);
  EXPECT_EQ(breakerWithin("b", one, kRules, kStart + seconds(10)).state, BreakerState::kClosed);
  std::vector<Attempt> three = {failure(0, "a"), failure(1, "b"), failure(2, "c")};
  EXPECT_EQ(stateAt(10, three), BreakerState::kOpen);
}

TEST(Breaker, FailuresFarApartDoNotCount) {
  EXPECT_EQ(stateAt(1300, {failure(0, "a"), failure(601, "b"), failure(1202, "c")}),
            BreakerState::kClosed);
}

TEST(Breaker, IsHalfOpenAfterTheCooldownAndTheTrialDecides) {
  std::vector<Attempt> attempts = {failure(0, "a"), failure(1, "b"), failure(2, "c")};
  EXPECT_EQ(stateAt(2 + 1799, attempts), BreakerState::kOpen);
  EXPECT_EQ(stateAt(2 + 1800, attempts), BreakerState::kHalfOpen);
  attempts.push_back(failure(2000, "d"));
  EXPECT_EQ(stateAt(2001, attempts), BreakerState::kOpen);
  EXPECT_EQ(breakerOf(attempts, kRules, kStart + seconds(2001)).until, kStart + seconds(3800));
  attempts.push_back(success(3900, "d"));
  EXPECT_EQ(stateAt(3901, attempts), BreakerState::kClosed);
  attempts.push_back(failure(3902, "a"));  // one failure after that is only one
  EXPECT_EQ(stateAt(3903, attempts), BreakerState::kClosed);
}

TEST(Breaker, WhatWasUnderWayWhenItOpenedDoesNotCloseIt) {
  EXPECT_EQ(stateAt(20, {failure(0, "a"), failure(1, "b"), failure(2, "c"), success(10, "d")}),
            BreakerState::kOpen);
}

TEST(Breaker, NoFailuresMeansNever) {
  BreakerRules never{0, seconds(600), seconds(1800)};
  EXPECT_EQ(breakerOf({failure(0, "a"), failure(0, "b")}, never, kStart + seconds(1)).state,
            BreakerState::kClosed);
}

TEST(Cooldown, DoublesWithEachRepeatWithinADayAndStopsAtADay) {
  auto waits = [](std::vector<int64_t> at) {
    std::vector<WallTime> starts;
    for (int64_t each : at) starts.push_back(kStart + seconds(each));
    auto until = cooldownUntil(starts, seconds(300));
    return until ? (*until - starts.back()) / seconds(1) : 0;
  };
  EXPECT_EQ(waits({}), 0);
  EXPECT_EQ(waits({0}), 300);
  EXPECT_EQ(waits({0, 400}), 600);
  EXPECT_EQ(waits({0, 400, 1100}), 1200);
  EXPECT_EQ(waits({0, 400, 100'000}), 300);
  std::vector<int64_t> many;
  for (int64_t i = 0; i < 40; ++i) many.push_back(i * 10'000);
  EXPECT_EQ(waits(many), 86'400);
}

// The order in which the past is told makes no difference: a restart changes nothing.
RC_GTEST_PROP(BreakerProperty, DependsOnWhatHappenedAndNotOnTheOrderOfTelling, ()) {
  auto times = *rc::gen::container<std::vector<int>>(12, rc::gen::inRange(0, 6000));
  auto shift = *rc::gen::inRange<size_t>(0, 12);
  std::vector<Attempt> attempts;
  std::set<int> used;
  for (int at : times) {
    if (!used.insert(at).second) continue;
    attempts.push_back({kStart + seconds(at), std::string(1, static_cast<char>('a' + at % 4)),
                        at % 5 != 0});
  }
  BreakerView one = breakerOf(attempts, kRules, kStart + seconds(6000));
  if (!attempts.empty()) {
    std::rotate(attempts.begin(),
                attempts.begin() + static_cast<std::ptrdiff_t>(shift % attempts.size()),
                attempts.end());
  }
  BreakerView other = breakerOf(attempts, kRules, kStart + seconds(6000));
  RC_ASSERT(one.state == other.state);
  RC_ASSERT(one.until == other.until);
}

}  // namespace
}  // namespace firebreak::remediate
