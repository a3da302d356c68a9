#include "api/remediation_json.h"

#include <gtest/gtest.h>

#include "base/time_format.h"

namespace firebreak {
namespace {

TEST(RemediationJson, StatusRoundTrips) {
  RemediationStatus status;
  status.episode = 2;
  status.policyName = "default";
  status.policyUid = "p1";
  status.phase = Phase::kApplying;
  status.outcome = Outcome::kRemediated;
  status.planHash = "abc";
  status.startedAt = parseTime("2026-11-22T15:04:05Z");
  Finding finding;
  finding.rule = "miner-command-line";
  finding.tier = Tier::kRemediate;
  finding.confidence = 97;
  finding.evidence = {{"stratum-url", 80, "the command line names a stratum URL"}};
  status.findings = {finding};
  status.plan = {{"deny-traffic", "Isolate", {"v1", "Pod", "shop", "web", "u"}, "JSONPatch", "[]",
                  "[]", "Reversible"}};
  status.steps = {{"deny-traffic", StepState::kIntended, "{}", "k:mac", 1, 2, "m",
                   *parseTime("2026-11-22T15:04:06Z")}};
  status.blocked = {"RateLimited", "5 at once", parseTime("2026-11-22T16:00:00Z")};
  status.eventsEmitted = {"e1-FindingDetected"};
  setCondition(status.conditions, "Verified", "True", "Refused", "no answer", *status.startedAt, 1);

  Json object = {{"metadata", {{"name", "miner-web-1"}}},
                 {"spec", {{"family", "Miner"}, {"targetRef", {{"kind", "Pod"}}}}},
                 {"status", statusToJson(status)}};
  auto read = remediationFromJson(object);
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(statusToJson(read->status), statusToJson(status));
}

// The schema takes a plan in part, so a forged one can be in part; what is written back has to be taken too.
TEST(RemediationJson, APlanInPartIsWrittenBackInPart) {
  const Json plan = Json::array({{{"name", "lock"}, {"objectRef", {{"name", "console"}}}}, {{"name", "bare"}}});
  const auto read = remediationFromJson(
      {{"metadata", {{"name", "forged"}}},
       {"spec", {{"family", "Miner"}, {"targetRef", {{"kind", "Pod"}, {"name", "web"}}}}},
       {"status", {{"plan", plan}}}});
  ASSERT_TRUE(read);
  EXPECT_EQ(statusToJson(read->status)["plan"], plan);
}

TEST(RemediationJson, AnUnknownFamilyIsNamed) {
  auto read = remediationFromJson(
      {{"metadata", {{"name", "x"}}}, {"spec", {{"family", "Weather"}}}});
  ASSERT_FALSE(read.has_value());
  EXPECT_NE(read.error().message.find("Remediation x"), std::string::npos);
}

TEST(RemediationJson, TransitionTimeMovesOnlyWithTheStatus) {
  std::vector<Condition> conditions;
  WallTime t0 = *parseTime("2026-11-22T15:00:00Z");
  WallTime t1 = *parseTime("2026-11-22T16:00:00Z");
  EXPECT_TRUE(setCondition(conditions, "Ready", "True", "Ok", "", t0, 1));
  EXPECT_FALSE(setCondition(conditions, "Ready", "True", "Ok", "", t1, 1));
  EXPECT_TRUE(setCondition(conditions, "Ready", "True", "Ok", "text", t1, 1));
  EXPECT_EQ(conditions[0].since, t0);
  EXPECT_TRUE(setCondition(conditions, "Ready", "False", "Bad", "", t1, 1));
  EXPECT_EQ(conditions[0].since, t1);
}

}  // namespace
}  // namespace firebreak
