#include "control/rights.h"

#include <map>

namespace firebreak::control {
namespace {

struct Need {
  Family family;
  const char* action;
  const char* verb;
  const char* group;
  const char* resource;
};

// What each action writes; the chart's ClusterRole is rendered from the same pairs.
constexpr Need kNeeds[] = {
    {Family::kMiner, "Isolate", "patch", "", "pods"},
    {Family::kMiner, "Isolate", "create", "networking.k8s.io", "networkpolicies"},
    {Family::kMiner, "Terminate", "delete", "", "pods"},
    {Family::kMiner, "StopOwner", "patch", "apps", "deployments"},
    {Family::kMiner, "StopOwner", "patch", "apps", "statefulsets"},
    {Family::kMiner, "StopOwner", "patch", "apps", "replicasets"},
    {Family::kMiner, "StopOwner", "patch", "batch", "jobs"},
    {Family::kMiner, "StopOwner", "patch", "batch", "cronjobs"},
    {Family::kOpenDashboard, "RestrictIngress", "create", "networking.k8s.io", "networkpolicies"},
    {Family::kOpenDashboard, "Unpublish", "patch", "", "services"},
    {Family::kOpenDashboard, "DetachRoutes", "patch", "networking.k8s.io", "ingresses"},
    {Family::kOpenDashboard, "DetachRoutes", "patch", "gateway.networking.k8s.io", "httproutes"},
    {Family::kOpenDashboard, "RevokeClusterAdmin", "delete", "rbac.authorization.k8s.io",
     "clusterrolebindings"},
    {Family::kOpenDashboard, "ScaleToZero", "patch", "apps", "deployments"},
    {Family::kOpenDashboard, "ScaleToZero", "patch", "apps", "statefulsets"},
};

Result<bool> allowed(kube::Client& client, const Need& need) {
  Json body = {{"apiVersion", "authorization.k8s.io/v1"},
               {"kind", "SelfSubjectAccessReview"},
               {"spec",
                {{"resourceAttributes",
                  {{"verb", need.verb}, {"group", need.group}, {"resource", need.resource}}}}}};
  auto answer = client.create(kube::kSelfSubjectAccessReviews, "", body, kube::Priority::kRead);
  if (!answer) return tl::unexpected(answer.error());
  return boolOr(member(*answer, {"status", "allowed"}), false);
}

const std::set<std::string>& actionsOf(const SecurityPolicy& policy, Family family) {
  static const std::set<std::string> kNone;
  if (family == Family::kMiner) return policy.miners.actions;
  if (family == Family::kOpenDashboard) return policy.dashboards.actions;
  return kNone;
}

}  // namespace

Result<std::vector<MissingRight>> missingRights(kube::Client& client,
                                                const SecurityPolicy& policy) {
  std::vector<MissingRight> missing;
  for (const Need& need : kNeeds) {
    Mode mode = policy.modeOf(need.family);
    if (mode != Mode::kEnforce && mode != Mode::kApprove) continue;
    if (actionsOf(policy, need.family).count(need.action) == 0) continue;
    auto answer = allowed(client, need);
    if (!answer) return tl::unexpected(answer.error());
    if (!*answer) {
      missing.push_back({need.action, std::string(need.verb) + " " + need.resource});
    }
  }
  return missing;
}

}  // namespace firebreak::control
