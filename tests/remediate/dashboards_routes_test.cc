#include "remediate/plan/dashboards_routes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace firebreak {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

struct Console {
  Console() {
    service.meta.ns = "shop";
    service.meta.name = "console";
    ServicePort web;
    web.name = "web";
    web.port = 80;
    web.targetPort = "8080";
    service.ports = {web};
  }
  RoutedConsole routed() const { return {service, ports}; }
  Service service;
  std::vector<int32_t> ports = {80};
};

Json route() {
  return Json::parse(R"({
    "apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute",
    "metadata": {"name": "front", "namespace": "shop", "uid": "u5"},
    "spec": {"parentRefs": [{"name": "gate"}], "rules": [
      {"matches": [{"path": {"type": "PathPrefix", "value": "/shop"}}],
       "backendRefs": [{"name": "web", "port": 80}]},
      {"matches": [{"path": {"type": "PathPrefix", "value": "/view"}}],
       "backendRefs": [{"group": "", "kind": "Service", "name": "console", "port": 80, "weight": 1}]},
      {"backendRefs": [{"name": "web", "port": 80, "weight": 9}, {"name": "console", "port": 80}]},
      {"backendRefs": [{"name": "console", "port": 443},
                       {"name": "console", "port": 80, "namespace": "other"},
                       {"group": "example.com", "kind": "Bucket", "name": "console"}]}]}})");
}

TEST(DashboardRoutes, OnlyTheConsolesBackendLeavesItsRules) {
  Console console;
  const auto step = detachHttpRoute(route(), console.routed());
  ASSERT_TRUE(step);
  EXPECT_EQ(step->name, "detach-httproute-front");
  EXPECT_EQ(step->object, (ObjectRef{"gateway.networking.k8s.io/v1", "HTTPRoute", "shop", "front", "u5"}));
  EXPECT_EQ(step->proof, Proof::kConsoleShut);
  const Json after = route().patch(Json::parse(patchText(*step)));
  Json expected = route();
  expected["spec"]["rules"][1]["backendRefs"] = Json::array();
  expected["spec"]["rules"][2]["backendRefs"].erase(1);
  EXPECT_EQ(after, expected);
  EXPECT_EQ(after.patch(Json::parse(undoText(*step))).dump(), route().dump());
}

TEST(DashboardRoutes, ARouteToOtherPortsIsLeftAlone) {
  Console console;
  console.ports = {8443};
  EXPECT_FALSE(detachHttpRoute(route(), console.routed()));
}

Ingress madeBy(const char* version, const char* kind, const char* fieldPath, const char* port) {
  Ingress made;
  made.className = std::string(version) + " " + kind;
  made.meta.ns = "shop";
  made.meta.name = "front";
  IngressPath path;
  path.service = "console";
  path.port = port;
  path.fieldPath = fieldPath;
  made.paths = {path};
  return made;
}

TEST(DashboardRoutes, OfOtherKindsAPersonGetsTheLineThatShutsThem) {
  Console console;
  EXPECT_THAT(
      detachByHand(madeBy("traefik.io/v1alpha1", "IngressRoute", "spec.routes[0].services[1]", "80"),
                   console.routed()),
      ElementsAre(HasSubstr("kubectl -n shop patch ingressroutes.traefik.io front --type=json -p "
                            "'[{\"op\":\"replace\",\"path\":\"/spec/routes/0/services/1/name\","
                            "\"value\":\"firebreak-locked\"}]' (and back with \"console\")")));
  EXPECT_THAT(detachByHand(madeBy("networking.istio.io/v1", "VirtualService",
                                  "spec.http[0].route[0].destination", "80"),
                           console.routed()),
              ElementsAre(HasSubstr("\"/spec/http/0/route/0/destination/host\"")));
  EXPECT_THAT(detachByHand(madeBy("route.openshift.io/v1", "Route", "spec.to", ""), console.routed()),
              ElementsAre(HasSubstr("patch routes.route.openshift.io front")));
}

TEST(DashboardRoutes, WhatFirebreakWritesOrLeadsElsewhereNeedsNobody) {
  Console console;
  Ingress ingress = madeBy("", "", "spec.defaultBackend", "80");
  ingress.className = "nginx";
  EXPECT_THAT(detachByHand(ingress, console.routed()), IsEmpty());
  EXPECT_THAT(detachByHand(madeBy("traefik.io/v1alpha1", "IngressRoute", "spec.routes[0].services[0]",
                                  "443"),
                           console.routed()),
              IsEmpty());
}

}  // namespace
}  // namespace firebreak
