// The store of pods, which keeps them packed: control/world.h.
#include <gtest/gtest.h>

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

}  // namespace
}  // namespace firebreak::control
