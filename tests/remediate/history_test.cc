#include "remediate/history.h"

#include <gtest/gtest.h>

namespace firebreak::remediate {
namespace {

using Ptr = std::shared_ptr<const Remediation>;

Ptr ended(const std::string& name, int64_t at, const std::string& policy = "p",
          Outcome outcome = Outcome::kNoLongerPresent, Phase phase = Phase::kContained) {
  Remediation remediation;
  remediation.name = name;
  remediation.status.policyUid = policy;
  remediation.status.outcome = outcome;
  remediation.status.phase = phase;
  remediation.status.endedAt = WallTime(std::chrono::seconds(at));
  return std::make_shared<const Remediation>(remediation);
}

std::vector<std::string> names(const std::vector<Ptr>& all) {
  std::vector<std::string> names;
  for (const Ptr& each : all) names.push_back(each->name);
  return names;
}

TEST(History, TheOldestFinishedOnesGoPolicyByPolicy) {
  std::vector<Ptr> all = {ended("c", 3), ended("a", 1), ended("b", 2), ended("other", 0, "q")};
  EXPECT_EQ(names(beyondHistory(all, {{"p", 1}}, 50)), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(names(beyondHistory(all, {{"p", 9}}, 0)), (std::vector<std::string>{"other"}));
}

TEST(History, WhatStillStandsIsNeverHistory) {
  std::vector<Ptr> all = {
      ended("contained", 1, "p", Outcome::kRemediated),
      ended("rejected", 1, "p", Outcome::kNone, Phase::kRejected),
      ended("reverted", 1, "p", Outcome::kNone, Phase::kReverted),
  };
  Remediation holding = *ended("holding", 1);
  StepRecord& record = holding.status.steps.emplace_back();
  record.name = "deny";
  record.state = StepState::kVerified;
  all.push_back(std::make_shared<const Remediation>(holding));
  EXPECT_TRUE(beyondHistory(all, {{"p", 0}}, 0).empty());
}

}  // namespace
}  // namespace firebreak::remediate
