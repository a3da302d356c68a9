// The client against a real API server, named by FIREBREAK_TEST_KUBECONFIG; skipped without.
// Everything happens in a namespace of its own, which is deleted at the end.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "api/projection.h"
#include "kube/client.h"
#include "kube/config.h"
#include "kube/curl_transport.h"
#include "kube/events.h"
#include "kube/leader.h"
#include "kube/optional_reflector.h"
#include "kube/store.h"
#include "kube/watch.h"

namespace firebreak::kube {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// Waits for something that other threads bring about; checked whenever poke() is called.
class Expectation {
 public:
  void poke() {
    std::lock_guard lock(mutex_);
    changed_.notify_all();
  }
  bool within(seconds limit, const std::function<bool()>& condition) {
    std::unique_lock lock(mutex_);
    const auto deadline = std::chrono::steady_clock::now() + limit;
    while (!condition()) {
      if (std::chrono::steady_clock::now() >= deadline) return false;
      changed_.wait_for(lock, milliseconds(50));
    }
    return true;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
};

class LiveTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    const char* path = std::getenv("FIREBREAK_TEST_KUBECONFIG");
    if (!path || !*path) return;
    auto config = loadKubeconfig(path, "");
    ASSERT_TRUE(config) << config.error().message;
    config_ = *config;
    auto transport = makeCurlTransport(config_);
    ASSERT_TRUE(transport) << transport.error().message;
    transport_ = std::move(*transport);
    client_ = std::make_unique<Client>(*transport_);
    ns_ = "client-test-" + std::to_string(getpid());
    auto made = client_->create(kNamespaces, "", {{"metadata", {{"name", ns_}}}});
    ASSERT_TRUE(made) << made.error().message;
  }
  static void TearDownTestSuite() {
    if (!client_) return;
    auto removed = client_->remove(kNamespaces, "", ns_);
    EXPECT_TRUE(removed) << removed.error().message;
    client_.reset();
    transport_.reset();
  }
  void SetUp() override {
    if (!client_) GTEST_SKIP() << "FIREBREAK_TEST_KUBECONFIG names no cluster";
  }

  static Json configMap(const std::string& name, const std::string& value) {
    return {{"apiVersion", "v1"},
            {"kind", "ConfigMap"},
            {"metadata", {{"name", name}}},
            {"data", {{"a", value}}}};
  }
  static std::string make(const std::string& name, const std::string& value = "1") {
    auto made = client_->create(kConfigMaps, ns_, configMap(name, value));
    EXPECT_TRUE(made) << made.error().message;
    return made ? stringOr(member(*made, {"metadata", "uid"})) : "";
  }

  static ClusterConfig config_;
  static std::unique_ptr<Transport> transport_;
  static std::unique_ptr<Client> client_;
  static std::string ns_;
};

ClusterConfig LiveTest::config_;
std::unique_ptr<Transport> LiveTest::transport_;
std::unique_ptr<Client> LiveTest::client_;
std::string LiveTest::ns_;

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

TEST_F(LiveTest, WatchesAdditionsChangesAndDeletions) {
  make("before", "1");
  Store<ConfigMap> store("configmaps", projectConfigMap);
  Expectation seen;
  store.onChange([&](const std::string&, const auto&, const auto&) { seen.poke(); });
  Reflector reflector(*transport_, {kConfigMaps, ns_, "", "", false}, store);
  reflector.start();
  ASSERT_TRUE(seen.within(seconds(10), [&] { return store.hasSynced(); }));
  ASSERT_NE(store.get(ns_ + "/before"), nullptr);
  const std::string uid = make("during", "1");
  ASSERT_TRUE(seen.within(seconds(10), [&] { return store.get(ns_ + "/during") != nullptr; }));
  auto patched =
      client_->patch(kConfigMaps, ns_, "during", PatchKind::kMerge, {{"data", {{"a", "2"}}}});
  ASSERT_TRUE(patched);
  EXPECT_TRUE(seen.within(seconds(10), [&] {
    auto now = store.get(ns_ + "/during");
    return now && now->data.at("a") == "2";
  }));
  ASSERT_TRUE(client_->remove(kConfigMaps, ns_, "during", {uid, ""}));
  EXPECT_TRUE(seen.within(seconds(10), [&] { return store.get(ns_ + "/during") == nullptr; }));
  reflector.stop();
  const WatchStats stats = reflector.stats();
  EXPECT_EQ(stats.lists, 1u);
  EXPECT_EQ(stats.watches, 1u) << "the streaming list goes on as the watch";
  EXPECT_EQ(stats.failures, 0u);
}

// FIREBREAK_TEST_DISTURB names a command that kills the API server, compacts etcd and starts the API
// server again; it returns when that is ready.
TEST_F(LiveTest, FindsItsWayAfterTheApiServerWasKilledAndEtcdCompacted) {
  const char* disturb = std::getenv("FIREBREAK_TEST_DISTURB");
  if (!disturb || !*disturb) GTEST_SKIP() << "FIREBREAK_TEST_DISTURB names no command";
  Store<ConfigMap> store("configmaps", projectConfigMap);
  std::mutex mutex;
  std::vector<std::string> told;
  store.onChange([&](const std::string& key, const auto& old, const auto& now) {
    std::lock_guard lock(mutex);
    told.push_back((old ? "-" + key : "") + (now ? "+" + key : ""));
  });
  const std::string stays = make("stays", "1");
  const std::string goes = make("goes", "1");
  Reflector reflector(*transport_, {kConfigMaps, ns_, "", "", false}, store);
  reflector.start();
  Expectation seen;
  ASSERT_TRUE(seen.within(seconds(10), [&] { return store.get(ns_ + "/goes") != nullptr; }));
  ASSERT_EQ(std::system(disturb), 0);
  ASSERT_TRUE(seen.within(seconds(60), [&] { return client_->rawGet("/readyz").has_value(); }));
  EXPECT_TRUE(client_->remove(kConfigMaps, ns_, "goes", {goes, ""}));
  make("comes", "1");
  EXPECT_TRUE(seen.within(seconds(60), [&] {
    return store.get(ns_ + "/comes") != nullptr && store.get(ns_ + "/goes") == nullptr;
  }));
  EXPECT_NE(store.get(ns_ + "/stays"), nullptr);
  EXPECT_FALSE(store.lastError());
  reflector.stop();
  const WatchStats stats = reflector.stats();
  EXPECT_GE(stats.watches, 2u);
  EXPECT_EQ(stats.badLines, 0u);
  std::cout << "lists " << stats.lists << ", watches " << stats.watches << ", failures "
            << stats.failures << std::endl;
  std::lock_guard lock(mutex);
  EXPECT_EQ(std::count(told.begin(), told.end(), "-" + ns_ + "/goes"), 1);
  EXPECT_EQ(std::count(told.begin(), told.end(), "+" + ns_ + "/stays"), 1) << "and not once more";
}

// The same over a version that is surely gone: compacted, and from before the API server's start.
TEST_F(LiveTest, IsToldThatACompactedVersionIsGone) {
  if (!std::getenv("FIREBREAK_TEST_DISTURB")) GTEST_SKIP() << "etcd was not compacted";
  auto answer = client_->rawGet("/api/v1/namespaces/" + ns_ +
                                "/configmaps?watch=true&resourceVersion=1&timeoutSeconds=2");
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_NE(answer->find("\"code\":410"), std::string::npos) << *answer;
  auto exact = client_->rawGet("/api/v1/namespaces/" + ns_ +
                               "/configmaps?resourceVersion=2&resourceVersionMatch=Exact");
  ASSERT_FALSE(exact);
  EXPECT_EQ(exact.error().code, ErrorCode::kGone) << exact.error().message;
}

TEST_F(LiveTest, WatchesAnOptionalKindWhileItsDefinitionIsThere) {
  static constexpr ResourceType kThings{"client-test.firebreak.dev", "v1", "things", "Thing", true};
  struct Any {
    ObjectMeta meta;
  };
  Store<Any> store("things", [](std::string_view json) -> Result<Any> {
    auto meta = projectMeta(json);
    if (!meta) return tl::unexpected(meta.error());
    return Any{std::move(*meta)};
  });
  OptionalReflector reflector(*transport_, {{kThings}}, store, {}, milliseconds(200));
  reflector.start();
  Expectation seen;
  EXPECT_TRUE(seen.within(seconds(10), [&] { return store.hasSynced(); }));
  const Json definition = Json::parse(R"({"apiVersion":"apiextensions.k8s.io/v1",
    "kind":"CustomResourceDefinition","metadata":{"name":"things.client-test.firebreak.dev"},
    "spec":{"group":"client-test.firebreak.dev","scope":"Namespaced",
      "names":{"plural":"things","singular":"thing","kind":"Thing","listKind":"ThingList"},
      "versions":[{"name":"v1","served":true,"storage":true,"schema":{"openAPIV3Schema":
        {"type":"object","x-kubernetes-preserve-unknown-fields":true}}}]}})");
  const std::string name = "things.client-test.firebreak.dev";
  auto defined = client_->create(kCustomResourceDefinitions, "", definition);
  ASSERT_TRUE(defined) << defined.error().message;
  EXPECT_TRUE(seen.within(seconds(30), [&] { return reflector.watched().has_value(); }));
  const Json thing = {{"apiVersion", "client-test.firebreak.dev/v1"},
                      {"kind", "Thing"},
                      {"metadata", {{"name", "one"}}}};
  EXPECT_TRUE(seen.within(seconds(30), [&] {
    return client_->create(kThings, ns_, thing).has_value();
  }));
  EXPECT_TRUE(seen.within(seconds(30), [&] { return store.size() == 1; }));
  EXPECT_TRUE(client_->remove(kCustomResourceDefinitions, "", name));
  EXPECT_TRUE(seen.within(seconds(60), [&] {
    return store.size() == 0 && !reflector.watched();
  }));
  reflector.stop();
}

TEST_F(LiveTest, WatchesEveryKindThatTheOperatorNeeds) {
  struct Any {
    ObjectMeta meta;
  };
  std::vector<std::unique_ptr<Store<Any>>> stores;
  std::vector<std::unique_ptr<Reflector>> reflectors;
  for (const ResourceType* type :
       {&kPods, &kServices, &kConfigMaps, &kNodes, &kNamespaces, &kDeployments, &kReplicaSets,
        &kStatefulSets, &kDaemonSets, &kJobs, &kCronJobs, &kNetworkPolicies, &kIngresses,
        &kEndpointSlices, &kLeases, &kRoles, &kRoleBindings, &kClusterRoles,
        &kClusterRoleBindings}) {
    auto project = [](std::string_view json) -> Result<Any> {
      auto meta = projectMeta(json);
      if (!meta) return tl::unexpected(meta.error());
      return Any{std::move(*meta)};
    };
    stores.push_back(std::make_unique<Store<Any>>(std::string(type->plural), project));
    reflectors.push_back(std::make_unique<Reflector>(
        *transport_, WatchTarget{*type, "", "", "", false}, *stores.back()));
    reflectors.back()->start();
  }
  Expectation all;
  EXPECT_TRUE(all.within(seconds(20), [&] {
    return std::all_of(stores.begin(), stores.end(),
                       [](auto& store) { return store->hasSynced(); });
  }));
  for (auto& store : stores) EXPECT_FALSE(store->lastError()) << store->lastError()->message;
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

TEST_F(LiveTest, ReportsAWatchThatIsRefused) {
  Store<ConfigMap> store("nothings", projectConfigMap);
  const ResourceType nothing{"firebreak.example", "v1", "nothings", "Nothing", true};
  Reflector reflector(*transport_, {nothing, "", "", "", false}, store);
  reflector.start();
  Expectation seen;
  ASSERT_TRUE(seen.within(seconds(10), [&] { return store.lastError().has_value(); }));
  EXPECT_EQ(store.lastError()->code, ErrorCode::kNotFound);
  EXPECT_FALSE(store.hasSynced());
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

// FIREBREAK_TEST_PODS says how many; no scheduler takes them.
TEST_F(LiveTest, HoldsAsManyPodsAsThereAreByStreamAndByPages) {
  const char* wanted = std::getenv("FIREBREAK_TEST_PODS");
  const int count = wanted && *wanted ? std::atoi(wanted) : 600;
  Expectation seen;
  ASSERT_TRUE(seen.within(seconds(30), [] {
    return client_->get(kServiceAccounts, ns_, "default").has_value();
  })) << "the namespace is new";
  std::atomic<int> next{0};
  std::atomic<int> made{0};
  std::vector<std::thread> writers;
  for (int writer = 0; writer < 8; ++writer) {
    writers.emplace_back([&] {
      for (int i = next++; i < count; i = next++) {
        Json pod = {{"metadata", {{"name", "many-" + std::to_string(i)}, {"labels", {{"i", "x"}}}}},
                    {"spec",
                     {{"schedulerName", "nobody"},
                      {"containers", {{{"name", "c"}, {"image", "image-" + std::to_string(i)}}}}}}};
        auto created = client_->create(kPods, ns_, pod);
        EXPECT_TRUE(created) << created.error().message;
        if (created) ++made;
      }
    });
  }
  for (auto& writer : writers) writer.join();
  ASSERT_EQ(made, count);

  Store<Pod> store("pods", projectPod);
  store.onSynced([&] { seen.poke(); });
  Reflector reflector(*transport_, {kPods, ns_, "", "", false, true}, store);
  reflector.start();
  ASSERT_TRUE(seen.within(seconds(60), [&] { return store.hasSynced(); }));
  reflector.stop();
  EXPECT_EQ(store.size(), static_cast<size_t>(count));
  EXPECT_EQ(store.rejected(), 0u);
  EXPECT_EQ(reflector.stats().lists, 1u);
  ASSERT_NE(store.get(ns_ + "/many-7"), nullptr);
  EXPECT_EQ(store.get(ns_ + "/many-7")->spec->containers.at(0).image, "image-7");
  auto paged = client_->list(kPods, ns_);
  ASSERT_TRUE(paged) << paged.error().message;
  EXPECT_EQ((*paged)["items"].size(), static_cast<size_t>(count));
}

}  // namespace
}  // namespace firebreak::kube
