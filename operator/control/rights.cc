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

// One thing to ask the API server.
struct Question {
  std::string action;
  std::string verb;
  std::string group;
  std::string resource;
  std::string ns;  // empty = in all of them

  std::string text() const {
    return verb + " " + resource + (ns.empty() ? "" : " in namespace " + ns);
  }
};

Result<bool> allowed(kube::Client& client, const Question& question) {
  Json attributes = {{"verb", question.verb},
                     {"group", question.group},
                     {"resource", question.resource}};
  if (!question.ns.empty()) attributes["namespace"] = question.ns;
  Json body = {{"apiVersion", "authorization.k8s.io/v1"},
               {"kind", "SelfSubjectAccessReview"},
               {"spec", {{"resourceAttributes", attributes}}}};
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

bool acts(const SecurityPolicy& policy, Family family) {
  Mode mode = policy.modeOf(family);
  return mode == Mode::kEnforce || mode == Mode::kApprove;
}

// Rights over Secrets are granted namespace by namespace.
void addRotators(const SecurityPolicy& policy, std::vector<Question>* questions) {
  if (!acts(policy, Family::kExposedSecret)) return;
  for (const Json& rotator : policy.secrets.rotators) {
    const std::string who = "rotator " + stringOr(member(rotator, "name"));
    const std::string ns = stringOr(member(rotator, "namespace"));
    for (const char* verb : {"get", "create", "patch"}) {
      questions->push_back({who, verb, "", "secrets", ns});
    }
    if (stringOr(member(rotator, "reload"), "Restart") == "Restart") {
      questions->push_back({who, "patch", "apps", "deployments", ns});
    }
  }
}

std::vector<Question> questionsOf(const SecurityPolicy& policy) {
  std::vector<Question> questions;
  for (const Need& need : kNeeds) {
    if (!acts(policy, need.family)) continue;
    if (!actionsOf(policy, need.family).contains(need.action)) continue;
    questions.push_back({need.action, need.verb, need.group, need.resource, ""});
  }
  addRotators(policy, &questions);
  return questions;
}

}  // namespace

Result<std::vector<MissingRight>> missingRights(kube::Client& client,
                                                const SecurityPolicy& policy) {
  std::vector<MissingRight> missing;
  std::map<std::string, bool> known;  // two actions may need the same
  for (const Question& question : questionsOf(policy)) {
    auto [answer, fresh] = known.try_emplace(question.group + "/" + question.text(), false);
    if (fresh) {
      auto asked = allowed(client, question);
      if (!asked) return tl::unexpected(asked.error());
      answer->second = *asked;
    }
    if (!answer->second) missing.push_back({question.action, question.text()});
  }
  return missing;
}

}  // namespace firebreak::control
