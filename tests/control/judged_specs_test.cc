#include "control/judged_specs.h"

#include <gtest/gtest.h>

namespace firebreak::control {
namespace {

SecurityPolicy policyAt(int64_t generation) {
  SecurityPolicy policy;
  policy.uid = "p";
  policy.generation = generation;
  return policy;
}

TEST(JudgedSpecs, KnowsASpecUnderThePolicyAndTheControllerThatItWasJudgedFor) {
  JudgedSpecs judged;
  auto spec = std::make_shared<const PodSpec>();
  const ObjectRef web{"apps/v1", "ReplicaSet", "shop", "web", "u"};
  EXPECT_FALSE(judged.saysNothing(spec, web, policyAt(1)));
  judged.remember(spec, web, policyAt(1));
  EXPECT_TRUE(judged.saysNothing(spec, web, policyAt(1)));
  EXPECT_FALSE(judged.saysNothing(spec, web, policyAt(2))) << "the policy was changed";
  EXPECT_FALSE(judged.saysNothing(spec, {}, policyAt(1)));
  EXPECT_FALSE(judged.saysNothing(std::make_shared<const PodSpec>(), web, policyAt(1)));
}

TEST(JudgedSpecs, ForgetsWhatItWasToldLongAgo) {
  JudgedSpecs judged;
  auto first = std::make_shared<const PodSpec>();
  judged.remember(first, {}, policyAt(1));
  for (int i = 0; i < 100; ++i) judged.remember(std::make_shared<const PodSpec>(), {}, policyAt(1));
  EXPECT_FALSE(judged.saysNothing(first, {}, policyAt(1)));
  EXPECT_EQ(first.use_count(), 1) << "and lets go of it";
}

}  // namespace
}  // namespace firebreak::control
