#include "control/ledger.h"

#include <gtest/gtest.h>


namespace firebreak::control {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

const WallTime kNow{std::chrono::hours(500'000)};

Remediation of(const std::string& name, Phase phase, WallTime startedAt, const char* owner = "d1") {
  Remediation remediation;
  remediation.name = name;
  remediation.family = Family::kMiner;
  remediation.target.ns = "shop";
  remediation.status.policyUid = "p";
  remediation.status.phase = phase;
  remediation.status.startedAt = startedAt;
  remediation.status.owner.uid = owner;
  PlannedStep step;
  step.name = "strip-labels";
  step.action = "Isolate";
  step.object = {"v1", "Pod", "shop", name, "u-" + name};
  step.patchType = "JSONPatch";
  remediation.status.plan = {step};
  return remediation;
}

Ledger::Question about(const std::string& name) {
  Ledger::Question question;
  question.name = name;
  question.ns = "shop";
  question.ownerUid = "d1";
  question.ownerReplicas = 4;
  question.ownerReady = 4;
  question.now = kNow;
  return question;
}

TEST(Ledger, CountsWhatRunsAndWhatBeganWithinTheHour) {
  Ledger ledger;
  ledger.note(of("a", Phase::kApplying, kNow - minutes(1)));
  ledger.note(of("b", Phase::kContained, kNow - minutes(59)));
  ledger.note(of("c", Phase::kContained, kNow - minutes(60)));
  Ledger::Answer answer = ledger.ask(about("new"));
  EXPECT_EQ(answer.running, 1);
  EXPECT_EQ(answer.runningInNamespace, 1);
  EXPECT_EQ(answer.startedInLastHour, 2);
  EXPECT_EQ(answer.hourFreesAt, kNow + minutes(1));
  Ledger::Question elsewhere = about("new");
  elsewhere.ns = "other";
  EXPECT_EQ(ledger.ask(elsewhere).startedInNamespace, 0);
  ledger.forget("a");
  EXPECT_EQ(ledger.ask(about("new")).running, 0);
}

TEST(Ledger, APodThatWasReplacedIsNoLostCapacity) {
  Ledger ledger;
  ledger.note(of("a", Phase::kContained, kNow));
  ledger.note(of("b", Phase::kApplying, kNow));
  EXPECT_EQ(ledger.ask(about("new")).ownerOut, 1);  // a is replaced, b not yet
  Ledger::Question short_ = about("new");
  short_.ownerReady = 2;
  EXPECT_EQ(ledger.ask(short_).ownerOut, 2);
  short_.ownerUid = "d2";
  EXPECT_EQ(ledger.ask(short_).ownerOut, 0);
}

TEST(Ledger, ASiblingIsNoRepeatButAReplacementIs) {
  Ledger ledger;
  ledger.note(of("a", Phase::kContained, kNow - minutes(5)));
  Ledger::Question sibling = about("b");
  sibling.targetCreated = kNow - minutes(60);
  EXPECT_TRUE(ledger.ask(sibling).earlierStarts.empty());
  Ledger::Question replacement = about("c");
  replacement.targetCreated = kNow - minutes(4);
  EXPECT_EQ(ledger.ask(replacement).earlierStarts.size(), 1U);
}

TEST(Ledger, OwnEpisodesCountAndSurviveInTheJournal) {
  Ledger ledger;
  Remediation again = of("a", Phase::kFailed, kNow - minutes(1));
  again.status.endedAt = kNow;
  again.status.episodes.push_back({{"episode", 1},
                                   {"outcome", ""},
                                   {"startedAt", "2026-11-22T12:00:00Z"},
                                   {"endedAt", "2026-11-22T12:01:00Z"}});
  ledger.note(again);
  EXPECT_EQ(ledger.ask(about("a")).earlierStarts.size(), 2U);
}

TEST(Ledger, WhoeverRunsHoldsTheObjectsItWritesTo) {
  Ledger ledger;
  ledger.note(of("web", Phase::kApplying, kNow));
  Plan plan;
  Step step;
  step.object = {"v1", "Pod", "shop", "web", "u"};
  plan.steps = {step};
  Ledger::Question question = about("other");
  question.plan = &plan;
  EXPECT_EQ(ledger.ask(question).heldBy, "web");
  EXPECT_EQ(ledger.ask(question).heldObject, "Pod shop/web");
  question.name = "web";
  EXPECT_EQ(ledger.ask(question).heldBy, "");
  ledger.note(of("web", Phase::kContained, kNow));
  question.name = "other";
  EXPECT_EQ(ledger.ask(question).heldBy, "");
}

TEST(Ledger, AFailureInEachOfSeveralNamespacesOpensTheBreakerAndOneTrialRuns) {
  Ledger ledger;
  SecurityPolicy policy;
  policy.uid = "p";
  policy.breakerFailures = 2;
  for (const char* ns : {"a", "b"}) {
    Remediation failed = of(std::string("f-") + ns, Phase::kFailed, kNow - minutes(2));
    failed.target.ns = ns;
    failed.status.endedAt = kNow - minutes(1);
    ledger.note(failed);
  }
  Plan plan;
  Step step;
  step.action = "Isolate";
  plan.steps = {step};
  Ledger::Question question = about("new");
  question.plan = &plan;
  question.policy = &policy;
  EXPECT_EQ(ledger.ask(question).breaker.state, remediate::BreakerState::kOpen);
  ASSERT_EQ(ledger.openBreakers(policy, kNow).size(), 1U);
  EXPECT_EQ(ledger.openBreakers(policy, kNow)[0].action, "Isolate");
  question.now = kNow + seconds(1800);
  EXPECT_EQ(ledger.ask(question).breaker.state, remediate::BreakerState::kHalfOpen);
  EXPECT_FALSE(ledger.ask(question).breaker.trialRuns);
  ledger.note(of("trial", Phase::kApplying, question.now));
  EXPECT_TRUE(ledger.ask(question).breaker.trialRuns);
}

}  // namespace
}  // namespace firebreak::control
