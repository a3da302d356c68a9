// What becomes of an Event.
#include "kube/events.h"

#include <gtest/gtest.h>

#include <atomic>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/json.h"
#include "support/fake_transport.h"

namespace firebreak::kube {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(EventTest, GoesIntoTheNamespaceOfWhatItIsAboutOrDefault) {
  EventSpec spec;
  spec.name = "e";
  spec.reason = "Because";
  spec.regarding = {"v1", "Node", "", "n1", "u"};
  spec.note = std::string(2000, 'x');
  const Json node = eventJson(spec, "pod-1");
  EXPECT_EQ(node["metadata"]["namespace"], "default");
  EXPECT_EQ(node["note"].get<std::string>().size(), 1024u);
  EXPECT_EQ(node["eventTime"].get<std::string>().size(), 27u) << "exactly six digits";
  EXPECT_EQ(node["action"], "Because") << "the API requires one";
  EXPECT_FALSE(node["regarding"].contains("namespace"));
  spec.regarding.ns = "shop";
  EXPECT_EQ(eventJson(spec, "pod-1")["metadata"]["namespace"], "shop");
}

TEST(EventTest, CutsANoteBetweenCharacters) {
  EventSpec spec;
  for (int pad = 0; pad < 4; ++pad) {
    spec.note =
        std::string(1020 + static_cast<size_t>(pad), 'x') + "\xf0\x9f\x94\xa5\xf0\x9f\x94\xa5";
    const std::string note = eventJson(spec, "p")["note"];
    EXPECT_EQ((note.size() - 1020 - static_cast<size_t>(pad)) % 4, 0u);
    EXPECT_LE(note.size(), 1024u);
  }
}

TEST(EventRecorderTest, DropsWhatDoesNotFitAndNeverBlocks) {
  FakeTransport transport;
  std::mutex gate;
  std::atomic<bool> writing{false};
  std::unique_lock closed(gate);
  transport.onSend([&](const HttpRequest& request) {
    EXPECT_EQ(request.priority, Priority::kEvent);
    writing = true;
    std::lock_guard wait(gate);
    return respond(409, R"({"kind":"Status","code":409,"reason":"AlreadyExists"})");
  });
  Client client(transport);
  EventRecorder recorder(client, "me", 3);
  EventSpec spec;
  spec.name = "e";
  recorder.emit(spec);
  while (!writing) std::this_thread::yield();
  for (int i = 0; i < 5; ++i) recorder.emit(spec);
  EXPECT_EQ(recorder.stats().dropped, 2u);
  EXPECT_FALSE(recorder.flush(milliseconds(1)));
  closed.unlock();
  EXPECT_TRUE(recorder.flush(seconds(10)));
  EXPECT_EQ(recorder.stats().written, 4u) << "AlreadyExists is success";
}

class EventSeriesTest : public ::testing::Test {
 protected:
  EventSeriesTest() {
    transport_.onSend([this](const HttpRequest& request) {
      if (request.method == "PATCH" && gone_) return respond(404, "");
      return respond(request.method == "POST" ? 201 : 200, "{}");
    });
  }
  void emit(const std::string& name, seconds at, const std::string& note = "said") {
    EventSpec spec;
    spec.name = name;
    spec.reason = "Blocked";
    spec.note = note;
    spec.regarding = {"v1", "Pod", "shop", "web", "u"};
    spec.time = WallTime(seconds(1'795'359'845)) + at;
    recorder_.emit(spec);
    ASSERT_TRUE(recorder_.flush(seconds(10)));
  }
  std::vector<std::string> verbs() {
    std::vector<std::string> all;
    for (const auto& request : transport_.requests) all.push_back(request.method);
    return all;
  }

  bool gone_ = false;
  FakeTransport transport_;
  Client client_{transport_};
  EventRecorder recorder_{client_, "me"};
};
using Verbs = std::vector<std::string>;

TEST_F(EventSeriesTest, SaysTheSameAgainAsASeriesOfTheFirst) {
  emit("one", seconds(0));
  emit("one", seconds(1));  // the same step, tried again
  emit("two", seconds(60));
  emit("three", seconds(120));
  EXPECT_EQ(verbs(), (Verbs{"POST", "PATCH", "PATCH"}));
  const HttpRequest last = transport_.requests.back();
  EXPECT_EQ(last.path, "/apis/events.k8s.io/v1/namespaces/shop/events/one?fieldManager=firebreak");
  const Json series = Json::parse(last.body)["series"];
  EXPECT_EQ(series["count"], 3);
  EXPECT_EQ(series["lastObservedTime"], "2026-11-22T15:06:05.000000Z");
  EXPECT_EQ(last.priority, Priority::kEvent);
}

TEST_F(EventSeriesTest, BeginsAnewAfterALongTimeAndForAnotherNote) {
  emit("one", seconds(0));
  emit("two", seconds(0), "something else");
  emit("three", seconds(360));
  EXPECT_EQ(verbs(), (Verbs{"POST", "POST", "POST"}));
}

TEST_F(EventSeriesTest, WritesAnEventOfItsOwnWhereTheFirstIsGone) {
  emit("one", seconds(0));
  gone_ = true;
  emit("two", seconds(60));
  EXPECT_EQ(verbs(), (Verbs{"POST", "PATCH", "POST"}));
  EXPECT_EQ(recorder_.stats().written, 2u);
}

}  // namespace
}  // namespace firebreak::kube
