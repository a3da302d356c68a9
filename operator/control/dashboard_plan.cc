// What a DashboardFamily reads for its planner.
#include <algorithm>

#include "api/projection.h"
#include "control/dashboard_family.h"
#include "control/root_controller.h"
#include "remediate/plan/dashboards.h"

namespace firebreak::control {
namespace {

// Policies that have a say beside NetworkPolicies, where their definitions are installed.
constexpr kube::ResourceType kOtherPolicies[] = {
    {"policy.networking.k8s.io", "v1alpha1", "adminnetworkpolicies", "AdminNetworkPolicy", false},
    {"policy.networking.k8s.io", "v1alpha1", "baselineadminnetworkpolicies",
     "BaselineAdminNetworkPolicy", false},
    {"policy.networking.k8s.io", "v1alpha2", "clusternetworkpolicies", "ClusterNetworkPolicy",
     false},
    {"crd.projectcalico.org", "v1", "networkpolicies", "NetworkPolicy", true},
    {"crd.projectcalico.org", "v1", "globalnetworkpolicies", "GlobalNetworkPolicy", false},
    {"cilium.io", "v2", "ciliumnetworkpolicies", "CiliumNetworkPolicy", true},
    {"cilium.io", "v2", "ciliumclusterwidenetworkpolicies", "CiliumClusterwideNetworkPolicy",
     false},
};

// Whoever may run pods under an account without having any at the moment.
const kube::ResourceType* const kPodMakers[] = {&kube::kDeployments, &kube::kStatefulSets,
                                                &kube::kDaemonSets, &kube::kCronJobs,
                                                &kube::kJobs};

bool isPartOf(const StringMap& selector, const StringMap& labels) {
  return !selector.empty() &&
         std::all_of(selector.begin(), selector.end(), [&](const auto& wanted) {
           auto label = labels.find(wanted.first);
           return label != labels.end() && label->second == wanted.second;
         });
}

}  // namespace

Result<Json> DashboardFamily::rootController(const Subject& subject) const {
  for (const Pod& pod : subject.pods) {
    if (pod.meta.controller.kind.empty()) continue;
    return rootControllerOf(client_, pod.meta.ns, pod.meta.controller);
  }
  return Json();
}

Result<AdminGrants> DashboardFamily::adminGrants(const Remediation& remediation,
                                                 const std::vector<remediate::BeforeImage>& images,
                                                 const Subject& subject) {
  AdminGrants grants;
  grants.ns = subject.target.ns;
  for (const remediate::BeforeImage& image : images) {
    if (image.type != PatchType::kDelete) continue;
    grants.revoked.push_back({image.object, undoByHand(remediation, image.object)});
  }
  auto bindings = client_.list(kube::kClusterRoleBindings, "");
  if (!bindings) return tl::unexpected(bindings.error());
  for (Json& binding : (*bindings)["items"]) grants.bindings.push_back(std::move(binding));
  for (const Pod& pod : subject.pods) {
    auto& accounts = grants.serviceAccounts;
    const std::string& account = pod.spec->serviceAccount;
    if (std::find(accounts.begin(), accounts.end(), account) == accounts.end()) {
      accounts.push_back(account);
    }
  }
  for (const auto& pod : world_.pods.inNamespace(grants.ns)) {
    const bool own = std::any_of(subject.pods.begin(), subject.pods.end(),
                                 [&](const Pod& each) { return each.meta.uid == pod->meta.uid; });
    if (!own && pod->spec) {
      grants.otherUsers.emplace_back(pod->spec->serviceAccount, "Pod " + grants.ns + "/" + pod->meta.name);
    }
  }
  for (const kube::ResourceType* type : kPodMakers) {
    auto list = client_.list(*type, grants.ns);
    if (!list) return tl::unexpected(list.error());
    for (Json& item : (*list)["items"]) {
      item["apiVersion"] = kube::apiVersionOf(*type);
      item["kind"] = type->kind;
      auto workload = projectWorkload(dumpJson(item));
      if (!workload || !workload->spec) continue;
      if (isPartOf(subject.service.selector, workload->podLabels)) continue;
      grants.otherUsers.emplace_back(workload->spec->serviceAccount,
                                     workload->kind + " " + grants.ns + "/" + workload->meta.name);
    }
  }
  return grants;
}

std::string DashboardFamily::undoByHand(const Remediation& remediation, const ObjectRef& object) {
  for (const PlannedStep& step : remediation.status.plan) {
    if (step.object.uid == object.uid) return step.undo;
  }
  return "";
}

UndoAdvice DashboardFamily::adviseUndo(const Remediation& remediation,
                                       const remediate::BeforeImage& image) {
  if (image.type != PatchType::kDelete) return {};
  return {"deleted, and Firebreak cannot make it again: " + undoByHand(remediation, image.object),
          false};
}

Status DashboardFamily::readForPlan(const Remediation& remediation,
                                    const remediate::JournalKeys& keys,
                                    const detect::OpenConsole& console, const Live& live,
                                    const SecurityPolicy* policy, Plan* plan) {
  const std::string& ns = live.subject.target.ns;
  DashboardTarget target;
  target.remediation = remediation.name;
  target.object = live.subject.target;
  target.service = live.subject.service;
  // No NetworkPolicy can select by that.
  if (live.subject.byEndpoints) target.service.selector.clear();
  if (target.object.kind == "Service") target.serviceJson = live.object;
  target.servicePorts = console.servicePorts;
  target.pods = live.subject.pods;
  auto images = remediate::sealedImages(keys, remediation);
  auto policies = client_.list(kube::kNetworkPolicies, ns);
  if (!policies) return tl::unexpected(policies.error());
  for (const Json& item : member(*policies, "items")) target.networkPolicies.push_back(item);
  auto ingresses = client_.list(kube::kIngresses, ns);
  if (!ingresses) return tl::unexpected(ingresses.error());
  for (const Json& item : member(*ingresses, "items")) {
    target.ingresses.push_back(remediate::rewind(item, images));
  }
  if (auto type = world_.httpRouteType()) {
    auto routes = optional_.list(*type, ns);
    if (!routes) return tl::unexpected(routes.error());
    for (const Json& route : *routes) target.httpRoutes.push_back(remediate::rewind(route, images));
  }
  for (const auto* kind : world_.routeKinds()) {
    for (const auto& route : kind->inNamespace(ns)) target.otherRoutes.push_back(*route);
  }
  target.namespaceLabels = world_.namespaceLabels(ns);
  for (const kube::ResourceType& type : kOtherPolicies) {
    auto others = optional_.list(type, ns);
    if (others) {
      target.otherPolicies.insert(target.otherPolicies.end(), others->begin(), others->end());
    } else if (others.error().code == ErrorCode::kForbidden) {
      target.unreadPolicies.emplace_back(type.kind);
    } else {
      return tl::unexpected(others.error());
    }
  }
  if (policy != nullptr && policy->dashboards.actions.contains("RevokeClusterAdmin")) {
    auto grants = adminGrants(remediation, images, live.subject);
    if (!grants) return tl::unexpected(grants.error());
    target.adminGrants = std::move(*grants);
  }
  if (policy != nullptr && policy->dashboards.actions.contains("ScaleToZero")) {
    auto controller = rootController(live.subject);
    if (!controller) return tl::unexpected(controller.error());
    target.workloadJson = remediate::rewind(*controller, images);
  }
  if (policy != nullptr) {
    target.actions = policy->dashboards.actions;
    target.allowFrom = policy->dashboards.allowFrom;
  }
  *plan = planDashboards(target);
  return {};
}

}  // namespace firebreak::control
