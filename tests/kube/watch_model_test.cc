// Random histories with random faults: whatever happens, the store ends in the state of the world,
// and what it tells on the way is what Kubernetes permits. FIREBREAK_MODEL_SEEDS=N runs N of them,
// FIREBREAK_MODEL_SEED=S that one alone.
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include "base/log.h"
#include "kube/watch_model.h"

namespace firebreak::kube {
namespace {

uint32_t number(const char* variable, uint32_t otherwise) {
  const char* text = std::getenv(variable);
  return text && *text ? static_cast<uint32_t>(std::strtoul(text, nullptr, 10)) : otherwise;
}

// Thousands of failures on purpose are no news.
const auto kQuiet = [] {
  log::setLevel(log::Level::kError);
  return true;
}();

TEST(WatchModelTest, EndsInTheStateOfTheWorldByPermittedSteps) {
  const uint32_t only = number("FIREBREAK_MODEL_SEED", 0);
  const uint32_t count = number("FIREBREAK_MODEL_SEEDS", 500);
  for (uint32_t seed = only ? only : 1; seed <= (only ? only : count); ++seed) {
    const auto wrong = runModel(seed);
    ASSERT_FALSE(wrong) << *wrong << "again with FIREBREAK_MODEL_SEED=" << seed;
  }
}

struct BugCase {
  const char* name;
  ModelBug bug;
};

class ModelCatches : public ::testing::TestWithParam<BugCase> {};

// A bug that the model does not notice is one that it would not notice in the product either.
TEST_P(ModelCatches, It) {
  for (uint32_t seed = 1; seed <= 300; ++seed) {
    if (runModel(seed, GetParam().bug)) {
      RecordProperty("seeds", static_cast<int>(seed));
      return;
    }
  }
  FAIL() << "300 histories and nothing was noticed";
}

INSTANTIATE_TEST_SUITE_P(
    Bugs, ModelCatches,
    ::testing::Values(BugCase{"LostResume", ModelBug::kLostResume},
                      BugCase{"IgnoredGone", ModelBug::kIgnoredGone},
                      BugCase{"ReusedUid", ModelBug::kReusedUid},
                      BugCase{"SwallowedBookmark", ModelBug::kSwallowedBookmark},
                      BugCase{"SwallowedDeletion", ModelBug::kSwallowedDeletion},
                      BugCase{"HalfAList", ModelBug::kHalfAList},
                      BugCase{"CutListIsComplete", ModelBug::kCutListIsComplete},
                      BugCase{"MergedList", ModelBug::kMergedList},
                      BugCase{"StaleListAccepted", ModelBug::kStaleListAccepted},
                      BugCase{"CutLineIsComplete", ModelBug::kCutLineIsComplete},
                      BugCase{"OldEventAsNew", ModelBug::kOldEventAsNew},
                      BugCase{"LostContinueToken", ModelBug::kLostContinueToken},
                      BugCase{"VersionOfSynthetic", ModelBug::kVersionOfSynthetic}),
    [](const auto& bug) { return std::string(bug.param.name); });

}  // namespace
}  // namespace firebreak::kube
