#include "api/policy_json.h"

#include <gtest/gtest.h>

namespace firebreak {
namespace {

Json policyWith(Json spec) {
  return {{"metadata", {{"name", "default"}, {"uid", "u1"}}}, {"spec", std::move(spec)}};
}

TEST(PolicyJson, AnEmptySpecIsAuditWithTheDocumentedDefaults) {
  auto policy = policyFromJson(policyWith(Json::object()));
  ASSERT_TRUE(policy.has_value());
  EXPECT_EQ(policy->mode, Mode::kAudit);
  EXPECT_EQ(policy->modeOf(Family::kMiner), Mode::kAudit);
  EXPECT_EQ(policy->miners.threshold, 80);
  EXPECT_EQ(policy->maxConcurrent, 5);
  EXPECT_EQ(policy->dashboards.actions,
            (std::set<std::string>{"RestrictIngress", "Unpublish", "DetachRoutes"}));
}

TEST(PolicyJson, AFamilysOwnModeWins) {
  auto policy = policyFromJson(policyWith({{"mode", "Enforce"}, {"miners", {{"mode", "Audit"}}}}));
  ASSERT_TRUE(policy.has_value());
  EXPECT_EQ(policy->modeOf(Family::kMiner), Mode::kAudit);
  EXPECT_EQ(policy->modeOf(Family::kOpenDashboard), Mode::kEnforce);
}

TEST(PolicyJson, WhatTheSchemaRefusesIsRefusedWithItsPath) {
  struct Case {
    Json spec;
    const char* path;
  };
  const Case cases[] = {
      {{{"mode", "Off"}}, "spec.mode"},
      {{{"miners", {{"threshold", 101}}}}, "spec.miners.threshold"},
      {{{"miners", {{"actions", {"Isolate", "Isolate"}}}}}, "spec.miners.actions"},
      {{{"dashboards", {{"actions", {"Isolate"}}}}}, "spec.dashboards.actions"},
      {{{"dashboards", {{"probe", {{"timeoutSeconds", 31}}}}}},
       "spec.dashboards.probe.timeoutSeconds"},
      {{{"limits", {{"maxPercentOfOwner", 101}}}}, "spec.limits.maxPercentOfOwner"},
      {{{"exclude", {{{"name", "a"}, {"reason", "r"}}}}}, "spec.exclude[0]"},
      {{{"exclude", {{{"name", "a"}, {"namespaces", {"x"}}, {"expiresAt", "soon"}}}}},
       "spec.exclude[0].expiresAt"},
      {{{"namespaceSelector",
         {{"matchExpressions", {{{"key", "a"}, {"operator", "Like"}}}}}}},
       "spec.namespaceSelector.matchExpressions[0].operator"},
  };
  for (const Case& c : cases) {
    auto policy = policyFromJson(policyWith(c.spec));
    ASSERT_FALSE(policy.has_value()) << c.path;
    EXPECT_EQ(policy.error().message.rfind(c.path, 0), 0U) << policy.error().message;
  }
}

}  // namespace
}  // namespace firebreak
