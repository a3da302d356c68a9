#include "cli/yaml_json.h"

#include <gtest/gtest.h>

namespace firebreak {
namespace {

Json parsed(const std::string& text) {
  int line = 0;
  auto document = parseYaml(text, &line);
  EXPECT_TRUE(document) << text;
  return document ? document->value : Json();
}

TEST(YamlJson, TypesPlainScalarsAsKubectlDoes) {
  EXPECT_EQ(parsed("[yes, off, True, null, ~, 12, -3, 0x1F, 010, 1_000, 1.5, 1e3]"),
            Json::parse("[true, false, true, null, null, 12, -3, 31, 8, 1000, 1.5, 1000.0]"));
  EXPECT_EQ(
      parsed("[1.2.3, 12:30, 2024-01-01, 1Gi, 100m, .x, '-', nope, 0.0.0.0]"),
      Json::parse(R"(["1.2.3","12:30","2024-01-01","1Gi","100m",".x","-","nope","0.0.0.0"])"));
}

TEST(YamlJson, LeavesQuotedAndTaggedScalarsStrings) {
  EXPECT_EQ(parsed("['yes', \"12\", !!str 12, ''] "), Json::parse(R"(["yes","12","12",""])"));
  EXPECT_EQ(parsed("a: |\n  12\n"), Json::parse(R"({"a":"12\n"})"));
}

TEST(YamlJson, FollowsAnchorsAndMergeKeys) {
  EXPECT_EQ(parsed("a: &a {x: 1, y: 2}\nb:\n  <<: *a\n  y: 3\n"),
            Json::parse(R"({"a":{"x":1,"y":2},"b":{"x":1,"y":3}})"));
}

TEST(YamlJson, KeepsTheLineOfEveryField) {
  int line = 0;
  auto document = parseYaml("a: 1\nb:\n  c.d:\n  - e\n  - f: 2\n", &line);
  ASSERT_TRUE(document);
  EXPECT_EQ(document->lines.at("a"), 1);
  EXPECT_EQ(document->lines.at("b"), 2);
  EXPECT_EQ(document->lines.at("b[\"c.d\"]"), 3);
  EXPECT_EQ(document->lines.at("b[\"c.d\"][0]"), 4);
  EXPECT_EQ(document->lines.at("b[\"c.d\"][1].f"), 5);
}

TEST(YamlJson, KeepsWhereTextsBeginThatAreNotBesideTheirKey) {
  int line = 0;
  auto document = parseYaml(
      "a: |\n  x\n  y\nb: >-\n  u\n  v\nc: \"p\n  q\"\nd: one\ne:\n  two\nf: '{}'\ng: plain\n  words\n", &line);
  ASSERT_TRUE(document);
  EXPECT_EQ(document->texts.size(), 5U);
  EXPECT_EQ(document->texts.at("a").line, 2);
  EXPECT_EQ(document->texts.at("a").folded, "");
  EXPECT_EQ(document->texts.at("b").line, 5);
  EXPECT_EQ(document->texts.at("b").folded, "  u\n  v");
  EXPECT_EQ(document->texts.at("c").line, 7);
  EXPECT_EQ(document->texts.at("e").line, 11);
  EXPECT_EQ(document->texts.at("g").folded, "plain\n  words");
}

TEST(YamlJson, NamesTheLineOfAMistake) {
  int line = 0;
  EXPECT_FALSE(parseYaml("a: 1\nb: [1, 2\nc: 3\n", &line));
  EXPECT_GT(line, 0);
}

TEST(YamlJson, RefusesAliasesThatUnfoldWithoutEnd) {
  std::string bomb = "a: &a [x,x,x,x,x,x,x,x,x]\n";
  for (char c = 'b'; c <= 'j'; ++c) {
    std::string previous(1, static_cast<char>(c - 1));
    bomb += std::string(1, c) + ": &" + c + " [";
    for (int i = 0; i < 9; ++i) bomb += (i > 0 ? ",*" : "*") + previous;
    bomb += "]\n";
  }
  int line = 0;
  EXPECT_FALSE(parseYaml(bomb, &line));
  EXPECT_FALSE(parseYaml(std::string(5000, '[') + std::string(5000, ']'), &line));
}

}  // namespace
}  // namespace firebreak
