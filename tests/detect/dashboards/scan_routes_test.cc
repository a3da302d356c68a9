// Routes of gateways and policies in front of pods: what publishes a console, what asks before it.
#include <gtest/gtest.h>

#include "detect/dashboards/manifest_scan.h"

namespace firebreak::detect {
namespace {

const std::string kImage = "        image: hjacobs/kube-web-view";

std::string object(const std::string& apiVersion, const std::string& kind, const std::string& name,
                   const std::string& body, const std::string& ns = "shop") {
  return "\n---\napiVersion: " + apiVersion + "\nkind: " + kind + "\nmetadata: {name: " + name +
         ", namespace: " + ns + "}\n" + body + "\n";
}

std::string inCluster() { return app(kImage, "ClusterIP"); }

std::string virtualService(const std::string& gateways) {
  return object("networking.istio.io/v1", "VirtualService", "route",
                "spec: {hosts: [view.example.com], gateways: " + gateways +
                    ", http: [{route: [{destination: {host: console.shop.svc.cluster.local, port: "
                    "{number: 80}}}]}]}");
}

std::string httpRoute() {
  return object("gateway.networking.k8s.io/v1", "HTTPRoute", "route",
                "spec: {parentRefs: [{name: edge}], rules: [{backendRefs: [{name: console, port: 80}]}]}");
}

TEST(ScanRoutes, GatewaysThatAreNoIngressPublish) {
  const std::vector<std::string> routes = {
      virtualService("[istio-system/edge]"),
      object("projectcontour.io/v1", "HTTPProxy", "route",
             "spec: {virtualhost: {fqdn: a.example}, routes: [{services: [{name: console, port: 80}]}]}"),
      object("getambassador.io/v3alpha1", "Mapping", "route",
             "spec: {hostname: '*', prefix: /, service: 'http://console.shop:80'}"),
      httpRoute()};
  for (const std::string& route : routes) {
    EXPECT_EQ(scan(inCluster() + route).at(0).tier, Tier::kRemediate) << route;
  }
  EXPECT_EQ(scan(inCluster() + virtualService("[mesh]")).at(0).tier, Tier::kAlert)
      << "without a gateway it is for the mesh alone";
}

TEST(ScanRoutes, GatewaysThatAskForALoginPublishNothing) {
  const std::vector<std::string> guarded = {
      object("projectcontour.io/v1", "HTTPProxy", "route",
             "spec: {virtualhost: {fqdn: a.example, authorization: {extensionRef: {name: auth}}}, "
             "routes: [{services: [{name: console, port: 80}]}]}"),
      object("getambassador.io/v3alpha1", "Mapping", "route",
             "spec: {prefix: /, service: 'console:80'}") +
          object("getambassador.io/v3alpha1", "AuthService", "auth", "spec: {auth_service: auth}"),
      httpRoute() + object("gateway.envoyproxy.io/v1alpha1", "SecurityPolicy", "login",
                           "spec: {targetRefs: [{kind: HTTPRoute, name: route}], oidc: {clientID: a}}"),
      virtualService("[istio-system/edge]") +
          object("security.istio.io/v1", "AuthorizationPolicy", "login",
                 "spec: {selector: {matchLabels: {istio: ingressgateway}}, action: CUSTOM, provider: "
                 "{name: oauth2}, rules: [{to: [{operation: {hosts: [view.example.com]}}]}]}",
                 "istio-system")};
  for (const std::string& route : guarded) {
    EXPECT_EQ(scan(inCluster() + route).at(0).tier, Tier::kAlert) << route;
  }
}

TEST(ScanRoutes, AMeshPolicyThatWantsATokenShutsTheConsole) {
  const auto policy = [](const std::string& spec) {
    return object("security.istio.io/v1", "AuthorizationPolicy", "login", "spec: " + spec);
  };
  const std::string open = inCluster() + virtualService("[edge]");
  EXPECT_TRUE(scan(open + policy("{selector: {matchLabels: {app: console}}, rules: [{from: [{source: "
                                 "{requestPrincipals: ['*']}}]}]}")).empty());
  EXPECT_TRUE(scan(open + policy("{action: DENY, rules: [{from: [{source: {notRequestPrincipals: "
                                 "['*']}}]}]}")).empty());
  EXPECT_EQ(scan(open + policy("{rules: [{}]}")).at(0).tier, Tier::kRemediate) << "admits everybody";
  EXPECT_EQ(scan(open + policy("{selector: {matchLabels: {app: other}}, rules: [{from: [{source: "
                               "{requestPrincipals: ['*']}}]}]}")).at(0).tier,
            Tier::kRemediate) << "is for other pods";
  EXPECT_EQ(scan(open + object("security.istio.io/v1", "RequestAuthentication", "jwt",
                               "spec: {jwtRules: [{issuer: 'https://i.example'}]}")).at(0).tier,
            Tier::kAlert) << "a request without a token passes, but somebody meant it not to";
}

TEST(ScanRoutes, ANetworkPolicyNarrowsWhatItSelects) {
  const std::string open = app(kImage, "LoadBalancer");
  const auto policy = [](const std::string& selector, const std::string& ingress) {
    return object("networking.k8s.io/v1", "NetworkPolicy", "few",
                  "spec: {podSelector: " + selector + ", policyTypes: [Ingress], ingress: " + ingress +
                      "}");
  };
  const std::string console = "{matchLabels: {app: console}}";
  EXPECT_EQ(scan(open + policy(console, "[]")).at(0).tier, Tier::kAlert);
  EXPECT_EQ(scan(open + policy(console, "[{from: [{podSelector: {}}]}]")).at(0).tier, Tier::kAlert);
  EXPECT_EQ(scan(open + policy("{}", "[{}]")).at(0).tier, Tier::kRemediate) << "admits everybody";
  EXPECT_EQ(scan(open + policy(console, "[{from: [{ipBlock: {cidr: 0.0.0.0/0}}]}]")).at(0).tier,
            Tier::kRemediate);
  EXPECT_EQ(scan(open + policy("{matchLabels: {app: other}}", "[]")).at(0).tier, Tier::kRemediate);
  EXPECT_EQ(scan(open + policy(console, "[{ports: [{port: 9999}]}]")).at(0).tier, Tier::kAlert)
      << "admits everybody, to another port";
  const std::string routed = inCluster() + httpRoute();
  EXPECT_EQ(scan(routed + policy(console, "[{from: [{namespaceSelector: {}}]}]")).at(0).tier,
            Tier::kRemediate) << "the gateway still gets there";
  EXPECT_EQ(scan(routed + policy(console, "[]")).at(0).tier, Tier::kAlert);
}

TEST(ScanRoutes, ControllersForAPrivateNetworkNarrow) {
  const auto ingress = [](const std::string& meta, const std::string& className) {
    return "\n---\napiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: front, namespace: "
           "shop" + meta + "}\nspec: {ingressClassName: " + className +
           ", defaultBackend: {service: {name: console, port: {number: 80}}}}\n";
  };
  EXPECT_EQ(scan(inCluster() + ingress("", "nginx")).at(0).tier, Tier::kRemediate);
  EXPECT_EQ(scan(inCluster() + ingress("", "nginx-internal")).at(0).tier, Tier::kAlert);
  EXPECT_EQ(scan(inCluster() + ingress("", "alb")).at(0).tier, Tier::kAlert);
  EXPECT_EQ(scan(inCluster() + ingress(", annotations: {alb.ingress.kubernetes.io/scheme: "
                                       "internet-facing}", "alb")).at(0).tier, Tier::kRemediate);
  EXPECT_EQ(scan(inCluster() + ingress(", annotations: {nginx.ingress.kubernetes.io/"
                                       "configuration-snippet: 'auth_request /check;'}", "nginx"))
                .at(0).tier, Tier::kAlert);
}

TEST(ScanUndecided, ListsPublishedConsolesThatTheInputDoesNotJudge) {
  const std::string hidden =
      app("        image: grafana/grafana\n        env: [{name: GF_AUTH_ANONYMOUS_ENABLED, valueFrom: "
          "{secretKeyRef: {name: a, key: b}}}, {name: GF_AUTH_ANONYMOUS_ORG_ROLE, value: Admin}]",
          "LoadBalancer", 3000);
  EXPECT_TRUE(scan(hidden).empty());
  const auto undecided = undecidedDashboards(inputOf(hidden));
  ASSERT_EQ(undecided.size(), 1U);
  EXPECT_EQ(undecided[0].product, "grafana");
  EXPECT_NE(undecided[0].message.find("GF_AUTH_ANONYMOUS_ENABLED"), std::string::npos);
  EXPECT_EQ(undecided[0].fieldPath, "spec.template.spec.containers[0].image");
  // Argo CD's switch stands in a ConfigMap that this input does not hold.
  EXPECT_EQ(undecidedDashboards(inputOf(app("        image: quay.io/argoproj/argocd:v2\n        args: "
                                            "[argocd-server]", "NodePort"))).size(), 1U);
  for (const char* decided : {"        image: grafana/grafana", "        image: rabbitmq:3-management",
                              "        image: hjacobs/kube-web-view"}) {
    EXPECT_TRUE(undecidedDashboards(inputOf(app(decided, "LoadBalancer", 8080))).empty()) << decided;
  }
  EXPECT_TRUE(undecidedDashboards(inputOf(app("        image: couchdb:3", "ClusterIP", 5984))).empty());
  EXPECT_EQ(undecidedDashboards(inputOf(app("        image: couchdb:3", "NodePort", 5984))).size(), 1U);
}

TEST(ScanUndecided, ThePolicysOwnProductsAreListed) {
  const Json spec = Json::parse(R"({"dashboards": {"products": [{"name": "board", "images": ["acme/board"],
    "ports": [8080], "proof": {"path": "/api", "bodyContains": ["board"]}}]}})", nullptr, false);
  const std::string yaml = app("        image: acme/board:1", "NodePort");
  EXPECT_EQ(undecidedDashboards(inputOf(yaml, spec)).size(), 1U);
  EXPECT_TRUE(undecidedDashboards(inputOf(yaml)).empty());
}

}  // namespace
}  // namespace firebreak::detect
