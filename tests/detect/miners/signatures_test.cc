#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>

#include "detect/signatures/miners.h"

namespace firebreak::detect {
namespace {

struct Table {
  const char* name;
  std::span<const MinerSignature> entries;
};

class MinerSignatureTables : public testing::TestWithParam<Table> {};

TEST_P(MinerSignatureTables, EveryEntryIsLowerCaseUniqueAndHasASource) {
  std::set<std::string_view> seen;
  EXPECT_FALSE(GetParam().entries.empty());
  for (const MinerSignature& entry : GetParam().entries) {
    EXPECT_FALSE(entry.word.empty());
    EXPECT_FALSE(entry.source.empty()) << entry.word;
    EXPECT_TRUE(seen.insert(entry.word).second) << entry.word << " stands there twice";
    EXPECT_TRUE(std::none_of(entry.word.begin(), entry.word.end(), [](char c) {
      return c >= 'A' && c <= 'Z';
    })) << entry.word;
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, MinerSignatureTables,
    testing::Values(Table{"schemes", minerSchemes()}, Table{"pools", minerPools()},
                    Table{"algorithms", minerAlgorithms()}, Table{"flags", minerFlags()},
                    Table{"programs", minerPrograms()}, Table{"images", minerImages()},
                    Table{"malware", minerMalware()}, Table{"repositories", minerRepositories()},
                    Table{"downloads", minerDownloads()}, Table{"variables", minerVariables()},
                    Table{"configFiles", minerConfigFiles()}, Table{"textTools", textTools()},
                    Table{"infrastructure", infrastructureNames()},
                    Table{"registries", trustedRegistries()}),
    [](const auto& table) { return std::string(table.param.name); });

TEST(MinerSignatures, NoWordIsSoShortOrCommonThatItAccusesOthers) {
  const std::set<std::string_view> common = {"miner", "mining", "pool", "worker", "monero", "mine"};
  for (auto table : {minerPrograms(), minerImages(), minerDownloads()}) {
    for (const MinerSignature& entry : table) {
      EXPECT_EQ(common.count(entry.word), 0u) << entry.word;
      EXPECT_GE(entry.word.size(), 5u) << entry.word;
    }
  }
}

}  // namespace
}  // namespace firebreak::detect
