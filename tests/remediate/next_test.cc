// The pure core driven against a small world of its own: a pod, a plan of two steps, and faults.
#include "remediate/next.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "remediate/small_world.h"

namespace firebreak::remediate {
namespace {

TEST(Next, EnforceEndsContainedWithEveryStepVerifiedAndEachWrittenOnce) {
  SmallWorld world;
  world.settle();
  EXPECT_EQ(world.remediation.status.phase, Phase::kContained);
  EXPECT_EQ(world.remediation.status.outcome, Outcome::kRemediated);
  for (const StepRecord& record : world.remediation.status.steps) {
    EXPECT_EQ(record.state, StepState::kVerified) << record.name;
  }
  EXPECT_EQ(world.writes, (std::map<std::string, int>{{"set-a", 1}, {"set-b", 1}}));
  EXPECT_EQ(world.pod["metadata"]["labels"], Json({{"a", "new"}, {"b", "new"}}));
}

TEST(Next, AuditShowsThePlanAndWritesNothingToTheTarget) {
  SmallWorld world;
  world.policy.mode = Mode::kAudit;
  Json before = world.pod;
  world.settle();
  EXPECT_EQ(world.remediation.status.phase, Phase::kAudited);
  EXPECT_EQ(world.remediation.status.outcome, Outcome::kWouldRemediate);
  EXPECT_EQ(world.remediation.status.plan.size(), 2U);
  EXPECT_EQ(world.pod, before);
  EXPECT_TRUE(world.remediation.status.steps.empty());
  world.policy.mode = Mode::kEnforce;  // judged anew
  world.settle();
  EXPECT_EQ(world.remediation.status.phase, Phase::kContained);
}

TEST(Next, ApproveWaitsForThisPlanAndNoOther) {
  SmallWorld world;
  world.policy.mode = Mode::kApprove;
  world.settle();
  EXPECT_EQ(world.remediation.status.phase, Phase::kAwaitingApproval);
  world.decide({"Approve", "another", "alice", ""});
  world.settle();
  EXPECT_EQ(world.remediation.status.phase, Phase::kAwaitingApproval);
  world.decide({"Approve", world.plan.hash(), "alice", ""});
  world.settle();
  EXPECT_EQ(world.remediation.status.phase, Phase::kContained);
}

TEST(Next, AfterARevertTheObjectIsAsItWasAndTheFindingIsLeftAlone) {
  SmallWorld world;
  Json before = world.pod;
  world.settle();
  world.decide({"Revert", "", "alice", "false alarm"});
  world.settle();
  EXPECT_EQ(world.remediation.status.phase, Phase::kReverted);
  EXPECT_EQ(world.pod, before);
  int requests = world.requests;
  world.settle();
  EXPECT_EQ(world.requests, requests);
}

TEST(Next, RevertNeverOverwritesSomebodyElsesLaterChange) {
  SmallWorld world;
  world.settle();
  world.pod["metadata"]["labels"]["a"] = "theirs";
  world.decide({"Revert", "", "alice", ""});
  world.settle();
  EXPECT_EQ(world.pod["metadata"]["labels"], Json({{"a", "theirs"}, {"b", "old"}}));
  const StepRecord& record = world.remediation.status.steps[0];
  EXPECT_EQ(record.state, StepState::kSkipped);
  EXPECT_NE(record.message.find("changed by kubectl"), std::string::npos);
}

TEST(Next, AForgedBeforeImageIsNotUndone) {
  SmallWorld world;
  world.settle();
  world.remediation.status.steps[0].before = "{\"type\":\"JSONPatch\"}";
  world.decide({"Revert", "", "mallory", ""});
  world.settle();
  EXPECT_EQ(world.remediation.status.steps[0].state, StepState::kSkipped);
  EXPECT_EQ(world.pod["metadata"]["labels"]["a"], "new");
}

TEST(Next, AWriteThatIsRefusedForAWhileIsTriedAgainHoweverLongItTakes) {
  SmallWorld world;
  while (world.remediation.status.phase != Phase::kApplying) ASSERT_TRUE(world.turn(0));
  Error refused{ErrorCode::kUnavailable, "the webhook does not answer", 500, std::chrono::milliseconds(0)};
  WallTime last = world.now;
  for (int i = 1; i <= 20; ++i) {
    world.remediation.status = afterFailure(world.remediation, 0, refused, world.now);
    ASSERT_NE(world.remediation.status.phase, Phase::kFailed) << i;
    if (i < 8) continue;
    ASSERT_EQ(world.remediation.status.phase, Phase::kBlocked);
    EXPECT_EQ(world.remediation.status.blocked.reason, "WriteRefused");
    last = *world.remediation.status.blocked.until;
    EXPECT_LE(last - world.now, std::chrono::minutes(5));
    world.remediation.status.phase = Phase::kApplying;
  }
  EXPECT_EQ(last - world.now, std::chrono::minutes(5));
  world.remediation.status.blocked = {};
  world.settle();
  EXPECT_EQ(world.remediation.status.phase, Phase::kContained);
}

TEST(Next, AJournalThatNobodySealedIsNotFollowed) {
  for (StepState state : {StepState::kPending, StepState::kIntended, StepState::kVerified}) {
    SmallWorld world;
    Json before = world.pod;
    RemediationStatus& status = world.remediation.status;
    status.episode = 1;
    status.phase = Phase::kApplying;
    status.startedAt = world.now;
    for (const char* name : {"set-a", "set-b"}) {
      StepRecord record;
      record.name = name;
      record.state = state;
      record.before = "{}";
      status.steps.push_back(record);
    }
    world.settle();
    EXPECT_EQ(world.pod, before);
    EXPECT_TRUE(world.events.empty());
    const auto& conditions = world.remediation.status.conditions;
    EXPECT_TRUE(std::any_of(conditions.begin(), conditions.end(), [](const Condition& condition) {
      return condition.type == "Stalled" && condition.status == "True" &&
             condition.reason == "Untrusted";
    }));
    int requests = world.requests;
    world.settle();
    EXPECT_EQ(world.requests, requests);
  }
}

TEST(Next, ARemediationThatIsNotOursIsNotFollowed) {
  SmallWorld world;
  Situation situation = world.look();
  situation.notOurs = true;
  Move move = next(situation);
  ASSERT_TRUE(std::holds_alternative<SaveStatus>(move));
  situation.remediation.status = std::get<SaveStatus>(move).status;
  EXPECT_TRUE(situation.remediation.status.steps.empty());
  EXPECT_TRUE(std::holds_alternative<Rest>(next(situation)));
}

TEST(Next, ASuccessThatIsToldLateStillSaysWhatWasProven) {
  SmallWorld world;
  while (world.remediation.status.phase != Phase::kContained) ASSERT_TRUE(world.turn(0));
  auto noteOf = [&](const char* reason) {
    for (const EventDraft& draft : missingEvents(world.remediation)) {
      if (draft.reason == reason) return draft.note;
    }
    return std::string();
  };
  std::string inTime = noteOf("RemediationSucceeded");
  world.decide({"Revert", "", "alice", ""});
  while (world.remediation.status.phase != Phase::kReverting) ASSERT_TRUE(world.turn(0));
  EXPECT_EQ(noteOf("RemediationSucceeded"), inTime);
}

TEST(Next, AForeignChangeMidWayIsNeverForced) {
  SmallWorld world;
  world.horizon = std::chrono::seconds(60);
  while (world.remediation.status.phase != Phase::kApplying) ASSERT_TRUE(world.turn(0));
  world.pod["metadata"]["labels"]["b"] = "theirs";
  world.settle();
  EXPECT_EQ(world.remediation.status.phase, Phase::kFailed);
  EXPECT_EQ(world.pod["metadata"]["labels"]["b"], "theirs");
  EXPECT_NE(world.remediation.status.outcome, Outcome::kRemediated);
}

TEST(Next, DriftIsAppliedAgain) {
  SmallWorld world;
  world.settle();
  world.pod["metadata"]["labels"]["a"] = "old";
  world.settle();
  EXPECT_EQ(world.remediation.status.phase, Phase::kContained);
  EXPECT_EQ(world.pod["metadata"]["labels"]["a"], "new");
  EXPECT_EQ(world.writes["set-a"], 2);
}

TEST(Next, NothingIsAppliedAgainOnceTheModeWentDownToAudit) {
  SmallWorld world;
  world.settle();
  world.policy.mode = Mode::kAudit;
  world.pod["metadata"]["labels"]["a"] = "old";
  world.settle();
  EXPECT_EQ(world.pod["metadata"]["labels"]["a"], "old");
  EXPECT_EQ(world.writes["set-a"], 1);
}

TEST(Next, ADelayedStepWaitsContainedAndIsDoneInItsTime) {
  SmallWorld world;
  world.plan.steps[0].verifyFirst = true;
  world.plan.steps[1].delaySeconds = 3600;
  while (world.remediation.status.phase != Phase::kContained) ASSERT_TRUE(world.turn(0));
  EXPECT_EQ(world.remediation.status.outcome, Outcome::kRemediated);
  EXPECT_EQ(world.writes.count("set-b"), 0U);
  world.settle();
  EXPECT_EQ(world.writes["set-b"], 1);
  EXPECT_EQ(world.remediation.status.phase, Phase::kContained);
  EXPECT_EQ(world.remediation.status.steps[1].state, StepState::kVerified);
}

TEST(Next, APauseMidWayFinishesWhatWasBegunAndStartsNothingNew) {
  SmallWorld world;
  world.plan.steps[0].verifyFirst = true;
  while (world.remediation.status.phase != Phase::kApplying) ASSERT_TRUE(world.turn(0));
  world.policy.pauseRequests = {"alice: stop"};
  world.settle();
  EXPECT_EQ(world.writes.count("set-a"), 1U);
  EXPECT_EQ(world.writes.count("set-b"), 0U);
  EXPECT_NE(world.remediation.status.outcome, Outcome::kRemediated);
  world.policy.pauseRequests.clear();
  world.settle();
  EXPECT_EQ(world.remediation.status.phase, Phase::kContained);
}

TEST(Next, ATargetThatWentAwayIsNoLongerPresent) {
  SmallWorld world;
  world.pod = Json();
  world.settle();
  EXPECT_EQ(world.remediation.status.outcome, Outcome::kNoLongerPresent);
  EXPECT_TRUE(world.writes.empty());
}

// From any run of faults the desired state is reached, then no more requests are made, and no step
// is written again once its effect is there.
RC_GTEST_PROP(NextProperty, FaultsDelayButNeverChangeTheEnd, ()) {
  auto faults = *rc::gen::container<std::vector<int>>(40, rc::gen::inRange(0, 3));
  SmallWorld world;
  Json before = world.pod;
  world.settle(faults);
  RC_ASSERT(world.remediation.status.phase == Phase::kContained);
  RC_ASSERT(world.pod["metadata"]["labels"] == Json({{"a", "new"}, {"b", "new"}}));
  int requests = world.requests;
  size_t events = world.events.size();
  world.settle();
  RC_ASSERT(world.requests == requests);
  RC_ASSERT(world.events.size() == events);
  world.decide({"Revert", "", "alice", ""});
  world.settle(faults);
  RC_ASSERT(world.remediation.status.phase == Phase::kReverted);
  RC_ASSERT(world.pod == before);
}

}  // namespace
}  // namespace firebreak::remediate
