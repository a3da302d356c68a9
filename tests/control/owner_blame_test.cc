#include "control/owner_blame.h"

#include <gtest/gtest.h>

#include "api/remediation_json.h"
#include "support/fake_clock.h"
#include "support/memory_api.h"

namespace firebreak::control {
namespace {

using std::chrono::seconds;

const ObjectRef kDeployment{"apps/v1", "Deployment", "shop", "web", "uid-web"};
const ObjectRef kReplicaSet{"apps/v1", "ReplicaSet", "shop", "web-5f", "uid-web-5f"};
const ObjectRef kCronJob{"batch/v1", "CronJob", "shop", "report", "uid-report"};
const ObjectRef kJob{"batch/v1", "Job", "shop", "report-1", "uid-report-1"};

class OwnerBlameTest : public ::testing::Test {
 protected:
  OwnerBlameTest() {
    for (kube::WatchSink* sink : {static_cast<kube::WatchSink*>(&world.pods),
                                  static_cast<kube::WatchSink*>(&world.remediations)}) {
      sink->begin();
      sink->synced();
    }
    put("apps/v1", "deployments", kDeployment, {});
    put("apps/v1", "replicasets", kReplicaSet, kDeployment);
    put("batch/v1", "cronjobs", kCronJob, {});
    put("batch/v1", "jobs", kJob, kCronJob);
    remediation.name = "miner-1";
    remediation.uid = "rem-1";
    remediation.family = Family::kMiner;
    remediation.target = {"v1", "Pod", "shop", "web-5f-abcde", "uid-pod"};
    policy.cooldownSeconds = 300;
    policy.miners.actions = {"Isolate", "Terminate", "StopOwner"};
    of(kReplicaSet);
  }

  void put(const std::string& group, const std::string& plural, const ObjectRef& object,
           const ObjectRef& owner) {
    Json owners = Json::array();
    if (!owner.kind.empty()) {
      owners.push_back({{"apiVersion", owner.apiVersion}, {"kind", owner.kind},
                        {"name", owner.name}, {"uid", owner.uid}, {"controller", true}});
    }
    api.put("/apis/" + group + "/namespaces/shop/" + plural + "/" + object.name,
            {{"apiVersion", group},
             {"kind", object.kind},
             {"metadata", {{"namespace", "shop"}, {"uid", object.uid}, {"ownerReferences", owners}}}});
  }
  // The pod that is judged is that controller's.
  void of(const ObjectRef& controller) {
    plan = {};
    plan.owner = controller;
    plan.actions = policy.miners.actions;
  }
  // Another pod's Remediation, of `owner`, begun so long ago.
  void another(const std::string& name, const ObjectRef& owner, seconds ago,
               Phase phase = Phase::kContained) {
    Remediation other;
    other.name = name;
    other.uid = "rem-" + name;
    other.family = Family::kMiner;
    other.target = {"v1", "Pod", "shop", name, "uid-" + name};
    other.status.phase = phase;
    other.status.owner = owner;
    other.status.startedAt = clock.wall() - ago;
    StepRecord step;
    step.name = "strip-labels";
    step.state = phase == Phase::kReverted ? StepState::kReverted : StepState::kVerified;
    other.status.steps = {step};
    Json json = {{"apiVersion", "firebreak.dev/v1alpha1"},
                 {"kind", "Remediation"},
                 {"metadata", {{"name", name}, {"uid", other.uid}, {"resourceVersion", "1"}}},
                 {"spec", {{"family", "Miner"}, {"targetRef", refToJson(other.target)}}},
                 {"status", statusToJson(other.status)}};
    world.remediations.upsert(dumpJson(json), false);
  }
  void quarantined(const std::string& name, const std::string& by) {
    world.pods.upsert(dumpJson({{"apiVersion", "v1"},
                                {"kind", "Pod"},
                                {"metadata", {{"name", name}, {"namespace", "shop"}, {"uid", "uid-" + name},
                                              {"resourceVersion", "1"},
                                              {"labels", {{remediate::kQuarantineLabel, by}}}}},
                                {"spec", {{"containers", Json::array()}}}}),
                      false);
  }
  Status weigh(const ObjectRef& root, const std::vector<Finding>& findings = {}) {
    return blame.weigh(remediation, &policy, keys, root, findings, &plan);
  }
  static std::string nameOf(const Json& object) { return stringOr(member(object, {"metadata", "name"})); }
  static Finding finding(const std::string& rule, Tier tier = Tier::kRemediate) {
    Finding finding;
    finding.rule = rule;
    finding.tier = tier;
    return finding;
  }

  FakeClock clock;
  MemoryApi api{clock};
  kube::Client client{api.transport};
  World world{api.transport, "firebreak-system"};
  OwnerBlame blame{client, world, clock};
  Remediation remediation;
  SecurityPolicy policy;
  remediate::JournalKeys keys = {{"k", std::string(32, 'k')}};
  remediate::MinerTarget plan;
};

TEST_F(OwnerBlameTest, ATemplateThatIsTheMinerItselfBlamesTheRoot) {
  ASSERT_TRUE(weigh(kDeployment, {finding("miner-command-line")}));
  EXPECT_EQ(nameOf(plan.guiltyOwner), "web");
  EXPECT_TRUE(plan.guiltyRun.is_null());
}

TEST_F(OwnerBlameTest, WhatOneProcessDidOrIsNotCertainBlamesNobody) {
  ASSERT_TRUE(weigh(kDeployment, {finding("miner-process"), finding("miner-command-line", Tier::kAlert)}));
  EXPECT_TRUE(plan.guiltyOwner.is_null());
}

TEST_F(OwnerBlameTest, ABarePodHasNobodyToBlame) {
  of({});
  ASSERT_TRUE(weigh({}, {finding("miner-command-line")}));
  EXPECT_TRUE(plan.guiltyOwner.is_null());
}

TEST_F(OwnerBlameTest, ASecondPodOfTheSameRootWithinTheCooldownBlamesIt) {
  another("web-77-xxxxx", kDeployment, seconds(299));  // of an older ReplicaSet
  ASSERT_TRUE(weigh(kDeployment, {finding("miner-process")}));
  EXPECT_EQ(nameOf(plan.guiltyOwner), "web");
}

TEST_F(OwnerBlameTest, EpisodesThatAreOldTakenBackOrOfAnotherOwnerBlameNobody) {
  another("web-5f-old00", kDeployment, seconds(300));
  another("web-5f-back0", kDeployment, seconds(10), Phase::kReverted);
  // Its name begins alike.
  another("web-5f-admin-12345", {"apps/v1", "DaemonSet", "shop", "web-5f-admin", "uid-admin"}, seconds(10));
  ASSERT_TRUE(weigh(kDeployment, {finding("miner-process")}));
  EXPECT_TRUE(plan.guiltyOwner.is_null());
}

TEST_F(OwnerBlameTest, ACronJobsNextRunIsTheSameOwner) {
  of(kJob);
  another("report-0-xxxxx", kCronJob, seconds(60));
  ASSERT_TRUE(weigh(kCronJob, {finding("miner-process")}));
  EXPECT_EQ(nameOf(plan.guiltyOwner), "report");
  EXPECT_EQ(nameOf(plan.guiltyRun), "report-1");  // it would go on making pods
}

TEST_F(OwnerBlameTest, TheRunIsReadOnlyWhereOwnersAreStopped) {
  policy.miners.actions = {"Isolate"};
  of(kJob);
  ASSERT_TRUE(weigh(kCronJob, {finding("miner-command-line")}));
  EXPECT_EQ(nameOf(plan.guiltyOwner), "report");
  EXPECT_TRUE(plan.guiltyRun.is_null());
}

TEST_F(OwnerBlameTest, AnOwnerThatMayNotBeReadIsLeftOutAndAFailedReadIsTriedAgain) {
  int status = 403;
  api.unreadable = [&](const std::string& path) { return path.ends_with("/deployments/web") ? status : 0; };
  ASSERT_TRUE(weigh(kDeployment, {finding("miner-command-line")}));
  EXPECT_TRUE(plan.guiltyOwner.is_null());
  status = 503;
  EXPECT_FALSE(weigh(kDeployment, {finding("miner-command-line")}));
}

TEST_F(OwnerBlameTest, TheThirdPodOfAnOwnerIsDeletedNotKept) {
  another("web-5f-aaaaa", kDeployment, seconds(900));
  another("web-5f-bbbbb", kDeployment, seconds(900));
  quarantined("web-5f-aaaaa", "rem-web-5f-aaaaa");
  quarantined("web-5f-admin-0", "rem-of-somebody-else");
  ASSERT_TRUE(weigh(kDeployment));
  EXPECT_FALSE(plan.deleteInstead);
  quarantined("web-5f-bbbbb", "rem-web-5f-bbbbb");
  ASSERT_TRUE(weigh(kDeployment));
  EXPECT_TRUE(plan.deleteInstead);
}

TEST_F(OwnerBlameTest, TheEleventhPodOfANamespaceIsDeletedOnlyWhereThePolicyListsIt) {
  for (int i = 0; i < 9; ++i) quarantined("pod-" + std::to_string(i), "rem-" + std::to_string(i));
  of({});
  ASSERT_TRUE(weigh({}));
  EXPECT_FALSE(plan.deleteInstead);
  quarantined("pod-9", "rem-9");
  ASSERT_TRUE(weigh({}));
  EXPECT_TRUE(plan.deleteInstead);
  policy.miners.actions = {"Isolate"};
  of({});
  ASSERT_TRUE(weigh({}));
  EXPECT_FALSE(plan.deleteInstead);
}

// The journal decides once an episode has begun, or the plan would change under way.
TEST_F(OwnerBlameTest, WhatWasDecidedWhenTheEpisodeBeganStays) {
  StepRecord record;
  record.name = "strip-labels";
  record.state = StepState::kApplied;
  Step step;
  step.name = record.name;
  step.object = remediation.target;
  record.before = remediate::beforeText(
      step, {{"guiltyOwner", refToJson(kCronJob)}, {"deleteInstead", true}, {"actions", {"StopOwner"}}});
  record.mac = remediate::seal(keys, remediation.uid, remediation.status.episode, record.name, record.before);
  remediation.status.phase = Phase::kApplying;
  remediation.status.startedAt = clock.wall();
  remediation.status.steps = {record};
  policy.miners.actions = {"Isolate"};
  of(kJob);
  ASSERT_TRUE(weigh(kCronJob));  // nothing is found any more
  EXPECT_TRUE(plan.deleteInstead);
  EXPECT_EQ(nameOf(plan.guiltyOwner), "report");
  EXPECT_EQ(nameOf(plan.guiltyRun), "report-1");
  record.mac = "k:forged";
  remediation.status.steps = {record};
  of(kJob);
  ASSERT_TRUE(weigh(kCronJob));
  EXPECT_FALSE(plan.deleteInstead);
  EXPECT_TRUE(plan.guiltyOwner.is_null());
}

}  // namespace
}  // namespace firebreak::control
