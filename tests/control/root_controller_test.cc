#include "control/root_controller.h"

#include <gtest/gtest.h>

#include "support/fake_clock.h"
#include "support/memory_api.h"

namespace firebreak::control {
namespace {

class RootControllerTest : public ::testing::Test {
 protected:
  // A workload, and whose it is.
  void put(const std::string& group, const std::string& plural, const std::string& kind,
           const std::string& name, const Json& owners = Json::array(),
           const Json& spec = Json::object(), const Json& status = Json::object()) {
    api.put("/apis/" + group + "/namespaces/shop/" + plural + "/" + name,
            {{"apiVersion", group},
             {"kind", kind},
             {"metadata", {{"namespace", "shop"}, {"uid", "uid-" + name}, {"ownerReferences", owners}}},
             {"spec", spec},
             {"status", status}});
  }
  static Json owner(const std::string& apiVersion, const std::string& kind, const std::string& name,
                    bool controls = true) {
    return {{"apiVersion", apiVersion}, {"kind", kind}, {"name", name}, {"controller", controls}};
  }
  void putDeployment() {
    put("apps/v1", "deployments", "Deployment", "web", Json::array(), {{"replicas", 4}},
        {{"readyReplicas", 3}});
    put("apps/v1", "replicasets", "ReplicaSet", "web-5f", Json::array({owner("apps/v1", "Deployment", "web")}),
        {{"replicas", 2}});
  }
  std::vector<std::string> chainOf(const ObjectRef& first) {
    auto chain = controllersOf(client, "shop", first);
    EXPECT_TRUE(chain) << chain.error().message;
    std::vector<std::string> names;
    if (chain) {
      for (const Json& each : *chain) names.push_back(stringOr(member(each, {"metadata", "name"})));
    }
    return names;
  }
  using Names = std::vector<std::string>;

  FakeClock clock;
  MemoryApi api{clock};
  kube::Client client{api.transport};
  const ObjectRef replicaSet{"apps/v1", "ReplicaSet", "shop", "web-5f", "uid-web-5f"};
};

TEST_F(RootControllerTest, ThePathLeadsFromTheInnermostControllerOutwards) {
  putDeployment();
  put("batch/v1", "cronjobs", "CronJob", "report");
  put("batch/v1", "jobs", "Job", "report-1", Json::array({owner("batch/v1", "CronJob", "report")}));
  EXPECT_EQ(chainOf(replicaSet), (Names{"web-5f", "web"}));
  EXPECT_EQ(chainOf({"batch/v1", "Job", "shop", "report-1", ""}), (Names{"report-1", "report"}));
  EXPECT_EQ(chainOf({}), Names{});
}

TEST_F(RootControllerTest, WhatIsUnknownOrGoneEndsThePath) {
  put("apps/v1", "replicasets", "ReplicaSet", "web-5f", Json::array({owner("apps/v1", "Deployment", "web")}));
  EXPECT_EQ(chainOf(replicaSet), Names{"web-5f"});  // its Deployment was deleted
  put("apps/v1", "deployments", "Deployment", "web", Json::array({owner("argoproj.io/v1alpha1", "Rollout", "web")}));
  EXPECT_EQ(chainOf(replicaSet), (Names{"web-5f", "web"}));
  EXPECT_EQ(chainOf({"example.com/v1", "Farm", "shop", "web", ""}), Names{});
}

TEST_F(RootControllerTest, AnOwnerThatDoesNotControlIsNone) {
  put("apps/v1", "deployments", "Deployment", "web");
  put("apps/v1", "replicasets", "ReplicaSet", "web-5f",
      Json::array({owner("apps/v1", "Deployment", "web", false)}));
  EXPECT_EQ(chainOf(replicaSet), Names{"web-5f"});
}

// Who may write its own ownerReferences can make a circle.
TEST_F(RootControllerTest, ACircleIsLeftAgain) {
  put("apps/v1", "replicasets", "ReplicaSet", "web-5f", Json::array({owner("apps/v1", "ReplicaSet", "web-5f")}));
  EXPECT_LE(chainOf(replicaSet).size(), 3u);
}

TEST_F(RootControllerTest, AFailedReadIsNoEnd) {
  putDeployment();
  api.unreadable = [](const std::string& path) { return path.ends_with("/deployments/web") ? 403 : 0; };
  auto chain = controllersOf(client, "shop", replicaSet);
  ASSERT_FALSE(chain);
  EXPECT_EQ(chain.error().code, ErrorCode::kForbidden);
}

TEST_F(RootControllerTest, TheRootSaysWhatItRuns) {
  putDeployment();
  auto root = rootOf(client, "shop", replicaSet);
  ASSERT_TRUE(root);
  EXPECT_EQ(root->object, (ObjectRef{"apps/v1", "Deployment", "shop", "web", "uid-web"}));
  EXPECT_EQ(root->replicas, 4);
  EXPECT_EQ(root->ready, 3);
}

TEST_F(RootControllerTest, OneThatIsGoneOrMayNotBeReadIsTheRootItself) {
  auto gone = rootOf(client, "shop", replicaSet);
  ASSERT_TRUE(gone);
  EXPECT_EQ(gone->object, replicaSet);
  putDeployment();
  api.unreadable = [](const std::string& path) { return path.ends_with("/deployments/web") ? 403 : 0; };
  auto refused = rootOf(client, "shop", replicaSet);
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->object, replicaSet);
  EXPECT_EQ(refused->replicas, 0);
  api.unreadable = [](const std::string&) { return 503; };
  EXPECT_FALSE(rootOf(client, "shop", replicaSet));
}

}  // namespace
}  // namespace firebreak::control
