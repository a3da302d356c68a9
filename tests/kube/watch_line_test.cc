// Framing and reading of watch lines, list pages and identities.
#include "kube/watch_line.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "kube/list_page.h"
#include "kube/object_identity.h"

namespace firebreak::kube {
namespace {

std::vector<std::string> frame(LineFramer& framer, const std::vector<std::string>& chunks) {
  std::vector<std::string> lines;
  for (const std::string& chunk : chunks) {
    framer.feed(chunk, [&](std::string_view line, bool whole) {
      lines.push_back(std::string(line) + (whole ? "" : "..."));
      return true;
    });
  }
  return lines;
}

TEST(LineFramerTest, FindsTheSameLinesHoweverTheBytesAreCut) {
  const std::string text = "one\ntwo\n\r\nthree\n";
  const std::vector<std::string> expected{"one", "two", "three"};
  for (size_t a = 0; a <= text.size(); ++a) {
    for (size_t b = a; b <= text.size(); ++b) {
      LineFramer framer(100);
      EXPECT_EQ(frame(framer, {text.substr(0, a), text.substr(a, b - a), text.substr(b)}), expected)
          << a << " " << b;
    }
  }
}

TEST(LineFramerTest, KeepsTheBeginningOfLinesThatAreTooLongAndCountsThem) {
  LineFramer framer(5);
  EXPECT_EQ(frame(framer, {"12345\n123456\nab\n", "123", "456", "789\ncd\n"}),
            (std::vector<std::string>{"12345", "12345...", "ab", "12345...", "cd"}));
  EXPECT_EQ(framer.oversized(), 2u);
}

TEST(LineFramerTest, ForgetsWhatWasCutWhenItStartsAnew) {
  LineFramer framer(100);
  EXPECT_TRUE(frame(framer, {"half"}).empty());
  framer.reset();
  EXPECT_EQ(frame(framer, {"whole\n"}), std::vector<std::string>{"whole"});
}

TEST(WatchLineTest, ReadsTypeVersionAndRawObject) {
  PaddedJson space;
  auto line = readWatchLine(
      space,
      R"({"type":"MODIFIED","object":{"kind":"Pod","metadata":{"name":"a","resourceVersion":"7"},"x":[1,{}]}})");
  ASSERT_TRUE(line);
  EXPECT_EQ(line->type, WatchLine::Type::kModified);
  EXPECT_EQ(line->resourceVersion, "7");
  EXPECT_EQ(line->object,
            R"({"kind":"Pod","metadata":{"name":"a","resourceVersion":"7"},"x":[1,{}]})");
}

TEST(WatchLineTest, KnowsTheBookmarkThatEndsAStreamingList) {
  PaddedJson space;
  auto end = readWatchLine(
      space,
      R"({"type":"BOOKMARK","object":{"kind":"Pod","apiVersion":"v1","metadata":{"resourceVersion":"3394","annotations":{"k8s.io/initial-events-end":"true"}},"spec":{"containers":null},"status":{}}})");
  ASSERT_TRUE(end);
  EXPECT_TRUE(end->initialEventsEnd);
  EXPECT_EQ(end->resourceVersion, "3394");
  auto plain = readWatchLine(
      space,
      R"({"type":"BOOKMARK","object":{"metadata":{"annotations":null,"resourceVersion":"5"}}})");
  ASSERT_TRUE(plain);
  EXPECT_FALSE(plain->initialEventsEnd);
  EXPECT_EQ(plain->resourceVersion, "5");
}

TEST(WatchLineTest, ReadsTheMembersInAnyOrder) {
  PaddedJson space;
  auto line = readWatchLine(
      space, R"({"object":{"spec":{},"metadata":{"resourceVersion":"8"}},"type":"DELETED"})");
  ASSERT_TRUE(line);
  EXPECT_EQ(line->type, WatchLine::Type::kDeleted);
  EXPECT_EQ(line->resourceVersion, "8");
}

TEST(WatchLineTest, RefusesWhatIsNoEvent) {
  PaddedJson space;
  for (const char* text :
       {"", "x", "{}", "[]", "null", R"({"type":"ADDED"})", R"({"type":"ADDED","object":5})",
        R"({"type":1,"object":{}})", R"({"type":"ADDED","object":{"metadata":{})",
        R"({"type":"ADDED","object":{"metadata":{"name":"a}}})"}) {
    EXPECT_FALSE(readWatchLine(space, text)) << text;
  }
}

TEST(ListPageTest, GivesItemsTheirKindBack) {
  PaddedJson space;
  std::vector<std::string> items;
  auto page = readListPage(
      space,
      R"({"kind":"DeploymentList","apiVersion":"apps/v1","metadata":{"continue":"c","resourceVersion":"9"},"items":[{"metadata":{"name":"a"}}, {}]})",
      [&](std::string_view item) { items.emplace_back(item); });
  ASSERT_TRUE(page);
  EXPECT_EQ(page->resourceVersion, "9");
  EXPECT_EQ(page->continueToken, "c");
  EXPECT_EQ(items, std::vector<std::string>{
                       R"({"kind":"Deployment","apiVersion":"apps/v1","metadata":{"name":"a"}})"});
}

TEST(ListPageTest, TakesNullForAnEmptyListAndRefusesCutOnes) {
  PaddedJson space;
  const auto ignore = [](std::string_view) {};
  EXPECT_TRUE(readListPage(space, R"({"metadata":{},"items":null})", ignore));
  EXPECT_FALSE(readListPage(space, R"({"metadata":{},"items":[{"a":1},{"b")", ignore));
  EXPECT_FALSE(readListPage(space, "", ignore));
  EXPECT_FALSE(readListPage(space, R"({"metadata":{}})", ignore));
}

TEST(ObjectIdentityTest, ReadsTheNameOfAnObject) {
  auto identity = identityOf(
      R"({"spec":{},"metadata":{"uid":"u","name":"n","namespace":"s","resourceVersion":"4","labels":{"name":"x"}}})");
  ASSERT_TRUE(identity);
  EXPECT_EQ(identity->key(), "s/n");
  EXPECT_EQ(identity->uid, "u");
  EXPECT_EQ(identity->resourceVersion, "4");
  EXPECT_EQ(identityOf(R"({"metadata":{"name":"node"}})")->key(), "node");
  EXPECT_FALSE(identityOf(R"({"metadata":{"uid":"u"}})"));
  EXPECT_FALSE(identityOf("nonsense"));
}

}  // namespace
}  // namespace firebreak::kube
