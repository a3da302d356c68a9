#include "cli/report.h"

#include <gtest/gtest.h>

#include "cli/html_page.h"

namespace firebreak {
namespace {

Remediation contained() {
  Remediation remediation;
  remediation.name = "miner-web-1";
  remediation.created = WallTime{std::chrono::seconds(1'800'000'000)};
  remediation.target = {"v1", "Pod", "shop", "web-1", ""};
  remediation.status.phase = Phase::kContained;
  remediation.status.outcome = Outcome::kRemediated;
  PlannedStep step;
  step.name = "deny-traffic";
  step.action = "Isolate";
  step.reversal = "Reversible";
  remediation.status.plan.push_back(step);
  StepRecord record;
  record.name = "deny-traffic";
  record.state = StepState::kVerified;
  remediation.status.steps.push_back(record);
  return remediation;
}

TEST(ReportPage, ShowsStateTargetAndSteps) {
  const std::string page = reportPage({contained()}, WallTime{});
  EXPECT_NE(page.find("Contained / Remediated"), std::string::npos);
  EXPECT_NE(page.find("shop/web-1"), std::string::npos);
  EXPECT_NE(page.find("deny-traffic (Isolate, Reversible)"), std::string::npos);
  EXPECT_NE(page.find("Verified"), std::string::npos);
}

TEST(ReportPage, NewestIsFirst) {
  Remediation older = contained();
  Remediation newer = contained();
  newer.name = "miner-web-2";
  newer.created += std::chrono::seconds(1);
  const std::string page = reportPage({older, newer}, WallTime{});
  EXPECT_LT(page.find("miner-web-2"), page.find("miner-web-1"));
}

TEST(ReportPage, TextOfOthersIsNoMarkup) {
  Remediation remediation = contained();
  remediation.status.message = "<script>alert(1)</script>";
  remediation.decision.action = "Revert";
  remediation.decision.by = "a\" onload=\"x";
  const std::string page = reportPage({remediation}, WallTime{});
  EXPECT_EQ(page.find("<script>"), std::string::npos);
  EXPECT_EQ(page.find("\" onload"), std::string::npos);
}

TEST(ReportPage, SaysSoWhereThereIsNothing) {
  EXPECT_NE(reportPage({}, WallTime{}).find("Nothing was found"), std::string::npos);
}

TEST(HtmlPage, BytesThatAreNoUtf8AreReplaced) {
  const std::string page = htmlPage("t", "a\xff" "b");
  EXPECT_EQ(page.find('\xff'), std::string::npos);
}

}  // namespace
}  // namespace firebreak
