// What the fuzzers kept, run once more by every build.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "fuzz/targets.h"

namespace firebreak::fuzz {
namespace {

struct Target {
  const char* name;
  void (*run)(std::string_view);
};

class CorpusTest : public ::testing::TestWithParam<Target> {};

TEST_P(CorpusTest, EveryInputIsTakenOrRefused) {
  size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(
           std::string(FB_CORPUS) + "/" + GetParam().name)) {
    std::ifstream file(entry.path(), std::ios::binary);
    std::stringstream bytes;
    bytes << file.rdbuf();
    SCOPED_TRACE(entry.path());
    GetParam().run(bytes.str());
    ++count;
  }
  EXPECT_GT(count, 3u);
}

INSTANTIATE_TEST_SUITE_P(Fuzz, CorpusTest,
                         ::testing::Values(Target{"framer", &framer},
                                           Target{"projection", &projection},
                                           Target{"kubeconfig", &kubeconfig},
                                           Target{"status", &status}),
                         [](const auto& target) { return std::string(target.param.name); });

}  // namespace
}  // namespace firebreak::fuzz
