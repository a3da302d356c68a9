#include "remediate/plan/dashboards.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "remediate/plan/dashboards_routes.h"

namespace firebreak {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Pod pod(int32_t port = 8080) {
  Pod made;
  made.meta.ns = "shop";
  made.meta.name = "console-1";
  made.meta.labels = {{"app", "console"}, {"pod-template-hash", "x"}};
  PodSpec spec;
  Container container;
  container.name = "console";
  ContainerPort http;
  http.name = "http";
  http.port = port;
  container.ports = {http};
  spec.containers = {container};
  made.spec = std::make_shared<const PodSpec>(std::move(spec));
  return made;
}

Json nodePortService() {
  return Json::parse(R"({
    "apiVersion": "v1", "kind": "Service",
    "metadata": {"name": "console", "namespace": "shop", "uid": "u1"},
    "spec": {"type": "NodePort", "clusterIP": "10.96.0.9", "externalTrafficPolicy": "Cluster",
             "selector": {"app": "console"},
             "ports": [{"name": "web", "port": 80, "targetPort": "http", "nodePort": 30080,
                        "protocol": "TCP"}]}})");
}

DashboardTarget target(Json service = nodePortService()) {
  DashboardTarget made;
  made.remediation = "open-dashboard-console-0123456789abcdef";
  made.serviceJson = std::move(service);
  made.object = {"v1", "Service", "shop", "console", "u1"};
  made.service.meta.ns = "shop";
  made.service.meta.name = "console";
  made.service.meta.uid = "u1";
  made.service.type = made.serviceJson["spec"]["type"];
  made.service.selector = {{"app", "console"}};
  for (const Json& port : made.serviceJson["spec"]["ports"]) {
    ServicePort entry;
    entry.name = port.value("name", "");
    entry.port = port["port"];
    entry.targetPort = port["targetPort"].is_string() ? port["targetPort"].get<std::string>()
                                                      : port["targetPort"].dump();
    made.service.ports.push_back(entry);
  }
  made.servicePorts = {80};
  made.pods = {pod()};
  return made;
}

std::vector<std::string> stepNames(const Plan& plan) {
  std::vector<std::string> names;
  for (const Step& step : plan.steps) names.push_back(step.name);
  return names;
}

const Step& stepNamed(const Plan& plan, const std::string& name) {
  for (const Step& step : plan.steps) {
    if (step.name == name) return step;
  }
  static const Step kNone;
  return kNone;
}

// What the API server would make of the step, and of its inverse.
Json apply(Json object, const Step& step) { return object.patch(Json::parse(patchText(step))); }
Json undo(Json object, const Step& step) { return object.patch(Json::parse(undoText(step))); }

TEST(DashboardPlan, ANodePortIsRestrictedThenUnpublished) {
  const Plan plan = planDashboards(target());
  EXPECT_THAT(stepNames(plan), ElementsAre("restrict-ingress", "unpublish"));
  for (const Step& step : plan.steps) {
    EXPECT_EQ(step.proof, Proof::kConsoleShut) << step.name;
    EXPECT_EQ(step.reversal, Reversal::kReversible) << step.name;
  }
}

TEST(DashboardPlan, ThePolicyAdmitsEverythingButTheConsolesPort) {
  const Step step = stepNamed(planDashboards(target()), "restrict-ingress");
  EXPECT_EQ(step.type, PatchType::kCreate);
  EXPECT_EQ(step.object.name, lockPolicyName("open-dashboard-console-0123456789abcdef"));
  EXPECT_EQ(step.object.uid, "");
  EXPECT_EQ(step.manifest["metadata"]["name"], step.object.name);
  EXPECT_EQ(step.manifest["metadata"]["labels"]["app.kubernetes.io/managed-by"], "firebreak");
  EXPECT_EQ(step.manifest["metadata"]["annotations"]["firebreak.dev/remediation"],
            "open-dashboard-console-0123456789abcdef");
  EXPECT_EQ(step.manifest["spec"], Json::parse(R"({
    "podSelector": {"matchLabels": {"app": "console"}}, "policyTypes": ["Ingress"],
    "ingress": [{"ports": [
      {"protocol": "TCP", "port": 1, "endPort": 8079},
      {"protocol": "TCP", "port": 8081, "endPort": 65535},
      {"protocol": "UDP", "port": 1, "endPort": 65535},
      {"protocol": "SCTP", "port": 1, "endPort": 65535}]}]})"));
}

TEST(DashboardPlan, AllowFromStillReachesTheConsole) {
  DashboardTarget made = target();
  made.allowFrom = Json::parse(R"([{"ipBlock": {"cidr": "10.1.0.0/16"}}])");
  const Json spec = stepNamed(planDashboards(made), "restrict-ingress").manifest["spec"];
  ASSERT_EQ(spec["ingress"].size(), 2U);
  EXPECT_EQ(spec["ingress"][1]["from"], made.allowFrom);
  EXPECT_EQ(spec["ingress"][1]["ports"], Json::parse(R"([{"protocol": "TCP", "port": 8080}])"));
}

TEST(DashboardPlan, PortsAtTheEdgesGiveNoEmptyRange) {
  DashboardTarget made = target();
  made.pods = {pod(1), pod(65535), pod(2)};
  const Json spec = stepNamed(planDashboards(made), "restrict-ingress").manifest["spec"];
  EXPECT_EQ(spec["ingress"][0]["ports"][0],
            Json::parse(R"({"protocol": "TCP", "port": 3, "endPort": 65534})"));
  EXPECT_EQ(spec["ingress"][0]["ports"][1]["protocol"], "UDP");
}

Json policy(const std::string& spec) {
  return {{"metadata", {{"name", "theirs"}, {"namespace", "shop"}}}, {"spec", Json::parse(spec)}};
}

TEST(DashboardPlan, BesideAnotherIngressPolicyOursWouldOnlyOpenMore) {
  for (const char* spec :
       {R"({"podSelector": {}, "policyTypes": ["Ingress"]})",
        R"({"podSelector": {"matchLabels": {"app": "console"}}, "ingress": [{}]})",
        R"({"podSelector": {"matchExpressions": [{"key": "app", "operator": "In", "values":
            ["console"]}]}})"}) {
    DashboardTarget made = target();
    made.networkPolicies = {policy(spec)};
    const Plan plan = planDashboards(made);
    EXPECT_THAT(stepNames(plan), ElementsAre("unpublish")) << spec;
    ASSERT_FALSE(plan.caveats.empty());
    const bool admits = std::string(spec).find("[{}]") != std::string::npos;
    EXPECT_EQ(plan.caveats[0].find("and admits") != std::string::npos, admits) << plan.caveats[0];
  }
}

TEST(DashboardPlan, PoliciesForOthersAndOurOwnDoNotCount) {
  DashboardTarget made = target();
  const Plan before = planDashboards(made);
  Json own = stepNamed(before, "restrict-ingress").manifest;
  made.networkPolicies = {
      policy(R"({"podSelector": {}, "policyTypes": ["Egress"]})"),
      policy(R"({"podSelector": {"matchLabels": {"app": "other"}}})"),
      policy(R"({"podSelector": {"matchExpressions": [{"key": "app", "operator": "DoesNotExist"}]}})"),
      own};
  // The plan is derived anew while it is carried out: it must stay the same.
  EXPECT_EQ(planDashboards(made).hash(), before.hash());
}

TEST(DashboardPlan, APolicyThatComesLaterLeavesOursWithNothingToOpen) {
  DashboardTarget made = target();
  made.allowFrom = Json::parse(R"([{"ipBlock": {"cidr": "10.1.0.0/16"}}])");
  const Json ours = stepNamed(planDashboards(made), "restrict-ingress").manifest;
  made.networkPolicies = {ours, policy(R"({"podSelector": {}, "policyTypes": ["Ingress"]})")};
  const Step step = stepNamed(planDashboards(made), "restrict-ingress");
  EXPECT_EQ(step.manifest["spec"]["ingress"], Json::array({ours["spec"]["ingress"][1]}));
  made.networkPolicies = {ours};
  EXPECT_EQ(stepNamed(planDashboards(made), "restrict-ingress").manifest, ours);
  // One that selects some of the pods alone says nothing about the others.
  made.pods.push_back(pod());
  made.pods[1].meta.labels["canary"] = "yes";
  made.networkPolicies = {ours, policy(R"({"podSelector": {"matchLabels": {"canary": "yes"}}})")};
  EXPECT_EQ(stepNamed(planDashboards(made), "restrict-ingress").manifest, ours);
}

Json otherPolicy(const char* version, const char* kind, const char* spec) {
  return {{"apiVersion", version},
          {"kind", kind},
          {"metadata", {{"name", "theirs"}}},
          {"spec", Json::parse(spec)}};
}

TEST(DashboardPlan, PoliciesOfOtherApisAreSaid) {
  DashboardTarget made = target();
  made.otherPolicies = {otherPolicy(
      "policy.networking.k8s.io/v1alpha1", "AdminNetworkPolicy",
      R"({"subject": {"namespaces": {}}, "ingress": [{"action": "Allow", "from": []}]})")};
  made.unreadPolicies = {"CiliumNetworkPolicy"};
  Plan plan = planDashboards(made);
  EXPECT_THAT(stepNames(plan), ElementsAre("restrict-ingress", "unpublish"));
  EXPECT_THAT(plan.caveats, Contains(HasSubstr("AdminNetworkPolicy theirs selects the pods and outranks")));
  EXPECT_THAT(plan.caveats, Contains(HasSubstr("whether a CiliumNetworkPolicy decides")));
  made.otherPolicies = {otherPolicy("cilium.io/v2", "CiliumClusterwideNetworkPolicy",
                                    R"({"endpointSelector": {}, "ingress": []})")};
  plan = planDashboards(made);
  EXPECT_THAT(stepNames(plan), ElementsAre("unpublish"));
  EXPECT_THAT(plan.caveats, Contains(HasSubstr("CiliumClusterwideNetworkPolicy theirs selects the pods; beside it")));
}

DashboardTarget selfPublished(bool hostNetwork) {
  DashboardTarget made = target();
  made.object = {"apps/v1", "Deployment", "shop", "console", "u7"};
  made.serviceJson = Json();
  made.ingresses = {Json::parse(R"({"metadata": {"name": "front", "namespace": "shop"}, "spec": {
    "defaultBackend": {"service": {"name": "console", "port": {"number": 8080}}}}})")};
  made.service.ports[0].port = 8080;
  made.service.ports[0].targetPort = "8080";
  made.servicePorts = {8080};
  PodSpec spec = *made.pods[0].spec;
  spec.hostNetwork = hostNetwork;
  spec.containers[0].ports[0].hostPort = 8080;
  made.pods[0].spec = std::make_shared<const PodSpec>(spec);
  return made;
}

TEST(DashboardPlan, PodsThatPublishThemselvesAreLockedByTheirPortAlone) {
  const Plan plan = planDashboards(selfPublished(false));
  EXPECT_THAT(stepNames(plan), ElementsAre("restrict-ingress"));
  EXPECT_EQ(plan.steps[0].manifest["spec"]["podSelector"]["matchLabels"], Json({{"app", "console"}}));
  EXPECT_EQ(plan.externalAction, "");
}

TEST(DashboardPlan, InTheHostsNetworkAPersonIsToldWhatToChange) {
  const Plan plan = planDashboards(selfPublished(true));
  EXPECT_THAT(plan.steps, IsEmpty());
  EXPECT_THAT(plan.externalAction, HasSubstr("Deployment shop/console"));
  EXPECT_THAT(plan.externalAction, HasSubstr("set spec.template.spec.hostNetwork to false"));
  EXPECT_THAT(plan.externalAction, HasSubstr("no effect on pods in the host's network"));
}

TEST(DashboardPlan, WithoutLabelsOfTheirOwnNoPolicySelectsThePods) {
  DashboardTarget made = selfPublished(false);
  made.object.kind = "Pod";
  made.service.selector.clear();
  const Plan plan = planDashboards(made);
  EXPECT_THAT(plan.steps, IsEmpty());
  EXPECT_THAT(plan.externalAction, HasSubstr("Take the hostPort out of spec.containers[].ports"));
}

TEST(DashboardPlan, PodsInTheHostsNetworkGoToTheNextRung) {
  DashboardTarget made = target();
  PodSpec spec = *made.pods[0].spec;
  spec.hostNetwork = true;
  made.pods[0].spec = std::make_shared<const PodSpec>(spec);
  EXPECT_THAT(stepNames(planDashboards(made)), ElementsAre("unpublish"));
}

TEST(DashboardPlan, UnpublishingANodePortAndBackGivesTheSameBytes) {
  const Json service = nodePortService();
  const Step step = stepNamed(planDashboards(target()), "unpublish");
  const Json after = apply(service, step);
  EXPECT_EQ(after["spec"]["type"], "ClusterIP");
  EXPECT_FALSE(after["spec"]["ports"][0].contains("nodePort"));
  EXPECT_FALSE(after["spec"].contains("externalTrafficPolicy"));
  EXPECT_EQ(undo(after, step).dump(), service.dump());
}

TEST(DashboardPlan, TheServiceSaysHowItWasPublishedUntilThatIsUndone) {
  const Plan plan = planDashboards(target());
  const Json out = apply(nodePortService(), stepNamed(plan, "unpublish"));
  // The seatbelt policy builds the same text.
  EXPECT_EQ(out["metadata"]["annotations"],
            Json({{"firebreak.dev/published-as", "NodePort  80/TCP:http"}}));
  EXPECT_FALSE(undo(out, stepNamed(plan, "unpublish"))["metadata"].contains("annotations"));
}

TEST(DashboardPlan, ALoadBalancerIsNarrowedFirst) {
  Json service = nodePortService();
  service["spec"]["type"] = "LoadBalancer";
  service["spec"]["allocateLoadBalancerNodePorts"] = true;
  service["spec"]["loadBalancerClass"] = "example.com/lb";
  service["spec"]["externalTrafficPolicy"] = "Local";
  service["spec"]["healthCheckNodePort"] = 31000;
  const Plan plan = planDashboards(target(service));
  EXPECT_THAT(stepNames(plan), ElementsAre("restrict-ingress", "narrow-load-balancer", "unpublish"));
  const Json narrow = apply(service, plan.steps[1]);
  EXPECT_EQ(narrow["spec"]["loadBalancerSourceRanges"], Json::parse(R"(["127.0.0.1/32"])"));
  const Json after = apply(narrow, plan.steps[2]);
  for (const char* gone : {"loadBalancerSourceRanges", "allocateLoadBalancerNodePorts",
                           "loadBalancerClass", "healthCheckNodePort", "externalTrafficPolicy"}) {
    EXPECT_FALSE(after["spec"].contains(gone)) << gone;
  }
  EXPECT_EQ(undo(undo(after, plan.steps[2]), plan.steps[1]).dump(), service.dump());
}

TEST(DashboardPlan, RangesThatWereThereComeBack) {
  Json service = nodePortService();
  service["spec"]["type"] = "LoadBalancer";
  service["spec"]["loadBalancerSourceRanges"] = {"10.0.0.0/8"};
  DashboardTarget made = target(service);
  made.allowFrom = Json::parse(R"([{"ipBlock": {"cidr": "10.1.0.0/16"}}, {"podSelector": {}}])");
  const Plan plan = planDashboards(made);
  const Json narrow = apply(service, plan.steps[1]);
  EXPECT_EQ(narrow["spec"]["loadBalancerSourceRanges"], Json::parse(R"(["10.1.0.0/16"])"));
  EXPECT_EQ(undo(undo(apply(narrow, plan.steps[2]), plan.steps[2]), plan.steps[1]), service);
}

TEST(DashboardPlan, OfSeveralPortsOnlyTheConsolesLeaves) {
  Json service = nodePortService();
  service["spec"]["ports"].push_back(
      {{"name", "traffic"}, {"port", 443}, {"targetPort", 8443}, {"nodePort", 30443}});
  const Plan plan = planDashboards(target(service));
  EXPECT_THAT(stepNames(plan), ElementsAre("restrict-ingress", "remove-console-port"));
  const Json after = apply(service, plan.steps[1]);
  EXPECT_EQ(after["spec"]["type"], "NodePort");
  ASSERT_EQ(after["spec"]["ports"].size(), 1U);
  EXPECT_EQ(after["spec"]["ports"][0]["nodePort"], 30443);
  EXPECT_EQ(undo(after, plan.steps[1]).dump(), service.dump());
}

TEST(DashboardPlan, ExternalIPsAreTakenOffAClusterIPService) {
  Json service = nodePortService();
  service["spec"]["type"] = "ClusterIP";
  service["spec"]["ports"][0].erase("nodePort");
  service["spec"]["externalIPs"] = {"192.0.2.1"};
  const Plan plan = planDashboards(target(service));
  EXPECT_FALSE(apply(service, stepNamed(plan, "unpublish"))["spec"].contains("externalIPs"));
}

Json ingress() {
  return Json::parse(R"({
    "metadata": {"name": "front", "namespace": "shop", "uid": "u2"},
    "spec": {
      "defaultBackend": {"service": {"name": "console", "port": {"name": "web"}}},
      "rules": [{"host": "a.example", "http": {"paths": [
        {"path": "/", "backend": {"service": {"name": "shop", "port": {"number": 80}}}},
        {"path": "/view", "backend": {"service": {"name": "console", "port": {"number": 80}}}},
        {"path": "/api", "backend": {"service": {"name": "console", "port": {"number": 443}}}}]}}]}})");
}

TEST(DashboardPlan, OnlyRoutesToTheConsoleAreDetached) {
  DashboardTarget made = target();
  made.ingresses = {ingress()};
  const Step step = stepNamed(planDashboards(made), "detach-route-front");
  const Json after = apply(ingress(), step);
  EXPECT_EQ(after["spec"]["defaultBackend"]["service"]["name"], kAbsentService);
  const Json& paths = after["spec"]["rules"][0]["http"]["paths"];
  EXPECT_EQ(paths[0]["backend"]["service"]["name"], "shop");
  EXPECT_EQ(paths[1]["backend"]["service"]["name"], kAbsentService);
  EXPECT_EQ(paths[2]["backend"]["service"]["name"], "console");
  EXPECT_EQ(undo(after, step).dump(), ingress().dump());
}

TEST(DashboardPlan, OnlyListedActionsAreCarriedOut) {
  DashboardTarget made = target();
  made.actions = {"Unpublish"};
  EXPECT_THAT(stepNames(planDashboards(made)), ElementsAre("unpublish"));
  made.actions = {"DetachRoutes"};
  const Plan none = planDashboards(made);
  EXPECT_THAT(none.steps, IsEmpty());
  EXPECT_NE(none.externalAction, "");
}

TEST(DashboardPlan, ScalingToZeroIsTheLastResort) {
  DashboardTarget made = target();
  made.actions.insert("ScaleToZero");
  made.workloadJson = Json::parse(R"({"apiVersion": "apps/v1", "kind": "Deployment",
    "metadata": {"name": "console", "namespace": "shop", "uid": "u3"}, "spec": {"replicas": 2}})");
  const Plan plan = planDashboards(made);
  EXPECT_THAT(stepNames(plan), ElementsAre("restrict-ingress", "unpublish", "scale-to-zero"));
  EXPECT_TRUE(plan.steps[2].lastResort);
}

}  // namespace
}  // namespace firebreak
