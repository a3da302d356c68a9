#include "remediate/plan/other_policies.h"

#include <gtest/gtest.h>

namespace firebreak {
namespace {

std::vector<OtherPolicy> on(const char* version, const char* kind, const char* spec,
                            const char* ns = "") {
  Json policy = {{"apiVersion", version},
                 {"kind", kind},
                 {"metadata", {{"name", "theirs"}}},
                 {"spec", Json::parse(spec)}};
  if (*ns != '\0') policy["metadata"]["namespace"] = ns;
  Pod pod;
  pod.meta.ns = "shop";
  pod.meta.labels = {{"app", "console"}};
  return otherPoliciesOn({policy}, {pod}, "shop", {{"env", "prod"}});
}

struct Case {
  const char* version;
  const char* kind;
  const char* spec;
  const char* ns;
  const char* verdict;  // "above", "beside", "below", with "?" where it cannot be read; "" = none
};

constexpr const char* kAdmin = "policy.networking.k8s.io/v1alpha1";
constexpr const char* kCalico = "crd.projectcalico.org/v1";
constexpr const char* kCilium = "cilium.io/v2";

const Case kCases[] = {
    {kAdmin, "AdminNetworkPolicy",
     R"({"subject": {"namespaces": {"matchLabels": {"env": "prod"}}}, "ingress": [{}]})", "", "above"},
    {kAdmin, "AdminNetworkPolicy",
     R"({"subject": {"namespaces": {"matchLabels": {"env": "test"}}}, "ingress": [{}]})", "", ""},
    {kAdmin, "AdminNetworkPolicy", R"({"subject": {"namespaces": {}}, "egress": [{}]})", "", ""},
    {kAdmin, "BaselineAdminNetworkPolicy",
     R"({"subject": {"pods": {"namespaceSelector": {}, "podSelector": {"matchLabels": {"app": "console"}}}},
         "ingress": [{}]})", "", "below"},
    {"policy.networking.k8s.io/v1alpha2", "ClusterNetworkPolicy",
     R"({"tier": "Baseline", "subject": {"namespaces": {}}, "ingress": [{}]})", "", "below"},
    {kCalico, "GlobalNetworkPolicy", R"j({"selector": "all()", "types": ["Ingress"]})j", "", "beside"},
    {kCalico, "GlobalNetworkPolicy", R"({"tier": "security", "types": ["Ingress"]})", "", "above"},
    {kCalico, "GlobalNetworkPolicy", R"({"selector": "app == 'other'", "types": ["Ingress"]})", "", ""},
    {kCalico, "GlobalNetworkPolicy",
     R"j({"selector": "app == 'console' && has(app) && !has(x)", "types": ["Ingress"]})j", "", "beside"},
    {kCalico, "GlobalNetworkPolicy",
     R"({"selector": "app in {'console', 'other'}", "types": ["Ingress"]})", "", "beside?"},
    {kCalico, "GlobalNetworkPolicy",
     R"({"selector": "app in {'console'} && env == 'x'", "types": ["Ingress"]})", "", ""},
    {kCalico, "GlobalNetworkPolicy", R"j({"selector": "all()", "types": ["Egress"]})j", "", ""},
    {kCalico, "GlobalNetworkPolicy",
     R"({"namespaceSelector": "env == 'test'", "types": ["Ingress"]})", "", ""},
    {kCalico, "NetworkPolicy", R"({"types": ["Ingress"]})", "shop", "beside"},
    {kCalico, "NetworkPolicy", R"({"types": ["Ingress"]})", "other", ""},
    {kCilium, "CiliumNetworkPolicy",
     R"({"endpointSelector": {"matchLabels": {"k8s:app": "console"}}, "ingress": [{}]})", "shop", "beside"},
    {kCilium, "CiliumClusterwideNetworkPolicy",
     R"({"endpointSelector": {"matchLabels": {"k8s:io.kubernetes.pod.namespace": "shop"}}, "ingress": []})",
     "", "beside"},
    {kCilium, "CiliumClusterwideNetworkPolicy", R"({"nodeSelector": {}, "ingress": [{}]})", "", ""},
    {kCilium, "CiliumNetworkPolicy", R"({"endpointSelector": {}, "egress": [{}]})", "shop", ""},
    {"example.com/v1", "NetworkPolicy", R"j({"selector": "all()", "types": ["Ingress"]})j", "", ""},
};

TEST(OtherPolicies, AreReadAsTheirOwnApisReadThem) {
  for (const Case& each : kCases) {
    std::string verdict;
    for (const OtherPolicy& found : on(each.version, each.kind, each.spec, each.ns)) {
      constexpr const char* kRanks[] = {"above", "beside", "below"};
      verdict += kRanks[static_cast<size_t>(found.rank)];
      if (!found.certain) verdict += "?";
    }
    EXPECT_EQ(verdict, each.verdict) << each.kind << " " << each.spec;
  }
}

TEST(OtherPolicies, CalicosAreToldFromKubernetesOwn) {
  EXPECT_EQ(on(kCalico, "NetworkPolicy", R"({"types": ["Ingress"]})", "shop").at(0).name,
            "Calico's NetworkPolicy shop/theirs");
}

}  // namespace
}  // namespace firebreak
