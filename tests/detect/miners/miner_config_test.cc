#include "detect/miners/miner_config.h"

#include <gtest/gtest.h>

namespace firebreak::detect {
namespace {

TEST(MinerConfig, KnowsXmrigsByPoolAndMark) {
  for (const char* mark :
       {R"("donate-level":1)", R"("randomx":{})", R"("nicehash":true)", R"("rig-id":null)"}) {
    std::string text = std::string(R"({"pools":[{"url":"h:1","user":"u"}],)") + mark + "}";
    auto config = parseMinerConfig(text);
    ASSERT_TRUE(config) << mark;
    EXPECT_EQ(config->format, "XMRig");
    EXPECT_EQ(config->pools, std::vector<std::string>{"h:1"});
  }
  EXPECT_TRUE(parseMinerConfig(R"({"pools":[{"url":"h:1","user":"u","rig-id":"a"}]})"));
  EXPECT_TRUE(parseMinerConfig(
      "// comment\n{\"pools\":[{\"url\":\"h:1\",\"user\":\"u\",\"algo\":\"rx/0\"}]}"));
}

TEST(MinerConfig, KnowsXmrStaksFragments) {
  EXPECT_TRUE(parseMinerConfig(
      "\"pool_list\" : [ {\"pool_address\":\"h:1\",\"wallet_address\":\"w\",}, ],"));
}

TEST(MinerConfig, KnowsSinglePools) {
  EXPECT_TRUE(parseMinerConfig(R"({"url":"stratum+tcp://h:1","user":"u"})"));
  EXPECT_TRUE(parseMinerConfig(R"({"url":"h:1","user":"u","algo":"ethash"})"));
}

TEST(MinerConfig, IsNotATextThatMentionsPools) {
  for (const char* text :
       {"", "{", "[]", "stratum+tcp://h:1", R"({"pools":["pool.supportxmr.com"]})",
        R"({"pools":[{"url":"h:1","user":"u"}]})", R"({"pools":[{"url":"h:1"}],"donate-level":1})",
        R"({"url":"postgres://h:5432","user":"u"})",
        R"({"rules":[{"pattern":"\"pools\":[{\"url\""}],"nicehash":"stratum"})"}) {
    EXPECT_FALSE(parseMinerConfig(text)) << text;
  }
}

TEST(MinerConfig, KnowsAPoolByItsNameWhereNothingElseIsTelling) {
  EXPECT_TRUE(parseMinerConfig(R"({"pools":[{"url":"pool.hashvault.pro:443","user":"u"}]})"));
  EXPECT_FALSE(parseMinerConfig(R"({"pools":[{"url":"https://hashvault.pro/api","user":"u"}]})"));
}

TEST(MinerConfig, KnowsLolMinersProfilesAndSrbMinersPools) {
  EXPECT_TRUE(parseMinerConfig(R"({"DEFAULTS":{"APIPORT":80},"ETC":{"ALGO":"ETCHASH","POOLS":[{"POOL":"h:1","USER":"w"}]}})"));
  EXPECT_FALSE(parseMinerConfig(R"({"WEB":{"ALGO":"LRU","POOLS":[{"POOL":"h:1","USER":"w"}]}})"));
  EXPECT_TRUE(parseMinerConfig(R"({"pools":[{"pool":"h:3416","wallet":"w#1","password":"x","worker":"a"}]})"));
  EXPECT_FALSE(parseMinerConfig(R"({"pools":[{"pool":"supportxmr","wallet":"w","password":"x"}]})"));
  EXPECT_FALSE(parseMinerConfig(R"({"pools":[{"pool":"h:3416","wallet":"w"}]})"));
}

TEST(MinerConfig, KnowsProfilesListsAndPlainFiles) {
  for (const char* text :
       {R"({"DEFAULTS":{},"MAIN":{"algo":"ETCHASH","pool":"h:1010","user":"w"}})",
        R"({"pool_configs":[{"algorithm":"kaspa","wallet":["w"],"url":["stratum+tcp://h:2020"]}]})",
        "[[pools]]\nurl = \"stratum+tcp://h:3333\"\nuser = \"w\"\n", "pool: stratum+ssl://h:443\nwallet: w\n"}) {
    EXPECT_TRUE(parseMinerConfig(text)) << text;
  }
  for (const char* text : {"url: https://git.example\nuser: bot\nalgo: fifo\n", "[pools]\nurl = \"pg:5432\"\nuser = \"a\"\n",
                           "see stratum+tcp://h:1\nuser: me\n", R"({"a":{"pool":"db:5432","user":"u","algo":"lru"}})"}) {
    EXPECT_FALSE(parseMinerConfig(text)) << text;
  }
}

}  // namespace
}  // namespace firebreak::detect
