#include "remediate/fields.h"
#include "remediate/plan/miners.h"
#include "remediate/steps.h"

#include <gtest/gtest.h>

namespace firebreak::remediate {
namespace {

MinerTarget targetOf(const char* ownerKind) {
  MinerTarget target;
  target.pod = {{"metadata",
                 {{"name", "web-1"},
                  {"namespace", "shop"},
                  {"uid", "u1"},
                  {"labels", {{"app", "web"}, {"pod-template-hash", "7c"}}}}},
                {"spec", {{"nodeName", "node-1"}}}};
  target.owner.kind = ownerKind;
  target.remediationName = "miner-web-1-x";
  target.remediationUid = "r1";
  target.actions = {"Isolate", "Drop", "CutConnections", "CaptureEvidence"};
  return target;
}

TEST(MinerPlan, EveryLabelComesOffAndTheMarkGoesOnInOnePatch) {
  Plan plan = planMiner(targetOf("ReplicaSet"));
  ASSERT_EQ(plan.steps.size(), 3U);
  EXPECT_EQ(plan.steps[0].type, PatchType::kCreate);
  EXPECT_EQ(plan.steps[0].manifest["spec"]["podSelector"]["matchLabels"][kQuarantineLabel], "r1");
  EXPECT_EQ(plan.steps[1].name, "keep-on-return");
  Json pod = targetOf("ReplicaSet").pod.patch(Json::parse(patchText(plan.steps[2])));
  EXPECT_EQ(pod["metadata"]["labels"], Json({{kQuarantineLabel, "r1"}}));
}

TEST(MinerPlan, AStatefulSetsPodKeepsItsLabels) {
  Plan plan = planMiner(targetOf("StatefulSet"));
  Json pod = targetOf("StatefulSet").pod.patch(Json::parse(patchText(plan.steps[1])));
  EXPECT_EQ(pod["metadata"]["labels"]["app"], "web");
  EXPECT_EQ(pod["metadata"]["labels"][kQuarantineLabel], "r1");
}

TEST(MinerPlan, TheSensorIsOrderedOnlyWhereItCanIsolate) {
  MinerTarget target = targetOf("DaemonSet");
  target.sensorLevel = "Full";
  EXPECT_EQ(planMiner(target).steps.size(), 2U);
  target.sensorLevel = "Responder";
  Plan plan = planMiner(target);
  ASSERT_EQ(plan.steps.size(), 3U);
  EXPECT_EQ(plan.steps[2].manifest["measures"], Json({"CutConnections", "Drop", "CaptureEvidence", "Probe"}));
  EXPECT_EQ(plan.steps[2].proof, Proof::kPodUnreachable);
}

TEST(MinerPlan, AGuiltyOwnerIsStoppedByTheFieldThatItsKindHas) {
  MinerTarget target = targetOf("ReplicaSet");
  target.guiltyOwner = {{"apiVersion", "apps/v1"}, {"kind", "Deployment"},
                        {"metadata", {{"name", "web"}, {"namespace", "shop"}, {"uid", "d1"}}},
                        {"spec", {{"replicas", 3}}}};
  Plan told = planMiner(target);
  EXPECT_NE(told.steps.back().action, "StopOwner");  // not listed
  EXPECT_NE(told.caveats.back().find("Deployment shop/web makes pods that mine"), std::string::npos);
  target.actions.insert("StopOwner");
  Step stop = planMiner(target).steps.back();
  EXPECT_EQ(stop.action, "StopOwner");
  EXPECT_EQ(stop.object.uid, "d1");
  EXPECT_EQ(target.guiltyOwner.patch(Json::parse(patchText(stop)))["spec"]["replicas"], 0);
  target.guiltyOwner["kind"] = "CronJob";
  target.guiltyOwner["spec"] = Json::object();
  stop = planMiner(target).steps.back();
  EXPECT_EQ(target.guiltyOwner.patch(Json::parse(patchText(stop)))["spec"]["suspend"], true);
  // Its run is suspended too, or it goes on making pods.
  target.guiltyRun = {{"apiVersion", "batch/v1"}, {"kind", "Job"},
                      {"metadata", {{"namespace", "shop"}, {"name", "web-1"}, {"uid", "j"}}},
                      {"spec", {{"suspend", false}}}};
  const Step run = planMiner(target).steps.back();
  EXPECT_EQ(run.object.name, "web-1");
  EXPECT_EQ(target.guiltyRun.patch(Json::parse(patchText(run)))["spec"]["suspend"], true);
  target.guiltyRun = Json();
  target.guiltyOwner["kind"] = "DaemonSet";
  Plan plan = planMiner(target);
  EXPECT_NE(plan.steps.back().action, "StopOwner");
  EXPECT_NE(plan.caveats.back().find("DaemonSet"), std::string::npos);
}

TEST(MinerPlan, BeyondTheLimitThePodIsDeletedWithoutQuarantine) {
  MinerTarget target = targetOf("ReplicaSet");
  target.sensorLevel = "Responder";
  target.deleteInstead = true;
  Plan plan = planMiner(target);
  ASSERT_EQ(plan.steps.size(), 2U);
  EXPECT_EQ(plan.steps[0].name, "hold-on-node");
  EXPECT_EQ(plan.steps[1].type, PatchType::kDelete);
  EXPECT_FALSE(plan.steps[1].lastResort);
}

TEST(MinerPlan, IsDeletedAfterItsTimeOnlyWhereTerminateIsListed) {
  MinerTarget target = targetOf("ReplicaSet");
  target.keptSeconds = 60;
  for (const Step& step : planMiner(target).steps) EXPECT_NE(step.action, "Terminate");
  target.actions.insert("Terminate");
  Plan plan = planMiner(target);
  EXPECT_EQ(plan.steps.back().type, PatchType::kDelete);
  EXPECT_TRUE(plan.steps.back().lastResort);
  EXPECT_EQ(plan.steps.back().delaySeconds, 60);
  EXPECT_EQ(plan.caveats.back(), "the pod is deleted after 60 s in quarantine");
}

TEST(MinerPlan, WhatIsOnItsWayOutIsNotDeletedAgain) {
  MinerTarget target = targetOf("ReplicaSet");
  target.actions.insert("Terminate");
  Step last = planMiner(target).steps.back();
  EXPECT_EQ(observeStep(last, target.pod), Effect::kAbsent);
  target.pod["metadata"]["deletionTimestamp"] = "2026-11-22T12:00:00Z";
  EXPECT_EQ(observeStep(last, target.pod), Effect::kPresent);
}

TEST(MinerPlan, BlocksTheImageAndItsDigestInOneEntryOfItsOwn) {
  MinerTarget target = targetOf("ReplicaSet");
  target.operatorNamespace = "firebreak-system";
  target.blockImages = {"shop/web:1", "shop/web@sha256:00"};
  for (const Step& step : planMiner(target).steps) EXPECT_NE(step.action, kBlockImage);
  target.actions.insert(kBlockImage);
  Step block = planMiner(target).steps.back();
  EXPECT_TRUE(asksAlways(block));
  EXPECT_EQ(describe(block.object), describe({"v1", "ConfigMap", "firebreak-system", kBlockedImages, ""}));
  Json list = {{"data", {{"about", "x"}}}};
  EXPECT_EQ(list.patch(Json::parse(patchText(block)))["data"]["miner-web-1-x"], "shop/web:1 shop/web@sha256:00");
  target.blockImages.clear();
  Plan without = planMiner(target);
  EXPECT_NE(without.steps.back().action, kBlockImage);
  EXPECT_NE(without.caveats.back().find("BlockImage does not apply"), std::string::npos);
}

TEST(MinerPlan, SaysWhatAPrivilegedPodCanDo) {
  MinerTarget target = targetOf("ReplicaSet");
  target.sensorLevel = "Responder";
  target.pod["spec"]["containers"] = {{{"name", "a"}}, {{"name", "b"}, {"securityContext", {{"privileged", true}}}}};
  EXPECT_NE(planMiner(target).caveats.back().find("privileged"), std::string::npos);
  target.pod["spec"]["containers"][1]["securityContext"]["privileged"] = false;
  EXPECT_TRUE(planMiner(target).caveats.empty());
}

TEST(MinerPlan, APolicyThatStillAdmitsIsNamed) {
  MinerTarget target = targetOf("ReplicaSet");
  target.networkPolicies = {{{"metadata", {{"name", "allow-all"}}},
                             {"spec", {{"podSelector", Json::object()}, {"ingress", {Json::object()}}}}},
                            {{"metadata", {{"name", "deny-all"}}},
                             {"spec", {{"podSelector", Json::object()}}}}};
  std::string caveats;
  for (const std::string& caveat : planMiner(target).caveats) caveats += caveat;
  EXPECT_NE(caveats.find("allow-all"), std::string::npos);
  EXPECT_EQ(caveats.find("deny-all"), std::string::npos);
}

TEST(MinerPlan, APodWithoutLabelsGetsTheMarkAsItsOnlyOne) {
  MinerTarget target = targetOf("");
  target.pod["metadata"].erase("labels");
  Plan plan = planMiner(target);
  Json pod = target.pod.patch(Json::parse(patchText(plan.steps[1])));
  EXPECT_EQ(pod["metadata"]["labels"], Json({{kQuarantineLabel, "r1"}}));
  EXPECT_EQ(pod.patch(Json::parse(undoText(plan.steps[1]))), target.pod);
}

}  // namespace
}  // namespace firebreak::remediate
