#include "detect/dashboards/host_publication.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "detect/dashboards/console_world.h"
#include "detect/dashboards/reach.h"
#include "detect/signatures/dashboards.h"

namespace firebreak::detect {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const ObjectRef kDeployment{"apps/v1", "Deployment", "shop", "console", "u7"};

Pod hostPortPod(int32_t hostPort = 8888) {
  Pod pod = consolePod();
  changeSpec(pod, [&](PodSpec& spec) { spec.containers[0].ports[0].hostPort = hostPort; });
  return pod;
}
Pod hostNetworkPod(bool declares) {
  Pod pod = consolePod();
  changeSpec(pod, [&](PodSpec& spec) {
    spec.hostNetwork = true;
    if (!declares) spec.containers[0].ports.clear();
  });
  return pod;
}
Service standIn(const std::vector<Pod>& pods, const std::vector<Service>& services = {}) {
  return standInFor(kDeployment, {{"app", "console"}}, pods, services, dashboardProducts());
}
std::vector<int32_t> portsOf(const Service& service) {
  std::vector<int32_t> ports;
  for (const ServicePort& port : service.ports) ports.push_back(port.port);
  return ports;
}

TEST(HostPublication, PodsWithAPortOrTheNetworkOfTheirNodePublishThemselves) {
  EXPECT_FALSE(publishesItself(consolePod()));
  EXPECT_TRUE(publishesItself(hostPortPod()));
  EXPECT_TRUE(publishesItself(hostNetworkPod(true)));
  Pod statics = hostNetworkPod(true);
  statics.mirror = true;
  EXPECT_FALSE(publishesItself(statics));
  Pod udp = hostPortPod();
  changeSpec(udp, [](PodSpec& spec) { spec.containers[0].ports[0].protocol = "UDP"; });
  EXPECT_FALSE(publishesItself(udp));
}

TEST(HostPublication, ThePublishedPortsAreThoseOfTheStandIn) {
  EXPECT_THAT(portsOf(standIn({hostPortPod()})), ElementsAre(8080));
  EXPECT_THAT(portsOf(standIn({hostNetworkPod(true)})), ElementsAre(8080));
  EXPECT_THAT(portsOf(standIn({consolePod()})), IsEmpty());
}

TEST(HostPublication, WithoutDeclaredPortsTheProductsOwnAreMeant) {
  const auto ports = portsOf(standIn({hostNetworkPod(false)}));
  EXPECT_THAT(ports, testing::Contains(8080));
  Pod nobody = hostNetworkPod(false);
  changeSpec(nobody, [](PodSpec& spec) { spec.containers[0].image = "registry.example/cni:1"; });
  EXPECT_THAT(portsOf(standIn({nobody})), IsEmpty());
}

TEST(HostPublication, APortThatAServiceLeadsToIsTheServices) {
  EXPECT_THAT(portsOf(standIn({hostPortPod()}, {consoleService("ClusterIP")})), IsEmpty());
  Service other = consoleService("ClusterIP");
  other.ports[0].targetPort = "9000";
  EXPECT_THAT(portsOf(standIn({hostPortPod()}, {other})), ElementsAre(8080));
  Service elsewhere = consoleService("ClusterIP");
  elsewhere.selector = {{"app", "shop"}};
  EXPECT_THAT(portsOf(standIn({hostPortPod()}, {elsewhere})), ElementsAre(8080));
}

TEST(HostPublication, OnlyTheHostsLeadToIt) {
  ReachInput input;
  input.pods = {hostPortPod()};
  input.nodes = {node("a", "192.168.0.2")};
  input.ingresses = {consoleIngress("8080")};  // to a Service that happens to have that name
  const auto ways = endpointsOf(standIn(input.pods), input);
  ASSERT_EQ(ways.size(), 1U);
  EXPECT_EQ(ways[0].via, Via::kHostPort);
  EXPECT_EQ(ways[0].reach, Reach::kPublished);
  EXPECT_EQ(ways[0].address, "192.168.0.2");
  EXPECT_EQ(ways[0].port, 8888);
  EXPECT_EQ(ways[0].podPort, 8080);
  EXPECT_EQ(ways[0].through.kind, "Pod");
  EXPECT_EQ(ways[0].fieldPath, "spec.containers[0].ports[0]");
}

}  // namespace
}  // namespace firebreak::detect
