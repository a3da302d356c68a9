// Requests, Events and leases against a real API server.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "api/projection.h"
#include "kube/events.h"
#include "kube/leader.h"
#include "kube/live_cluster.h"
#include "kube/store.h"
#include "kube/watch.h"

namespace firebreak::kube {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST_F(LiveTest, SaysItsVersionAndReadiness) {
  auto version = client_->rawGet("/version");
  ASSERT_TRUE(version) << version.error().message;
  EXPECT_NE(version->find("gitVersion"), std::string::npos);
  EXPECT_EQ(client_->rawGet("/readyz").value_or(""), "ok");
}

TEST_F(LiveTest, CreatesReadsAndDeletesWithPreconditions) {
  const std::string uid = make("cycle");
  auto again = client_->create(kConfigMaps, ns_, configMap("cycle", "2"));
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, ErrorCode::kAlreadyExists);
  EXPECT_EQ(again.error().httpStatus, 409);
  EXPECT_TRUE(client_->get(kConfigMaps, ns_, "cycle"));
  auto wrong = client_->remove(kConfigMaps, ns_, "cycle", {"not-the-uid", ""});
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().code, ErrorCode::kConflict);
  EXPECT_TRUE(client_->remove(kConfigMaps, ns_, "cycle", {uid, ""}));
  auto gone = client_->get(kConfigMaps, ns_, "cycle");
  ASSERT_FALSE(gone);
  EXPECT_EQ(gone.error().code, ErrorCode::kNotFound);
  EXPECT_EQ(gone.error().message,
            "get ConfigMap " + ns_ + "/cycle: configmaps \"cycle\" not found");
}

TEST_F(LiveTest, PatchesByJsonPatchWithTestsByMergeAndByApply) {
  const std::string uid = make("patched");
  const auto test = [&](const std::string& value) {
    return Json::array({{{"op", "test"}, {"path", "/metadata/uid"}, {"value", uid}},
                        {{"op", "test"}, {"path", "/data/a"}, {"value", value}},
                        {{"op", "replace"}, {"path", "/data/a"}, {"value", "2"}}});
  };
  auto done = client_->patch(kConfigMaps, ns_, "patched", PatchKind::kJson, test("1"));
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ((*done)["data"]["a"], "2");
  auto refused = client_->patch(kConfigMaps, ns_, "patched", PatchKind::kJson, test("1"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().httpStatus, 422);
  auto merged =
      client_->patch(kConfigMaps, ns_, "patched", PatchKind::kMerge, {{"data", {{"b", "3"}}}});
  ASSERT_TRUE(merged) << merged.error().message;
  EXPECT_EQ((*merged)["data"]["b"], "3");

  Json applied = configMap("patched", "4");
  applied["metadata"]["uid"] = uid;
  PatchOptions options;
  options.fieldManager = "other";
  auto conflict = client_->patch(kConfigMaps, ns_, "patched", PatchKind::kApply, applied, options);
  ASSERT_FALSE(conflict);
  EXPECT_EQ(conflict.error().code, ErrorCode::kConflict);
  EXPECT_NE(conflict.error().message.find("firebreak"), std::string::npos);
  options.force = true;
  auto forced = client_->patch(kConfigMaps, ns_, "patched", PatchKind::kApply, applied, options);
  ASSERT_TRUE(forced) << forced.error().message;
  EXPECT_EQ((*forced)["data"]["a"], "4");
}

TEST_F(LiveTest, ShowsTheFieldThatIsInvalid) {
  Json bad = {{"apiVersion", "v1"},
              {"kind", "Pod"},
              {"metadata", {{"name", "bad"}}},
              {"spec", {{"containers", Json::array({{{"name", "Not Valid"}, {"image", ""}}})}}}};
  auto made = client_->create(kPods, ns_, bad);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, ErrorCode::kInvalid);
  EXPECT_NE(made.error().message.find("spec.containers[0].name"), std::string::npos)
      << made.error().message;
  EXPECT_NE(made.error().message.find("spec.containers[0].image"), std::string::npos);
}

TEST_F(LiveTest, FollowsContinueTokens) {
  std::vector<std::thread> makers;
  for (int part = 0; part < 4; ++part) {
    makers.emplace_back([part] {
      for (int i = 0; i < 5; ++i) {
        Json map = configMap("many-" + std::to_string(part) + "-" + std::to_string(i), "x");
        map["metadata"]["labels"] = {{"set", "many"}};
        EXPECT_TRUE(client_->create(kConfigMaps, ns_, map));
      }
    });
  }
  for (auto& maker : makers) maker.join();
  auto list = client_->list(kConfigMaps, ns_, {"set=many", ""});
  ASSERT_TRUE(list) << list.error().message;
  EXPECT_EQ((*list)["items"].size(), 20u);
}

TEST_F(LiveTest, ListsInPagesWhereAskedToAndByMetadataOnly) {
  make("only-meta", "not needed");
  Store<ConfigMap> store("configmaps", projectConfigMap);
  Reflector reflector(*transport_, {kConfigMaps, ns_, "", "metadata.name=only-meta", true}, store);
  reflector.start();
  Expectation seen;
  ASSERT_TRUE(seen.within(seconds(10), [&] { return store.hasSynced(); }));
  auto map = store.get(ns_ + "/only-meta");
  ASSERT_NE(map, nullptr);
  EXPECT_TRUE(map->data.empty());
  EXPECT_EQ(store.size(), 1u);
}

TEST_F(LiveTest, WritesEventsOnce) {
  EventRecorder recorder(*client_, "live-test");
  EventSpec spec;
  spec.name = "one.0000000000000001";
  spec.type = EventType::kWarning;
  spec.reason = "PodIsolated";
  spec.action = "Isolate";
  spec.note = std::string(1023, 'x') + "\xc3\xa4 more";  // cut inside a character
  spec.regarding = {"v1", "Pod", ns_, "web-1", "u1"};
  spec.time = std::chrono::system_clock::now();
  recorder.emit(spec);
  recorder.emit(spec);
  EventSpec node = spec;
  node.name = "client-test-" + std::to_string(getpid());
  node.regarding = {"v1", "Node", "", "node-1", ""};
  node.related = ObjectRef{"v1", "Pod", ns_, "web-1", "u1"};
  recorder.emit(node);
  ASSERT_TRUE(recorder.flush(seconds(10)));
  EXPECT_EQ(recorder.stats().written, 3u);
  EXPECT_EQ(recorder.stats().failed, 0u);
  auto event = client_->get(kEvents, ns_, spec.name);
  ASSERT_TRUE(event) << event.error().message;
  EXPECT_EQ(stringOr(member(*event, "note")), std::string(1023, 'x'));
  EXPECT_TRUE(client_->get(kEvents, "default", node.name));
  EXPECT_TRUE(client_->remove(kEvents, "default", node.name));
}

TEST_F(LiveTest, HandsTheLeadOverAtOnceWhenItIsReleased) {
  struct Side {
    std::atomic<int> started{0};
    std::atomic<int> stopped{0};
  } a, b;
  const auto options = [&](const char* who) {
    return LeaderOptions{ns_, "lead", who, seconds(15), seconds(10), milliseconds(200)};
  };
  const auto callbacks = [](Side& side) {
    return LeaderElector::Callbacks{[&side] { ++side.started; }, [&side] { ++side.stopped; }, {}};
  };
  LeaderElector first(*transport_, systemClock(), options("first"), callbacks(a));
  LeaderElector second(*transport_, systemClock(), options("second"), callbacks(b));
  Expectation seen;
  first.start();
  ASSERT_TRUE(seen.within(seconds(5), [&] { return first.isLeader(); }));
  second.start();
  EXPECT_FALSE(seen.within(seconds(1), [&] { return second.isLeader(); }));
  first.stop();
  EXPECT_FALSE(first.isLeader());
  EXPECT_EQ(a.stopped, 1);
  EXPECT_TRUE(seen.within(seconds(5), [&] { return second.isLeader(); }));
  second.stop();
  EXPECT_EQ(b.started, 1);
  auto lease = client_->get(kLeases, ns_, "lead");
  ASSERT_TRUE(lease);
  EXPECT_EQ(stringOr(member(*lease, {"spec", "holderIdentity"})), "");
}

TEST_F(LiveTest, RefusesAServerOfAnotherAuthority) {
  ClusterConfig other = config_;
  other.caPem.clear();
  other.caFile = "/etc/ssl/certs/ca-certificates.crt";
  auto transport = makeCurlTransport(other);
  ASSERT_TRUE(transport) << transport.error().message;
  Client client(**transport, {milliseconds(3000), 1, milliseconds(100)});
  auto answer = client.rawGet("/version");
  ASSERT_FALSE(answer);
  EXPECT_NE(answer.error().message.find("certificate-authority"), std::string::npos)
      << answer.error().message;
}

TEST_F(LiveTest, ThirtyWritersAtOnceShareAConnection) {
  std::vector<std::thread> writers;
  std::atomic<int> ok{0};
  for (int i = 0; i < 30; ++i) {
    writers.emplace_back([i, &ok] {
      const std::string name = "writer-" + std::to_string(i);
      PatchOptions options;
      options.force = true;
      for (int round = 0; round < 5; ++round) {
        auto done = client_->patch(kConfigMaps, ns_, name, PatchKind::kApply,
                                   configMap(name, std::to_string(round)), options);
        EXPECT_TRUE(done) << done.error().message;
        if (done) ++ok;
      }
    });
  }
  for (auto& writer : writers) writer.join();
  EXPECT_EQ(ok, 150);
}

}  // namespace
}  // namespace firebreak::kube
