#include "control/world.h"

#include "api/node_guard_json.h"
#include "api/policy_json.h"
#include "api/projection.h"
#include "api/remediation_json.h"
#include "base/json.h"
#include "base/time_format.h"
#include "detect/dashboards/manifest_objects.h"

namespace firebreak::kube {

std::shared_ptr<const Pod> Kept<Pod>::show(std::string_view key, const std::string& uid,
                                           const std::string& resourceVersion) const {
  auto pod = std::make_shared<Pod>(packed.unpack());
  const size_t slash = key.find('/');
  if (slash != std::string_view::npos) pod->meta.ns = key.substr(0, slash);
  pod->meta.name = key.substr(slash + 1);  // npos + 1 is 0
  pod->meta.uid = uid;
  pod->meta.resourceVersion = resourceVersion;
  return pod;
}

}  // namespace firebreak::kube

namespace firebreak::control {
namespace {

constexpr kube::ResourceType kTraefikRoutes{"traefik.io", "v1alpha1", "ingressroutes",
                                            "IngressRoute", true};
constexpr kube::ResourceType kTraefikRoutesOld{"traefik.containo.us", "v1alpha1", "ingressroutes",
                                               "IngressRoute", true};
constexpr kube::ResourceType kVirtualServices{"networking.istio.io", "v1", "virtualservices",
                                              "VirtualService", true};
constexpr kube::ResourceType kVirtualServicesBeta{"networking.istio.io", "v1beta1",
                                                  "virtualservices", "VirtualService", true};
constexpr kube::ResourceType kOpenShiftRoutes{"route.openshift.io", "v1", "routes", "Route", true};

Result<PolicyEntry> projectPolicy(std::string_view text) {
  auto json = parseJson(text, "SecurityPolicy");
  if (!json) return tl::unexpected(json.error());
  PolicyEntry entry;
  const Json& meta = member(*json, "metadata");
  entry.name = stringOr(member(meta, "name"));
  entry.resourceVersion = stringOr(member(meta, "resourceVersion"));
  entry.uid = stringOr(member(meta, "uid"));
  entry.generation = intOr(member(meta, "generation"), 0);
  // Read apart from the rest: a policy that nobody understands must be deletable too.
  for (const std::string& finalizer : stringsOf(member(meta, "finalizers"))) {
    entry.held = entry.held || finalizer == kUndoFinalizer;
  }
  entry.deletedAt = parseTime(stringOr(member(meta, "deletionTimestamp")));
  entry.status = member(*json, "status");
  auto policy = policyFromJson(*json);
  if (policy) {
    entry.policy = std::move(*policy);
  } else {
    entry.error = policy.error().message;
  }
  return entry;
}

Result<Remediation> projectRemediation(std::string_view text) {
  auto json = parseJson(text, "Remediation");
  if (!json) return tl::unexpected(json.error());
  return remediationFromJson(*json);
}

Result<NodeGuard> projectNodeGuard(std::string_view text) {
  auto json = parseJson(text, "NodeGuard");
  if (!json) return tl::unexpected(json.error());
  return nodeGuardFromJson(*json);
}

template <Ingress (*read)(const Json&)>
Result<Ingress> projectRoute(std::string_view text) {
  auto json = parseJson(text, "a route");
  if (!json) return tl::unexpected(json.error());
  return read(*json);
}

Result<NamespaceView> projectNamespace(std::string_view text) {
  auto json = parseJson(text, "Namespace");
  if (!json) return tl::unexpected(json.error());
  NamespaceView view;
  view.meta.name = stringOr(member(*json, {"metadata", "name"}));
  view.meta.deleting = !member(*json, {"metadata", "deletionTimestamp"}).is_null();
  for (const auto& [key, value] : member(*json, {"metadata", "labels"}).items()) {
    view.meta.labels[key] = stringOr(value);
  }
  return view;
}

Result<Brake> projectBrake(std::string_view text) {
  auto json = parseJson(text, "ConfigMap");
  if (!json) return tl::unexpected(json.error());
  Brake brake;
  brake.name = stringOr(member(*json, {"metadata", "name"}));
  for (const auto& [key, value] : member(*json, "data").items()) {
    brake.text += (brake.text.empty() ? "" : "; ") + key + ": " + stringOr(value);
  }
  if (brake.text.empty()) brake.text = "on";
  return brake;
}

Result<PolicyMark> projectNetworkPolicy(std::string_view text) {
  auto json = parseJson(text, "NetworkPolicy");
  if (!json) return tl::unexpected(json.error());
  const Json& meta = member(*json, "metadata");
  PolicyMark mark;
  mark.ns = stringOr(member(meta, "namespace"));
  mark.name = stringOr(member(meta, "name"));
  if (stringOr(member(meta, {"labels", "app.kubernetes.io/managed-by"})) == "firebreak") {
    mark.remediation = stringOr(member(meta, {"annotations", "firebreak.dev/remediation"}));
  }
  return mark;
}

}  // namespace

World::World(kube::Transport& transport, std::string operatorNamespace)
    : pods("pods", projectPod),
      services("services", projectService),
      ingresses("ingresses", projectIngress),
      httpRoutes("httproutes", projectRoute<detect::routeOf>),
      traefikRoutes("ingressroutes", projectRoute<detect::traefikRouteOf>),
      virtualServices("virtualservices", projectRoute<detect::virtualServiceOf>),
      openShiftRoutes("routes", projectRoute<detect::openShiftRouteOf>),
      nodes("nodes", projectNode),
      namespaces("namespaces", projectNamespace),
      policies("securitypolicies", projectPolicy),
      remediations("remediations", projectRemediation),
      nodeGuards("nodeguards", projectNodeGuard),
      brakes("brake", projectBrake),
      networkPolicies("networkpolicies", projectNetworkPolicy),
      httpRouteWatch_(transport,
                      {.versions = {*kube::findResourceType("gateway.networking.k8s.io/v1", "HTTPRoute"),
                                    *kube::findResourceType("gateway.networking.k8s.io/v1beta1",
                                                            "HTTPRoute")},
                       .readOversized = true},
                      httpRoutes),
      traefikWatch_(transport,
                    {.versions = {kTraefikRoutes, kTraefikRoutesOld}, .readOversized = true},
                    traefikRoutes),
      istioWatch_(transport,
                  {.versions = {kVirtualServices, kVirtualServicesBeta}, .readOversized = true},
                  virtualServices),
      openShiftWatch_(transport, {.versions = {kOpenShiftRoutes}, .readOversized = true},
                      openShiftRoutes) {
  auto watch = [&](const kube::ResourceType& type, kube::WatchSink& sink, std::string ns = "",
                   std::string fieldSelector = "", bool metadataOnly = false) {
    // Nobody hides a pod by making it huge; half a policy or half a journal is worse than none.
    const bool others = type == kube::kPods || type == kube::kServices || type == kube::kIngresses;
    reflectors_.push_back(std::make_unique<kube::Reflector>(
        transport,
        kube::WatchTarget{type, std::move(ns), "", std::move(fieldSelector), metadataOnly, others},
        sink));
  };
  // The metadata alone: a lock that somebody takes off is noticed by it, and a policy beside one.
  watch(kube::kNetworkPolicies, networkPolicies, "", "", true);
  watch(kube::kSecurityPolicies, policies);
  watch(kube::kRemediations, remediations);
  watch(kube::kNodeGuards, nodeGuards);
  watch(kube::kNamespaces, namespaces, "", "", true);
  watch(kube::kConfigMaps, brakes, std::move(operatorNamespace), "metadata.name=firebreak-brake");
  watch(kube::kNodes, nodes);
  watch(kube::kServices, services);
  watch(kube::kIngresses, ingresses);
  // Those that ended too: leaving them out by a field selector shows a pod that ends as one that was
  // deleted, and one in quarantine would count as gone while its labels are still to be given back.
  watch(kube::kPods, pods);
}

void World::start() {
  for (auto& reflector : reflectors_) reflector->start();
  for (auto* watch : {&httpRouteWatch_, &traefikWatch_, &istioWatch_, &openShiftWatch_}) {
    watch->start();
  }
}

void World::stop() {
  for (auto& reflector : reflectors_) reflector->stop();
  for (auto* watch : {&httpRouteWatch_, &traefikWatch_, &istioWatch_, &openShiftWatch_}) {
    watch->stop();
  }
}

std::vector<kube::Store<Ingress>*> World::routeKinds() {
  return {&ingresses, &httpRoutes, &traefikRoutes, &virtualServices, &openShiftRoutes};
}

bool World::synced() const {
  return pods.hasSynced() && services.hasSynced() && ingresses.hasSynced() && nodes.hasSynced() &&
         namespaces.hasSynced() && policies.hasSynced() && remediations.hasSynced() &&
         nodeGuards.hasSynced() && brakes.hasSynced() && networkPolicies.hasSynced();
}

std::vector<WatchFailure> World::failures() const {
  std::vector<WatchFailure> failures;
  auto add = [&](const char* resource, const std::optional<Error>& error) {
    if (error) failures.push_back({resource, *error});
  };
  add("pods", pods.lastError());
  add("services", services.lastError());
  add("ingresses", ingresses.lastError());
  add("httproutes", httpRoutes.lastError());
  add("ingressroutes", traefikRoutes.lastError());
  add("virtualservices", virtualServices.lastError());
  add("routes", openShiftRoutes.lastError());
  add("nodes", nodes.lastError());
  add("namespaces", namespaces.lastError());
  add("securitypolicies", policies.lastError());
  add("remediations", remediations.lastError());
  add("nodeguards", nodeGuards.lastError());
  add("configmaps in the operator's namespace", brakes.lastError());
  add("networkpolicies", networkPolicies.lastError());
  return failures;
}

StringMap World::namespaceLabels(const std::string& ns) const {
  auto view = namespaces.get(ns);
  return view ? view->meta.labels : StringMap{};
}

std::string World::brake() const {
  auto all = brakes.snapshot();
  return all.empty() ? "" : all.front()->text;
}

std::shared_ptr<const Pod> World::podByUid(const std::string& uid) const {
  return pods.findByUid(uid);
}

std::vector<std::shared_ptr<const Pod>> World::podsSelectedBy(const std::string& ns,
                                                              const StringMap& selector) const {
  if (selector.empty()) return {};  // a Service without selector selects nothing
  return pods.select(
      ns, [&](const kube::Kept<Pod>& kept) { return kept.packed.hasLabels(selector); });
}

bool World::hasBarePods(const std::string& ns) const {
  return pods.any(ns, [](const kube::Kept<Pod>& kept) { return kept.packed.isBare(); });
}

}  // namespace firebreak::control
