#include "detect/dashboards/reach.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "detect/dashboards/console_world.h"
#include "detect/dashboards/manifest_objects.h"

namespace firebreak::detect {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// "NodePort 192.168.0.2:30080 -> 8080", one line per way.
std::vector<std::string> waysOf(const Service& service, const ReachInput& input) {
  std::vector<std::string> ways;
  for (const Endpoint& e : endpointsOf(service, input)) {
    ways.push_back(std::string(toString(e.via)) + " " + e.host + e.path + (e.tls ? "(tls)" : "") +
                   "@" + e.address + ":" + std::to_string(e.port) + "->" + std::to_string(e.podPort));
  }
  return ways;
}

ReachInput world() {
  return {{consolePod()}, {node("a", "192.168.0.2"), node("b", "192.168.0.3")}, {}, {}};
}

TEST(ReachGraph, NodePortIsPublishedOnEveryNode) {
  const auto endpoints = endpointsOf(consoleService(), world());
  EXPECT_THAT(waysOf(consoleService(), world()),
              ElementsAre("NodePort @192.168.0.2:30080->8080", "NodePort @192.168.0.3:30080->8080",
                          "ClusterIP @10.96.0.9:80->8080"));
  EXPECT_EQ(reachOf(endpoints), Reach::kPublished);
}

TEST(ReachGraph, ClusterIPStaysInTheCluster) {
  EXPECT_THAT(waysOf(consoleService("ClusterIP"), world()),
              ElementsAre("ClusterIP @10.96.0.9:80->8080"));
  EXPECT_EQ(reachOf(endpointsOf(consoleService("ClusterIP"), world())), Reach::kCluster);
}

TEST(ReachGraph, HeadlessServicesAreReachedAtTheirPods) {
  Service service = consoleService("ClusterIP");
  service.clusterIP = "None";
  EXPECT_THAT(waysOf(service, world()), ElementsAre("ClusterIP @10.244.0.7:8080->8080"));
}

TEST(ReachGraph, LoadBalancersByAddressPendingOrByNameOnly) {
  Service service = consoleService("LoadBalancer");
  service.ports[0].nodePort = 0;
  EXPECT_THAT(waysOf(service, world()),
              ElementsAre("LoadBalancer @:80->8080", "ClusterIP @10.96.0.9:80->8080"));
  service.ingressIPs = {"203.0.113.5", "lb.example"};
  service.sourceRanges = {"10.0.0.0/8"};
  EXPECT_THAT(waysOf(service, world()),
              ElementsAre("LoadBalancer @203.0.113.5:80->8080", "LoadBalancer @:80->8080",
                          "ClusterIP @10.96.0.9:80->8080"));
  EXPECT_TRUE(endpointsOf(service, world())[0].narrowed);
  service.sourceRanges.push_back("0.0.0.0/0");
  EXPECT_FALSE(endpointsOf(service, world())[0].narrowed);
}

TEST(ReachGraph, OnlyANodesOwnAddressIsAskedAmongExternalIPs) {
  Service service = consoleService("ClusterIP");
  service.externalIPs = {"198.51.100.7", "192.168.0.3"};
  EXPECT_THAT(waysOf(service, world()),
              ElementsAre("ExternalIP @:80->8080", "ExternalIP @192.168.0.3:80->8080",
                          "ClusterIP @10.96.0.9:80->8080"));
}

TEST(ReachGraph, IngressRulesLeadToTheirPortOnly) {
  ReachInput input = world();
  input.ingresses = {consoleIngress("web"), consoleIngress("9999")};
  input.doors = {{"192.168.0.2", 80, false}, {"192.168.0.2", 443, true}};
  EXPECT_THAT(waysOf(consoleService("ClusterIP"), input),
              ElementsAre("Ingress console.example/view@192.168.0.2:80->8080",
                          "Ingress console.example/view(tls)@192.168.0.2:443->8080",
                          "ClusterIP @10.96.0.9:80->8080"));
  input.doors.clear();
  EXPECT_EQ(reachOf(endpointsOf(consoleService("ClusterIP"), input)), Reach::kPublished);
  input.ingresses[0].meta.ns = "other";
  EXPECT_EQ(reachOf(endpointsOf(consoleService("ClusterIP"), input)), Reach::kCluster);
}

TEST(ReachGraph, AGatewaysRouteIsAWayThroughTheRoute) {
  ReachInput input = world();
  const Service service = consoleService("ClusterIP");
  const Json route = {
      {"metadata", {{"name", "view"}, {"namespace", service.meta.ns}}},
      {"spec",
       {{"hostnames", {"console.example"}},
        {"rules",
         {{{"matches", {{{"path", {{"type", "PathPrefix"}, {"value", "/view"}}}}}},
           {"backendRefs", {{{"name", service.meta.name}, {"port", 80}}}}}}}}}};
  input.ingresses = {routeOf(route)};
  const std::vector<Endpoint> ways = endpointsOf(service, input);
  ASSERT_EQ(ways.size(), 2U);
  EXPECT_EQ(ways[0].through.kind, "HTTPRoute");
  EXPECT_EQ(ways[0].through.apiVersion, "gateway.networking.k8s.io/v1");
  EXPECT_EQ(ways[0].fieldPath, "spec.rules[0].backendRefs[0]");
  EXPECT_EQ(ways[0].host + ways[0].path, "console.example/view");
}

TEST(ReachGraph, ARewritingIngressPathBeginsWithItsPlainPart) {
  ReachInput input = world();
  input.ingresses = {consoleIngress("web")};
  input.ingresses[0].paths[0].path = "/view(/|$)(.*)";
  input.doors = {{"192.168.0.2", 80, false}};
  EXPECT_EQ(waysOf(consoleService("ClusterIP"), input)[0],
            "Ingress console.example/view@192.168.0.2:80->8080");
  EXPECT_FALSE(endpointsOf(consoleService("ClusterIP"), input)[0].narrowed);
  input.ingresses[0].meta.annotations["nginx.ingress.kubernetes.io/whitelist-source-range"] = "10.0.0.0/8";
  EXPECT_TRUE(endpointsOf(consoleService("ClusterIP"), input)[0].narrowed);
}

TEST(ReachGraph, TheDoorsOfAnIngressControllerAreItsServicesPorts) {
  Pod controller = consolePod("controller-1");
  controller.meta.ns = "ingress-nginx";
  changeSpec(controller, [](PodSpec& spec) {
    spec.containers[0].image = "registry.k8s.io/ingress-nginx/controller:v1.11.1";
    spec.containers[0].ports[0].port = 80;
    spec.containers[0].ports[0].hostPort = 80;
  });
  Service service = consoleService("NodePort");
  service.meta.ns = "ingress-nginx";
  service.ports = {servicePort("http", 80, "80", 30080), servicePort("https", 443, "443", 30443),
                   servicePort("metrics", 10254, "10254")};
  auto doors = ingressDoors({service, consoleService()}, {controller, consolePod()});
  ASSERT_EQ(doors.size(), 2u);
  EXPECT_EQ(doors[0].address, "10.96.0.9");
  EXPECT_EQ(doors[0].port, 80);
  EXPECT_TRUE(doors[1].tls);
  doors = ingressDoors({}, {controller});
  ASSERT_EQ(doors.size(), 1u);
  EXPECT_EQ(doors[0].address, "192.168.0.2");
  EXPECT_TRUE(ingressDoors({consoleService()}, {consolePod()}).empty());
}

TEST(ReachGraph, HostPortAndHostNetworkPublishThePod) {
  ReachInput input = world();
  changeSpec(input.pods[0], [](PodSpec& spec) { spec.containers[0].ports[0].hostPort = 8888; });
  EXPECT_THAT(waysOf(consoleService("ClusterIP"), input),
              ElementsAre("HostPort @192.168.0.2:8888->8080", "ClusterIP @10.96.0.9:80->8080"));
  changeSpec(input.pods[0], [](PodSpec& spec) { spec.containers[0].ports[0].hostIP = "127.0.0.1"; });
  EXPECT_EQ(reachOf(endpointsOf(consoleService("ClusterIP"), input)), Reach::kCluster);
  changeSpec(input.pods[0], [](PodSpec& spec) { spec.hostNetwork = true; });
  EXPECT_THAT(waysOf(consoleService("ClusterIP"), input),
              ElementsAre("HostNetwork @192.168.0.2:8080->8080", "ClusterIP @10.96.0.9:80->8080"));
}

TEST(ReachGraph, ExternalNameAndSelectorlessServicesHaveNoWays) {
  Service external = consoleService("ExternalName");
  EXPECT_THAT(endpointsOf(external, world()), IsEmpty());
  EXPECT_THAT(backingPods(external, world().pods), IsEmpty());
  Service bare = consoleService();
  bare.selector.clear();
  EXPECT_THAT(endpointsOf(bare, world()), IsEmpty());
}

TEST(ReachGraph, RoutesOfOtherApisPublishToo) {
  const Json virtualService = Json::parse(R"({
    "apiVersion": "networking.istio.io/v1beta1", "metadata": {"name": "front", "namespace": "shop"},
    "spec": {"hosts": ["console.example"], "gateways": ["istio-system/gate"], "http": [
      {"match": [{"uri": {"prefix": "/view"}}],
       "route": [{"destination": {"host": "console.shop.svc.cluster.local", "port": {"number": 80}}},
                 {"destination": {"host": "console.other.svc.cluster.local"}}]}]}})");
  const Json traefik = Json::parse(R"j({"metadata": {"name": "front", "namespace": "shop"}, "spec": {"routes": [
      {"match": "Host(`a.example`) && PathPrefix(`/b`)", "services": [{"name": "console", "port": "web"}]}]}})j");
  const Json openShift = Json::parse(R"({"metadata": {"name": "front", "namespace": "shop"},
    "spec": {"host": "c.example", "port": {"targetPort": "http"}, "to": {"kind": "Service", "name": "console"}}})");
  struct Each {
    Ingress route;
    const char* kind;
    const char* at;
    const char* fieldPath;
  };
  for (const Each& each : {Each{virtualServiceOf(virtualService), "VirtualService", "console.example/view",
                                "spec.http[0].route[0].destination"},
                           Each{traefikRouteOf(traefik), "IngressRoute", "a.example/b",
                                "spec.routes[0].services[0]"},
                           Each{openShiftRouteOf(openShift), "Route", "c.example", "spec.to"}}) {
    ReachInput input = world();
    input.ingresses = {each.route};
    const auto ways = endpointsOf(consoleService("ClusterIP"), input);
    ASSERT_EQ(ways.size(), 2U) << each.kind;
    EXPECT_EQ(ways[0].via, Via::kRoute);
    EXPECT_EQ(ways[0].reach, Reach::kPublished);
    EXPECT_EQ(ways[0].through.kind, each.kind);
    EXPECT_EQ(ways[0].host + ways[0].path, each.at);
    EXPECT_EQ(ways[0].fieldPath, each.fieldPath);
  }
  Json inside = virtualService;
  inside["spec"]["gateways"] = {"mesh"};
  EXPECT_THAT(virtualServiceOf(inside).paths, IsEmpty());
}

TEST(ReachGraph, UnprobeableAddressesAreNeverHandedOut) {
  Service service = consoleService("LoadBalancer");
  service.ingressIPs = {"169.254.169.254", "127.0.0.1"};
  service.clusterIP = "::1";
  ReachInput input = world();
  input.nodes = {node("a", "127.0.0.1")};
  for (const Endpoint& endpoint : endpointsOf(service, input)) {
    EXPECT_EQ(endpoint.address, "") << toString(endpoint.via);
  }
}

TEST(ReachGraph, OnlyLivePodsOfTheNamespaceBackAService) {
  std::vector<Pod> pods = {consolePod("a"), consolePod("b"), consolePod("c"), consolePod("d")};
  pods[1].meta.ns = "other";
  pods[2].meta.deleting = true;
  pods[3].phase = "Succeeded";
  const auto backing = backingPods(consoleService(), pods);
  ASSERT_EQ(backing.size(), 1U);
  EXPECT_EQ(backing[0].meta.name, "a");
}

TEST(ReachGraph, UdpPortsAreNotAsked) {
  Service service = consoleService();
  service.ports[0].protocol = "UDP";
  EXPECT_THAT(endpointsOf(service, world()), IsEmpty());
}

}  // namespace
}  // namespace firebreak::detect
