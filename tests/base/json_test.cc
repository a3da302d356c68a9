#include "base/json.h"

#include <gtest/gtest.h>

namespace firebreak {
namespace {

TEST(JsonText, BadInputIsNamedAndDoesNotThrow) {
  auto value = parseJson("{\"a\":", "policy default");
  ASSERT_FALSE(value.has_value());
  EXPECT_EQ(value.error().message, "policy default is not valid JSON");
}

TEST(JsonText, WhatNestsTooDeepIsRefusedBeforeItIsWalked) {
  std::string deep(100000, '[');
  auto value = parseJson(deep + std::string(100000, ']'), "nested text");
  ASSERT_FALSE(value.has_value());
  EXPECT_EQ(value.error().message, "nested text nests too deep");
  EXPECT_TRUE(parseJson("{\"a\": \"[[[[\\\"[[\"}", "text").has_value()) << "brackets in strings do not nest";
}

TEST(JsonText, MembersOfTheWrongTypeReadAsAbsent) {
  Json object = {{"spec", {{"replicas", "three"}}}};
  EXPECT_EQ(intOr(member(object, {"spec", "replicas"}), 7), 7);
  EXPECT_TRUE(member(object, {"spec", "replicas", "deeper"}).is_null());
}

TEST(JsonText, BadUtf8IsReplacedNotThrown) {
  EXPECT_EQ(dumpJson(Json("a\xff")), "\"a\xEF\xBF\xBD\"");
}

TEST(JsonText, PointerTokensAreEscaped) {
  EXPECT_EQ(escapePointerToken("app.kubernetes.io/name~x"), "app.kubernetes.io~1name~0x");
}

}  // namespace
}  // namespace firebreak
