#include "control/policy_reconciler.h"

#include <gtest/gtest.h>

#include "control/control_world.h"

namespace firebreak::control {
namespace {

using std::chrono::seconds;

TEST(PolicyReconciler, WritesOnceAndNotAgainWhileNothingChanges) {
  ControlWorld world;
  world.addPolicy("default", {{"mode", "Enforce"}});
  world.settlePolicy("default");
  size_t writes = world.api.writes.size();
  EXPECT_EQ(world.condition("default", "Ready")["status"], "True");
  EXPECT_EQ(world.condition("default", "Stalled")["status"], "False");
  EXPECT_EQ(world.condition("default", "BreakerOpen")["status"], "False");
  world.settlePolicy("default");
  EXPECT_EQ(world.api.writes.size(), writes);
}

TEST(PolicyReconciler, AWatchThatIsForbiddenIsARightThatIsMissing) {
  ControlWorld world;
  world.addPolicy("default", {{"mode", "Audit"}});
  world.world.ingresses.failed(Error{ErrorCode::kForbidden, "watch ingresses: no", 403, {}});
  world.world.services.failed(Error{ErrorCode::kUnavailable, "watch services: cut", 0, {}});
  world.settlePolicy("default");
  EXPECT_EQ(world.condition("default", "RightsMissing")["status"], "True");
  EXPECT_EQ(world.condition("default", "RightsMissing")["message"],
            "seeing ingresses needs list and watch. Until it is granted, what changes there is not "
            "noticed");
  world.world.ingresses.resumed();
  world.settlePolicy("default");
  EXPECT_EQ(world.condition("default", "RightsMissing")["status"], "False");
}

TEST(PolicyReconciler, APolicySaysWhyNothingIsJudgedBeforeTheCachesAreInStep) {
  ControlWorld world;
  World blind(world.api.transport, "firebreak-system");
  blind.policies.begin();
  blind.policies.synced();
  blind.ingresses.failed(Error{ErrorCode::kForbidden, "watch ingresses: no", 403, {}});
  world.addPolicy("default", {{"mode", "Enforce"}});
  blind.policies.upsert(dumpJson(*world.api.find(ControlWorld::policyPath("default"))), false);
  PolicyReconciler policies(world.client, blind, *world.ledger, world.clock, "test");
  ASSERT_TRUE(policies.reconcile("default"));
  EXPECT_EQ(world.condition("default", "Ready")["status"], "False");
  EXPECT_EQ(world.condition("default", "Ready")["message"],
            "nothing is judged: watch ingresses: no");
  EXPECT_EQ(world.condition("default", "RightsMissing")["status"], "True");
}

TEST(PolicyReconciler, ALowerPolicySaysWhichOneActsInItsPlace) {
  ControlWorld world;
  world.addPolicy("high", {{"mode", "Audit"}, {"priority", 1}});
  world.addPolicy("low", {{"mode", "Enforce"}});
  world.settlePolicy("high");
  world.settlePolicy("low");
  EXPECT_EQ(world.condition("high", "Superseded")["status"], "False");
  EXPECT_EQ(world.condition("low", "Superseded")["status"], "True");
  EXPECT_EQ(world.condition("low", "Superseded")["reason"], "Everywhere");
  EXPECT_EQ(world.condition("low", "Superseded")["message"], "policy high acts in its place in shop");
}

TEST(PolicyReconciler, AnExclusionThatLapsesIsToldOnceAlsoOverRestarts) {
  ControlWorld world;
  Json exclude = {{{"name", "ticket"},
                   {"namespaces", {"shop"}},
                   {"expiresAt", formatTime(world.clock.wall() + seconds(60))}}};
  world.addPolicy("default", {{"mode", "Enforce"}, {"exclude", exclude}});
  auto again = world.policies->reconcile("default");
  ASSERT_TRUE(again);
  EXPECT_TRUE(world.events("ExclusionExpired").empty());
  world.clock.advance(seconds(60));
  world.settlePolicy("default");
  EXPECT_EQ(world.events("ExclusionExpired").size(), 1U);
  // The Event itself lives for an hour; the status remembers longer.
  for (const Json& event : world.api.below("/apis/events.k8s.io/v1/namespaces/default/events")) {
    world.api.erase("/apis/events.k8s.io/v1/namespaces/default/events/" +
                    event["metadata"]["name"].get<std::string>());
  }
  world.restart();
  world.settlePolicy("default");
  EXPECT_TRUE(world.events("ExclusionExpired").empty());
}

TEST(PolicyReconciler, TheBreakerOpensOverNamespacesIsToldAndHoldsBackWhatWaits) {
  ControlWorld world;
  world.addPolicy("default", {{"mode", "Enforce"},
                              {"cooldownSeconds", 0},
                              {"breaker",
                               {{"failures", 2}, {"windowSeconds", 600}, {"cooldownSeconds", 900}}}});
  world.api.put("/api/v1/namespaces/other", {{"metadata", Json::object()}});
  world.addService("console", "other");
  world.addService("late", "other");
  bool refuses = true;
  world.api.fault = [&](const std::string& write) {
    bool hit = refuses && write.find("/services/") != std::string::npos;
    return hit ? MemoryApi::Fault{422, false} : MemoryApi::Fault{};
  };
  std::string first = world.open("console");
  std::string second = world.open("console", "other");
  for (const std::string& name : {first, second}) {
    for (int i = 0; i < 9 && world.status(name).phase != Phase::kFailed; ++i) {
      (void)world.remediations->reconcile(name);
    }
    EXPECT_EQ(world.status(name).phase, Phase::kFailed);
  }
  refuses = false;
  world.settlePolicy("default");
  EXPECT_EQ(world.condition("default", "BreakerOpen")["status"], "True");
  EXPECT_EQ(world.events("BreakerOpened").size(), 1U);
  std::string late = world.open("late", "other");
  world.settle(late);
  EXPECT_EQ(world.status(late).blocked.reason, "BreakerOpen");
  EXPECT_EQ(world.status(first).phase, Phase::kFailed);

  world.clock.advance(seconds(901));  // half open: looked at anew
  world.settle(late);
  EXPECT_EQ(world.status(late).phase, Phase::kContained);
  world.settlePolicy("default");
  EXPECT_EQ(world.condition("default", "BreakerOpen")["status"], "False");
  EXPECT_EQ(world.events("BreakerClosed").size(), 1U);
  EXPECT_EQ(world.events("BreakerOpened").size(), 1U);
}

// Whoever owns a namespace can make things fail there, and must not switch the others' help off by it.
TEST(PolicyReconciler, FailuresThatOneNamespaceMakesOpenTheBreakerThereAlone) {
  ControlWorld world;
  world.api.put("/api/v1/namespaces/other", {{"metadata", Json::object()}});
  world.addPolicy("default", {{"mode", "Enforce"}, {"breaker", {{"failures", 2}}}});
  world.api.fault = [](const std::string& write) {
    bool hers = write.find("/namespaces/other/services/") != std::string::npos;
    return hers ? MemoryApi::Fault{422, false} : MemoryApi::Fault{};
  };
  for (const char* console : {"a", "b", "c"}) {
    world.addService(console, "other");
    std::string name = world.open(console, "other");
    for (int i = 0; i < 12; ++i) (void)world.remediations->reconcile(name);
    if (std::string(console) == "c") {
      EXPECT_EQ(world.status(name).blocked.reason, "BreakerOpen");
    } else {
      EXPECT_EQ(world.status(name).phase, Phase::kFailed);
    }
  }
  std::string honest = world.open("console");
  world.settle(honest);
  EXPECT_EQ(world.status(honest).phase, Phase::kContained);
  world.settlePolicy("default");
  EXPECT_EQ(world.condition("default", "BreakerOpen")["status"], "False");
}

TEST(PolicyReconciler, ABadPolicyThatIsBeingDeletedIsNeverHeld) {
  ControlWorld world;
  world.api.put(ControlWorld::policyPath("bad"),
                {{"metadata", {{"finalizers", {kUndoFinalizer}}}}, {"spec", {{"mode", "Loud"}}}});
  world.api.erase(ControlWorld::policyPath("bad"));
  ASSERT_NE(world.api.find(ControlWorld::policyPath("bad")), nullptr);
  world.settlePolicy("bad");
  EXPECT_EQ(world.api.find(ControlWorld::policyPath("bad")), nullptr);
}

TEST(PolicyReconciler, ADeletionThatCannotUndoEverythingGoesOnAfterItsTimeLimit) {
  ControlWorld world;
  world.addPolicy("default", {{"mode", "Enforce"}, {"onDelete", "Revert"}});
  std::string name = world.open("console");
  world.settle(name);
  world.api.erase(ControlWorld::policyPath("default"));
  world.settlePolicy("default");
  ASSERT_NE(world.api.find(ControlWorld::policyPath("default")), nullptr);
  world.clock.advance(seconds(601));  // nobody carries the undo out
  world.settlePolicy("default");
  EXPECT_EQ(world.api.find(ControlWorld::policyPath("default")), nullptr);
}

}  // namespace
}  // namespace firebreak::control
