// What stands for pods that publish themselves, and what of a cluster is asked: against an API server in
// memory.
#include "control/publisher.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "control/dashboard_family.h"
#include "control/optional_lists.h"
#include "control/prober.h"
#include "control/rbac_reach.h"
#include "detect/dashboards/reach.h"
#include "support/fake_clock.h"
#include "support/memory_api.h"

namespace firebreak::control {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class PublisherTest : public testing::Test {
 protected:
  PublisherTest()
      : api_(clock_),
        client_(api_.transport),
        world_(api_.transport, "firebreak-system"),
        prober_({}, clock_),
        family_(client_, world_, prober_, clock_) {
    kube::WatchSink* const sinks[] = {&world_.pods, &world_.services, &world_.nodes,
                                      &world_.namespaces};
    for (kube::WatchSink* sink : sinks) {
      sink->begin();
      sink->synced();
    }
    api_.put("/apis/apps/v1/namespaces/shop/deployments/console",
             {{"apiVersion", "apps/v1"},
              {"kind", "Deployment"},
              {"metadata", {{"namespace", "shop"}}},
              {"spec", {{"selector", {{"matchLabels", {{"app", "console"}}}}}}}});
    api_.put("/apis/apps/v1/namespaces/shop/replicasets/console-5d",
             {{"apiVersion", "apps/v1"},
              {"kind", "ReplicaSet"},
              {"metadata",
               {{"namespace", "shop"},
                {"ownerReferences", Json::array({{{"apiVersion", "apps/v1"},
                                                  {"kind", "Deployment"},
                                                  {"name", "console"},
                                                  {"controller", true}}})}}},
              {"spec", Json::object()}});
  }

  void addPod(const std::string& name, const std::string& ip, bool owned, Json labels,
              const std::string& ns = "shop", int hostPort = 8888) {
    Json pod = {{"metadata",
                 {{"namespace", ns}, {"name", name}, {"uid", "uid-" + name}, {"labels", labels}}},
                {"spec",
                 {{"serviceAccountName", "view"},
                  {"containers", Json::array({{{"name", "c"},
                                               {"image", "kube-web-view:1"},
                                               {"ports", Json::array({{{"containerPort", 8080},
                                                                       {"hostPort", hostPort}}})}}})}}},
                {"status", {{"phase", "Running"}, {"podIP", ip}, {"hostIP", "192.168.0.2"}}}};
    if (owned) {
      pod["metadata"]["ownerReferences"] = Json::array({{{"apiVersion", "apps/v1"},
                                                         {"kind", "ReplicaSet"},
                                                         {"name", "console-5d"},
                                                         {"controller", true}}});
    }
    world_.pods.upsert(dumpJson(pod), false);
  }
  void addSlice(Json addresses, const char* type = "IPv4") {
    api_.put("/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices/console-x",
             {{"addressType", type},
              {"endpoints", Json::array({{{"addresses", std::move(addresses)}}})}});
  }
  static Service selectorless() {
    Service service;
    service.meta.ns = "shop";
    service.meta.name = "console";
    service.type = "NodePort";
    return service;
  }
  Subject subjectOf(const Service& service) {
    auto subject = family_.subjectOf(service);
    EXPECT_TRUE(subject);
    return subject ? *subject : Subject{};
  }

  FakeClock clock_;
  MemoryApi api_;
  kube::Client client_;
  World world_;
  Prober prober_;
  DashboardFamily family_;
};

TEST_F(PublisherTest, AllPodsOfADeploymentAreOne) {
  addPod("console-5d-a", "10.244.0.7", true, {{"app", "console"}, {"pod-template-hash", "5d"}});
  addPod("console-5d-b", "10.244.0.8", true, {{"app", "console"}, {"pod-template-hash", "5d"}});
  const std::string key = publisherKey(*world_.pods.get("shop/console-5d-a"));
  EXPECT_EQ(key, publisherKey(*world_.pods.get("shop/console-5d-b")));
  auto found = publisherOf(client_, world_, key);
  ASSERT_TRUE(found && *found);
  EXPECT_EQ((*found)->target.kind, "Deployment");
  EXPECT_EQ((*found)->target.name, "console");
  EXPECT_EQ((*found)->selector, (StringMap{{"app", "console"}}));
  EXPECT_EQ((*found)->pods.size(), 2U);
  auto again = publisherAt(client_, world_, (*found)->target);
  ASSERT_TRUE(again && *again);
  EXPECT_EQ((*again)->pods.size(), 2U);
  ObjectRef other = (*found)->target;
  other.uid = "another";
  EXPECT_FALSE(publisherAt(client_, world_, other)->has_value());
  EXPECT_EQ(consolePods(client_, world_, (*found)->target)->size(), 2U);
  const Subject subject = family_.subjectOf(**found, nullptr);
  ASSERT_EQ(subject.service.ports.size(), 1U);
  EXPECT_EQ(subject.service.ports[0].port, 8080);
}

TEST_F(PublisherTest, ABarePodIsItselfAndItsLabelsCountWhereTheyAreItsAlone) {
  addPod("console", "10.244.0.7", false, {{"run", "console"}});
  const std::string key = publisherKey(*world_.pods.get("shop/console"));
  auto found = publisherOf(client_, world_, key);
  ASSERT_TRUE(found && *found);
  EXPECT_EQ((*found)->target, (ObjectRef{"v1", "Pod", "shop", "console", "uid-console"}));
  EXPECT_EQ((*found)->selector, (StringMap{{"run", "console"}}));
  addPod("other", "10.244.0.8", false, {{"run", "console"}});
  EXPECT_THAT((**publisherOf(client_, world_, key)).selector, IsEmpty());
  EXPECT_FALSE(publisherOf(client_, world_, "shop/Pod/gone")->has_value());
}

TEST_F(PublisherTest, ASelectorlessServiceIsAskedWhereAllItsEndpointsAreTheClusters) {
  addPod("console", "10.244.0.7", false, {{"run", "console"}});
  world_.nodes.upsert(R"({"metadata": {"name": "a"}, "status": {"addresses": [
    {"type": "InternalIP", "address": "192.168.0.2"}]}})", false);
  addSlice({"10.244.0.7", "192.168.0.2"});
  Subject subject = subjectOf(selectorless());
  EXPECT_TRUE(subject.byEndpoints);
  ASSERT_EQ(subject.pods.size(), 1U);
  EXPECT_EQ(detect::backingPods(subject.service, subject.pods).size(), 1U);
  addSlice({"10.244.0.7", "203.0.113.9"});
  subject = subjectOf(selectorless());
  EXPECT_FALSE(subject.byEndpoints);
  EXPECT_THAT(subject.pods, IsEmpty());
  EXPECT_THAT(subject.service.selector, IsEmpty());
  addSlice({"10.244.0.7", "console.example"}, "FQDN");
  EXPECT_FALSE(subjectOf(selectorless()).byEndpoints);
}

TEST_F(PublisherTest, EndpointsInAnotherNamespaceAreTheClustersToo) {
  world_.namespaces.upsert(R"({"metadata": {"name": "ops"}})", false);
  addPod("console", "10.244.0.9", false, {{"run", "console"}}, "ops");
  addSlice({"10.244.0.9"});
  const Subject subject = subjectOf(selectorless());
  EXPECT_EQ(detect::backingPods(subject.service, subject.pods).size(), 1U);
  Service external = selectorless();
  external.type = "ExternalName";
  EXPECT_FALSE(subjectOf(external).byEndpoints);
}

TEST_F(PublisherTest, WhatTheAccountMayReadIsCountedWhereItMayBeListed) {
  addPod("console", "10.244.0.7", false, {{"run", "console"}});
  const std::string rbac = "/apis/rbac.authorization.k8s.io/v1/";
  api_.put(rbac + "clusterroles/reader",
           {{"rules", Json::array({{{"apiGroups", {""}}, {"resources", {"secrets"}}, {"verbs", {"get"}}}})}});
  api_.put(rbac + "clusterrolebindings/b",
           {{"roleRef", {{"kind", "ClusterRole"}, {"name", "reader"}}},
            {"subjects", Json::array({{{"kind", "ServiceAccount"}, {"name", "view"}, {"namespace", "shop"}}})}});
  api_.put("/api/v1/namespaces/shop/secrets/token",
           {{"metadata", {{"namespace", "shop"}}}, {"data", {{"k", "c2VjcmV0LXZhbHVl"}}}});
  RbacReach reach(client_, clock_);
  const std::vector<Pod> pods = {*world_.pods.get("shop/console")};
  auto found = reach.findingFor({"v1", "Service", "shop", "console", "u1"}, pods, {"shop", "ops"});
  ASSERT_TRUE(found && *found);
  EXPECT_THAT((*found)->message, HasSubstr("1 Secrets in 1 namespaces"));
  EXPECT_THAT((*found)->message, HasSubstr("shop/token"));
  EXPECT_THAT((*found)->message, Not(HasSubstr("c2VjcmV0")));
}

TEST_F(PublisherTest, AKindThatIsNotThereIsAskedForAgainAfterAMinute) {
  int asked = 0;
  bool there = false;
  api_.transport.onSend([&](const kube::HttpRequest&) {
    ++asked;
    return there ? respond(200, R"({"kind": "List", "metadata": {}, "items": [{"metadata": {"name": "a"}}]})")
                 : respond(404, R"({"kind": "Status", "code": 404, "reason": "NotFound"})");
  });
  OptionalLists lists(client_, clock_);
  const kube::ResourceType type{"cilium.io", "v2", "ciliumnetworkpolicies", "CiliumNetworkPolicy", true};
  EXPECT_THAT(*lists.list(type, "shop"), IsEmpty());
  there = true;
  EXPECT_THAT(*lists.list(type, "shop"), IsEmpty());
  EXPECT_EQ(asked, 1);
  clock_.advance(std::chrono::seconds(61));
  const auto items = lists.list(type, "shop");
  ASSERT_EQ(items->size(), 1U);
  EXPECT_EQ(items->front()["kind"], "CiliumNetworkPolicy");
  EXPECT_EQ(items->front()["apiVersion"], "cilium.io/v2");
}

}  // namespace
}  // namespace firebreak::control
