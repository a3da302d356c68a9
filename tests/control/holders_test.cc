#include "control/holders.h"

#include <gtest/gtest.h>

namespace firebreak::control {
namespace {

Remediation holding(const std::string& name, std::vector<ObjectRef> objects,
                    StepState state = StepState::kVerified) {
  Remediation remediation;
  remediation.name = name;
  remediation.status.phase = Phase::kContained;
  remediation.status.startedAt = WallTime{};
  for (const ObjectRef& object : objects) {
    PlannedStep step;
    step.name = "step-" + object.kind;
    step.object = object;
    remediation.status.plan.push_back(step);
    StepRecord record;
    record.name = step.name;
    record.state = state;
    record.before = "{}";
    remediation.status.steps.push_back(record);
  }
  return remediation;
}

using Names = std::vector<std::string>;

TEST(Holders, NamesWhoKeepsAnObjectUntilItIsRevertedOrForgotten) {
  Holders holders;
  const ObjectRef service{"v1", "Service", "shop", "console", "s"};
  const ObjectRef ingress{"networking.k8s.io/v1", "Ingress", "shop", "front", "i"};
  holders.note(holding("a", {service, ingress}));
  holders.note(holding("b", {ingress}));
  EXPECT_EQ(holders.of("Service", "shop", "console"), Names{"a"});
  EXPECT_EQ(holders.of("Ingress", "shop", "front"), (Names{"a", "b"}));
  EXPECT_EQ(holders.of("Service", "other", "console"), Names{});
  holders.note(holding("a", {service, ingress}, StepState::kReverted));
  EXPECT_EQ(holders.of("Service", "shop", "console"), Names{});
  EXPECT_EQ(holders.of("Ingress", "shop", "front"), Names{"b"});
  holders.forget("b");
  EXPECT_EQ(holders.of("Ingress", "shop", "front"), Names{});
}

TEST(Holders, APlanThatWasOnlyShownHoldsNothing) {
  Holders holders;
  holders.note(holding("a", {{"v1", "Service", "shop", "console", "s"}}, StepState::kPending));
  EXPECT_EQ(holders.of("Service", "shop", "console"), Names{});
}

TEST(Holders, AStoppedWorkloadIsKnownByThePodsThatItMakesAgain) {
  Holders holders;
  holders.note(holding("a", {{"apps/v1", "Deployment", "shop", "web", "d"},
                             {"v1", "Pod", "shop", "web-5d4f-x", "p"}}));
  auto above = [&](const char* ns, const char* kind, const char* name) {
    return holders.aboveController(ns, {"", kind, ns, name, ""});
  };
  EXPECT_EQ(above("shop", "ReplicaSet", "web-5d4f"), Names{"a"});
  EXPECT_EQ(above("shop", "StatefulSet", "web"), Names{"a"});
  EXPECT_EQ(above("shop", "ReplicaSet", "website-1"), Names{});
  EXPECT_EQ(above("other", "ReplicaSet", "web-5d4f"), Names{});
  EXPECT_EQ(above("shop", "", ""), Names{});
}

}  // namespace
}  // namespace firebreak::control
