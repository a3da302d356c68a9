// The store of pods, which keeps them packed: control/world.h.
#include <gtest/gtest.h>
#include <malloc.h>

#include <array>
#include <cstdio>
#include <string>

#include "api/projection.h"
#include "control/world.h"

namespace firebreak::control {
namespace {

std::string pod(const std::string& ns, const std::string& name, const std::string& version,
                const std::string& labels) {
  return R"({"metadata":{"namespace":")" + ns + R"(","name":")" + name + R"(","uid":")" + ns + "-" +
         name + R"(","resourceVersion":")" + version + R"(","labels":{)" + labels +
         R"(}},"spec":{"nodeName":"n-1","containers":[{"name":"c","image":"i"}]}})";
}

size_t selected(const kube::Store<Pod>& pods, const std::string& ns, const StringMap& labels) {
  return pods
      .select(ns, [&](const kube::Kept<Pod>& kept) { return kept.packed.hasLabels(labels); })
      .size();
}

TEST(PodStore, FindsByUidAndByLabelsWithinTheNamespaceOnly) {
  kube::Store<Pod> pods("pods", projectPod);
  pods.upsert(pod("shop", "web", "1", R"("app":"web","tier":"front")"), false);
  pods.upsert(pod("shop", "db", "2", R"("app":"db")"), false);
  pods.upsert(pod("other", "web", "3", R"("app":"web")"), false);
  auto web = pods.findByUid("shop-web");
  ASSERT_TRUE(web);
  EXPECT_EQ(web->meta.ns, "shop");
  EXPECT_EQ(web->meta.name, "web");
  EXPECT_EQ(web->meta.uid, "shop-web");
  EXPECT_EQ(web->meta.resourceVersion, "1");
  EXPECT_EQ(web->node, "n-1");
  EXPECT_EQ(selected(pods, "shop", {{"app", "web"}}), 1U);
  pods.upsert(pod("shop", "web", "4", ""), false);
  EXPECT_EQ(selected(pods, "shop", {{"app", "web"}}), 0U);
  pods.erase(pod("shop", "web", "5", ""));
  EXPECT_EQ(pods.findByUid("shop-web"), nullptr);
}

TEST(PodStore, SaysWhetherANamespaceHasABarePod) {
  kube::Store<Pod> pods("pods", projectPod);
  const auto isBare = [](const kube::Kept<Pod>& kept) { return kept.packed.isBare(); };
  std::string owned = pod("shop", "web", "1", "");
  owned.insert(owned.find(R"("labels")"), R"("ownerReferences":[{"kind":"Job","name":"j","controller":true}],)");
  pods.upsert(owned, false);
  pods.upsert(pod("shop-2", "web", "2", ""), false);
  EXPECT_FALSE(pods.any("shop", isBare));
  EXPECT_TRUE(pods.any("shop-2", isBare));
  pods.upsert(pod("shop", "web", "3", ""), false);
  EXPECT_TRUE(pods.any("shop", isBare));
}

TEST(PodStore, ShowsTheSameSpecBeforeAndAfterAChangeOfStatus) {
  kube::Store<Pod> pods("pods", projectPod);
  bool same = false;
  pods.onChange([&](const std::string&, const auto& old, const auto& now) {
    same = old && now && old->spec == now->spec;
  });
  pods.upsert(pod("shop", "web", "1", ""), false);
  EXPECT_FALSE(same);
  pods.upsert(pod("shop", "web", "2", R"("app":"web")"), false);
  EXPECT_TRUE(same);
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
// One of ten pods of a Deployment, as the API server shows it: some 10 KB, most of it of no interest.
std::string runningPod(int index) {
  std::array<char, 40> uid{};
  std::snprintf(uid.data(), uid.size(), "%08x-1111-4222-8333-%012x", index, index);
  const std::string app = "application-" + std::to_string(index / 10);
  std::string env;
  for (int i = 0; i < 20; ++i) {
    env += (i ? "," : "") + (R"({"name":"SETTING_)" + std::to_string(i)) +
           R"(","value":"of )" + app + " number " + std::to_string(i) + R"("})";
  }
  return R"({"metadata":{"namespace":"namespace-)" + std::to_string(index / 200) + R"(","name":")" +
         app + "-7d9c8b6f5-" + std::to_string(index) + R"(","uid":")" + uid.data() +
         R"(","resourceVersion":")" + std::to_string(100'000 + index) + R"(","labels":{"app":")" +
         app + R"(","pod-template-hash":"7d9c8b6f5"},"managedFields":[{"manager":")" +
         std::string(5000, 'm') + R"("}],"ownerReferences":[{"apiVersion":"apps/v1","kind":"ReplicaSet",)" +
         R"("name":")" + app + R"(-7d9c8b6f5","uid":"u-)" + app + R"(","controller":true}]},)" +
         R"("spec":{"nodeName":"node-12","containers":[{"name":"main","image":"registry.example/)" +
         app + R"(:1.2.3","env":[)" + env + R"(]}]},"status":{"phase":"Running","podIP":"10.1.2.3",)" +
         R"("hostIP":"192.168.1.12","containerStatuses":[{"name":"main","containerID":"containerd://)" +
         std::string(64, 'c') + R"(","state":{"running":{"startedAt":"2026-11-22T00:00:00Z"}}}]}})";
}

TEST(PodStore, HoldsAPodInLessThanAKilobyte) {
  constexpr int kPods = 10'000;
  kube::Store<Pod> pods("pods", projectPod);
  const size_t before = mallinfo2().uordblks;
  pods.begin();
  for (int i = 0; i < kPods; ++i) pods.upsert(runningPod(i), true);
  pods.synced();
  const size_t each = (mallinfo2().uordblks - before) / kPods;
  RecordProperty("bytes", static_cast<int>(each));
  ASSERT_EQ(pods.size(), static_cast<size_t>(kPods));
  EXPECT_LT(each, 900U) << "150,000 pods have to fit into 250 MB, the program included";
}
#endif

}  // namespace
}  // namespace firebreak::control
