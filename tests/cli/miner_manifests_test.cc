// Every manifest of manifests/remediate gives one miner of tier Remediate, of manifests/alert one
// of tier Alert, of manifests/silent none at all. Each file is named after the shape that it shows.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <sstream>

#include "cli/loader.h"
#include "detect/miners/scan_miners.h"

namespace firebreak {
namespace {

namespace fs = std::filesystem;

std::string folder() { return std::string(FB_SOURCE_DIR) + "/tests/cli/manifests/"; }

std::vector<std::string> filesOf(const std::string& group) {
  std::vector<std::string> files;
  for (const auto& entry : fs::directory_iterator(folder() + group)) {
    files.push_back(entry.path().string());
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::vector<Finding> minersIn(const std::string& file) {
  std::istringstream none;
  Loaded loaded = loadPaths({file}, none);
  EXPECT_TRUE(loaded.errors.empty()) << file;
  EXPECT_FALSE(loaded.documents.empty()) << file;
  detect::ScanInput input(std::move(loaded.documents));
  return detect::scanMiners(input);
}

std::string testName(const testing::TestParamInfo<std::string>& info) {
  std::string name = fs::path(info.param).stem().string();
  std::replace_if(
      name.begin(), name.end(), [](unsigned char c) { return std::isalnum(c) == 0; }, '_');
  return name;
}

class MinerOfTierRemediate : public testing::TestWithParam<std::string> {};
TEST_P(MinerOfTierRemediate, IsFoundOnce) {
  std::vector<Finding> findings = minersIn(GetParam());
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings[0].tier, Tier::kRemediate) << findings[0].message;
  EXPECT_EQ(findings[0].severity, Severity::kCritical);
  EXPECT_GT(findings[0].line, 0);
  EXPECT_FALSE(findings[0].evidence.empty());
  EXPECT_EQ(findings[0].fieldPath.find("spec"), 0u) << findings[0].fieldPath;
}
INSTANTIATE_TEST_SUITE_P(Manifests, MinerOfTierRemediate, testing::ValuesIn(filesOf("remediate")),
                         testName);

class MinerOfTierAlert : public testing::TestWithParam<std::string> {};
TEST_P(MinerOfTierAlert, IsShownAndNotActedOn) {
  std::vector<Finding> findings = minersIn(GetParam());
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings[0].tier, Tier::kAlert) << findings[0].message;
}
INSTANTIATE_TEST_SUITE_P(Manifests, MinerOfTierAlert, testing::ValuesIn(filesOf("alert")),
                         testName);

class Innocent : public testing::TestWithParam<std::string> {};
TEST_P(Innocent, HasNoMiner) {
  for (const Finding& finding : minersIn(GetParam())) ADD_FAILURE() << finding.message;
}
INSTANTIATE_TEST_SUITE_P(Manifests, Innocent, testing::ValuesIn(filesOf("silent")), testName);

}  // namespace
}  // namespace firebreak
