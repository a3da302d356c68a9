// Watches against a real API server: what changes, what is refused, and what is gone.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "api/projection.h"
#include "kube/live_cluster.h"
#include "kube/optional_reflector.h"
#include "kube/store.h"
#include "kube/watch.h"

namespace firebreak::kube {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

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
