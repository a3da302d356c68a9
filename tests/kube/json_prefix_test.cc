#include "kube/json_prefix.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

namespace firebreak::kube {
namespace {

TEST(JsonPrefixTest, KeepsWhatIsComplete) {
  const struct {
    const char* cut;
    const char* closed;
  } cases[] = {
      {R"({"a":1,"b":"x)", R"({"a":1})"},
      {R"({"a":1,"b":"x")", R"({"a":1,"b":"x"})"},
      {R"({"a":12)", R"({})"},  // it may go on
      {R"({"a":12,)", R"({"a":12})"},
      {R"({"a":tru)", R"({})"},
      {R"({"a":[1,{"b":null},)", R"({"a":[1,{"b":null}]})"},
      {R"({"a":{"b":)", R"({"a":{}})"},
      {R"({"a":"x\")", R"({})"},
      {R"({"a":"x\\","b")", R"({"a":"x\\"})"},
      {R"({"a":1}  )", R"({"a":1})"},
      {R"({"a":1}{"b":2)", R"({"a":1})"},
      {"  [", "  []"},
      {"", ""},
      {"\"text", ""},
      {"42", ""},
  };
  for (const auto& c : cases) EXPECT_EQ(closeJsonPrefix(c.cut), c.closed) << c.cut;
}

TEST(JsonPrefixTest, GivesJsonForEveryPrefixOfAnObject) {
  const std::string whole =
      R"({"type":"MODIFIED","object":{"metadata":{"name":"a","uid":"u","labels":{"k":"v\u00e4\\"}},)"
      R"("spec":{"containers":[{"args":["-o","pool \"x\"",""],"n":-1.5e3,"t":true,"z":null},{}]}}})";
  for (size_t size = 1; size <= whole.size(); ++size) {
    const std::string closed = closeJsonPrefix(whole.substr(0, size));
    EXPECT_TRUE(nlohmann::json::accept(closed)) << closed;
  }
  EXPECT_EQ(closeJsonPrefix(whole), whole);
}

}  // namespace
}  // namespace firebreak::kube
