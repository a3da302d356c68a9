#include "control/remediation_reconciler.h"

#include <gtest/gtest.h>

#include "control/control_world.h"

namespace firebreak::control {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

const Json kEnforce = {{"mode", "Enforce"}};

TEST(RemediationReconciler, LocksVerifiesTellsAndThenMakesNoRequestThatWrites) {
  ControlWorld world;
  world.addPolicy("default", kEnforce);
  std::string name = world.open("console");
  world.settle(name);
  EXPECT_EQ(world.status(name).phase, Phase::kContained);
  EXPECT_EQ(world.serviceType(), "ClusterIP");
  EXPECT_TRUE(world.locked());
  EXPECT_EQ(world.events("RemediationSucceeded").size(), 1U);
  EXPECT_EQ(world.status(name).owner.name, "console");
  size_t writes = world.api.writes.size();
  world.settle(name);
  world.restart();
  world.settle(name);
  EXPECT_EQ(world.api.writes.size(), writes);
}

// Killed right before or right after every single write, and started again.
TEST(RemediationReconciler, ACrashAtAnyWriteChangesNeitherTheEndNorTheStory) {
  auto endOf = [](size_t killAt, bool after) {
    ControlWorld world;
    world.addPolicy("default", kEnforce);
    std::string name = world.open("console");
    size_t writes = 0;
    bool dead = false;
    world.api.fault = [&](const std::string&) -> MemoryApi::Fault {
      if (dead) return {503, false};
      dead = ++writes == killAt;
      return dead ? MemoryApi::Fault{503, after} : MemoryApi::Fault{};
    };
    for (int i = 0; i < 3 && !dead; ++i) {
      (void)world.remediations->reconcile(name);
    }
    world.api.fault = nullptr;
    world.restart();
    world.settle(name);
    std::string end = world.serviceType() + (world.locked() ? " locked " : " open ");
    end += toString(world.status(name).phase);
    for (const char* reason : {"FindingDetected", "RemediationStarted", "RemediationSucceeded",
                               "RemediationFailed", "DriftDetected"}) {
      end += " " + std::to_string(world.events(reason).size());
    }
    return std::pair{end, writes};
  };
  auto [whole, most] = endOf(0, false);
  EXPECT_EQ(whole, "ClusterIP locked Contained 1 1 1 0 0");
  ASSERT_GE(most, 6U);
  for (size_t kill = 1; kill <= most; ++kill) {
    EXPECT_EQ(endOf(kill, false).first, whole) << "before write " << kill;
    EXPECT_EQ(endOf(kill, true).first, whole) << "after write " << kill;
  }
}

TEST(RemediationReconciler, ALockThatSomebodyTakesOffOrChangesIsPutBack) {
  ControlWorld world;
  world.addPolicy("default", kEnforce);
  std::string name = world.open("console");
  world.settle(name);
  const std::string path = "/apis/networking.k8s.io/v1/namespaces/shop/networkpolicies/lock-console";
  world.clock.advance(seconds(5));
  world.api.erase(path);
  world.settle(name);
  EXPECT_TRUE(world.locked());
  world.clock.advance(seconds(5));
  world.api.change(path, [](Json& lock) { lock["spec"]["podSelector"] = Json::object(); });
  world.settle(name);
  EXPECT_EQ(member(*world.api.find(path), {"spec", "podSelector", "matchLabels", "app"}), "console");
  EXPECT_EQ(world.events("DriftDetected").size(), 2U);
}

TEST(RemediationReconciler, WhatGitOpsUndoesIsContendedWithTheChangeToMake) {
  ControlWorld world;
  world.addPolicy("default", {{"mode", "Enforce"}, {"contendAfter", 2}});
  std::string name = world.open("console");
  world.settle(name);
  for (int i = 0; i < 3; ++i) {
    world.clock.advance(seconds(20));
    world.api.change("/api/v1/namespaces/shop/services/console", [](Json& service) {
      service["spec"]["type"] = "NodePort";
      service["metadata"]["annotations"]["argocd.argoproj.io/tracking-id"] = "shop";
      service["metadata"]["managedFields"] = {
          {{"manager", "argocd-controller"}, {"time", "2026-11-22T12:00:00Z"}}};
    });
    world.settle(name);
  }
  RemediationStatus status = world.status(name);
  EXPECT_EQ(status.blocked.reason, "Contended");
  EXPECT_NE(status.message.find("argocd-controller"), std::string::npos) << status.message;
  EXPECT_NE(status.message.find("spec.type to \"ClusterIP\""), std::string::npos);
  EXPECT_EQ(world.events("Contended").size(), 1U);
}

TEST(RemediationReconciler, DeletingThePolicyWithRevertUnlocksAndNothingHangs) {
  ControlWorld world;
  world.addPolicy("default", {{"mode", "Enforce"}, {"onDelete", "Revert"}});
  std::string name = world.open("console");
  world.settle(name);
  const std::string policy = ControlWorld::policyPath("default");
  EXPECT_EQ(member(*world.api.find(policy), {"metadata", "finalizers"}), Json({kUndoFinalizer}));
  world.api.erase(policy);
  ASSERT_NE(world.api.find(policy), nullptr);
  world.settlePolicy("default");
  ASSERT_NE(world.api.find(policy), nullptr);  // there is something to undo first
  world.settle(name);
  EXPECT_EQ(world.status(name).phase, Phase::kReverted);
  EXPECT_EQ(world.serviceType(), "NodePort");
  EXPECT_FALSE(world.locked());
  world.settlePolicy("default");
  EXPECT_EQ(world.api.find(policy), nullptr);
  world.settle(name);
  EXPECT_TRUE(member(*world.api.find(ControlWorld::remediationPath(name)),
                     {"metadata", "finalizers"})
                  .empty());
}

TEST(RemediationReconciler, DeletingTheJournalItselfUndoesUnderRevertAndKeepsUnderKeep) {
  for (const char* onDelete : {"Revert", "Keep"}) {
    ControlWorld world;
    world.addPolicy("default", {{"mode", "Enforce"}, {"onDelete", onDelete}});
    std::string name = world.open("console");
    world.settle(name);
    world.api.erase(ControlWorld::remediationPath(name));
    world.settle(name);
    EXPECT_EQ(world.api.find(ControlWorld::remediationPath(name)), nullptr) << onDelete;
    EXPECT_EQ(world.serviceType(), std::string(onDelete) == "Revert" ? "NodePort" : "ClusterIP");
  }
}

TEST(RemediationReconciler, ADeletedPolicyHandsOverAndNothingIsDoneTwice) {
  ControlWorld world;
  world.addPolicy("high", {{"mode", "Enforce"}, {"priority", 5}, {"onDelete", "Revert"}});
  world.addPolicy("low", kEnforce);
  std::string name = world.open("console");
  world.settle(name);
  EXPECT_EQ(world.status(name).policyName, "high");
  auto patches = [&] {
    return std::count_if(world.api.writes.begin(), world.api.writes.end(), [](const auto& write) {
      return write.find("/services/") != std::string::npos;
    });
  };
  EXPECT_EQ(patches(), 1);
  world.api.erase(ControlWorld::policyPath("high"));
  world.settle(name);
  EXPECT_EQ(world.status(name).policyName, "low");
  world.settlePolicy("high");
  EXPECT_EQ(world.api.find(ControlWorld::policyPath("high")), nullptr);
  world.settle(name);
  EXPECT_EQ(world.status(name).phase, Phase::kContained);
  EXPECT_EQ(patches(), 1);
}

TEST(RemediationReconciler, ARemediationThatSomebodyElseMadeIsIgnoredAndSaysSo) {
  ControlWorld world;
  world.addPolicy("default", kEnforce);
  const Json* live = world.api.find("/api/v1/namespaces/shop/services/console");
  world.api.put(ControlWorld::remediationPath("forged"),
                {{"metadata", Json::object()},
                 {"spec",
                  {{"family", "OpenDashboard"},
                   {"fingerprint", "x"},
                   {"targetRef",
                    {{"apiVersion", "v1"},
                     {"kind", "Service"},
                     {"namespace", "shop"},
                     {"name", "console"},
                     {"uid", member(*live, {"metadata", "uid"})}}}}}});
  world.settle("forged");
  EXPECT_EQ(world.serviceType(), "NodePort");
  const RemediationStatus status = world.status("forged");
  const Condition* stalled = findCondition(status.conditions, "Stalled");
  ASSERT_NE(stalled, nullptr);
  EXPECT_EQ(stalled->reason, "Untrusted");
  size_t writes = world.api.writes.size();
  world.settle("forged");
  EXPECT_EQ(world.api.writes.size(), writes);
}

TEST(RemediationReconciler, WhatCannotBeLookedAtIsSaidAndSeenAgainLater) {
  ControlWorld world;
  world.addPolicy("default", kEnforce);
  std::string name = world.open("console");
  world.settle(name);
  ASSERT_EQ(findCondition(world.status(name).conditions, "Ready")->status, "True");
  world.api.unreadable = [](const std::string& path) { return path.ends_with("/services/console") ? 503 : 0; };
  EXPECT_FALSE(world.remediations->reconcile(name));
  const Condition unseen = *findCondition(world.status(name).conditions, "Ready");
  EXPECT_EQ(unseen.status + " " + unseen.reason, "Unknown CannotLook");
  EXPECT_EQ(world.status(name).phase, Phase::kContained);
  const size_t writes = world.api.writes.size();
  EXPECT_FALSE(world.remediations->reconcile(name));
  EXPECT_EQ(world.api.writes.size(), writes) << "said once";
  world.api.unreadable = nullptr;
  world.settle(name);
  EXPECT_EQ(findCondition(world.status(name).conditions, "Ready")->status, "True");
}

TEST(RemediationReconciler, AReplicaThatLostTheLeadWritesToNothing) {
  ControlWorld world;
  world.addPolicy("default", kEnforce);
  std::string name = world.open("console");
  world.leads = false;
  for (int i = 0; i < 3; ++i) (void)world.remediations->reconcile(name);
  EXPECT_EQ(world.serviceType(), "NodePort");
  EXPECT_FALSE(world.locked());
}

TEST(RemediationReconciler, AWebhookThatRefusesEndsInFailedAndIsTriedAgainLater) {
  ControlWorld world;
  world.addPolicy("default", {{"mode", "Enforce"}, {"cooldownSeconds", 300}});
  std::string name = world.open("console");
  bool refuses = true;
  world.api.fault = [&](const std::string& write) {
    bool hit = refuses && write.find("/services/") != std::string::npos;
    return hit ? MemoryApi::Fault{422, false} : MemoryApi::Fault{};
  };
  auto until = world.settle(name);
  EXPECT_EQ(world.status(name).phase, Phase::kFailed);
  EXPECT_EQ(world.events("RemediationFailed").size(), 1U);
  ASSERT_TRUE(until.has_value());
  EXPECT_GT(*until, world.clock.wall() + seconds(200));
  refuses = false;
  world.clock.advance(seconds(301));
  world.settle(name);
  EXPECT_EQ(world.status(name).phase, Phase::kContained);
  EXPECT_EQ(world.status(name).episode, 2);
  EXPECT_EQ(world.serviceType(), "ClusterIP");
}

TEST(RemediationReconciler, LimitsHoldExactlyOverManyTargetsAndAreRebuiltAfterARestart) {
  ControlWorld world;
  world.addPolicy("default", {{"mode", "Enforce"}, {"limits", {{"maxPerHour", 4}}}});
  std::vector<std::string> names;
  for (int i = 0; i < 12; ++i) {
    world.addService("s" + std::to_string(i));
    names.push_back(world.open("s" + std::to_string(i)));
  }
  for (const std::string& name : names) world.settle(name);
  world.restart();
  for (const std::string& name : names) world.settle(name);
  int64_t done = 0, skipped = 0;
  for (const std::string& name : names) {
    done += world.status(name).phase == Phase::kContained ? 1 : 0;
    skipped += world.status(name).blocked.reason == "RateLimited" ? 1 : 0;
  }
  EXPECT_EQ(done, 4);
  EXPECT_EQ(skipped, 8);
  EXPECT_EQ(world.events("RemediationSkipped").size(), 8U);
  world.clock.advance(hours(1));
  for (const std::string& name : names) world.settle(name);
  done = 0;
  for (const std::string& name : names) {
    done += world.status(name).phase == Phase::kContained ? 1 : 0;
  }
  EXPECT_EQ(done, 8);
}

}  // namespace
}  // namespace firebreak::control
