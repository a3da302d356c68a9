#include "control/rbac_reach.h"

#include <algorithm>
#include <set>

#include "detect/secrets/rbac_reach.h"

namespace firebreak::control {
namespace {

constexpr size_t kMostNames = 50;
// A list that is refused is a request all the same.
constexpr size_t kMostLists = 100;

void take(const Json& list, const std::set<std::string>* only, detect::ReachedSecrets* secrets) {
  for (const Json& item : member(list, "items")) {
    const std::string ns = stringOr(member(item, {"metadata", "namespace"}));
    const std::string name = stringOr(member(item, {"metadata", "name"}));
    if (only != nullptr && !only->contains(name)) continue;
    ++secrets->count;
    secrets->namespaces.insert(ns);
    if (secrets->names.size() < kMostNames) secrets->names.push_back(ns + "/" + name);
  }
}

Result<detect::ReachedSecrets> count(kube::Client& client, const detect::RbacReach& reach,
                                     const std::vector<std::string>& namespaces) {
  detect::ReachedSecrets secrets;
  size_t lists = 0;
  const auto every = reach.named.find("");
  for (const std::string& ns : namespaces) {
    const bool all = reach.everywhere || reach.namespaces.contains(ns);
    std::set<std::string> only = every == reach.named.end() ? std::set<std::string>() : every->second;
    if (auto named = reach.named.find(ns); named != reach.named.end()) {
      only.insert(named->second.begin(), named->second.end());
    }
    if (!all && only.empty()) continue;
    if (++lists > kMostLists) {
      ++secrets.unlisted;
      continue;
    }
    auto list = client.list(kube::kSecrets, ns, {.metadataOnly = true});
    if (!list && list.error().code != ErrorCode::kForbidden) return tl::unexpected(list.error());
    if (list) {
      take(*list, all ? nullptr : &only, &secrets);
    } else {
      ++secrets.unlisted;
    }
  }
  return secrets;
}

}  // namespace

Result<std::vector<Json>> rbacObjects(kube::Client& client) {
  std::vector<Json> objects;
  for (const kube::ResourceType* type :
       {&kube::kRoles, &kube::kClusterRoles, &kube::kRoleBindings, &kube::kClusterRoleBindings}) {
    auto list = client.list(*type, "");
    if (!list) return tl::unexpected(list.error());
    for (Json& item : (*list)["items"]) {
      item["apiVersion"] = kube::apiVersionOf(*type);
      item["kind"] = type->kind;
      objects.push_back(std::move(item));
    }
  }
  return objects;
}

Result<std::optional<Finding>> RbacReach::look(const ObjectRef& console, const ObjectRef& account,
                                               const std::vector<std::string>& namespaces) {
  auto objects = rbacObjects(client_);
  if (!objects) return tl::unexpected(objects.error());
  std::vector<const Json*> pointers;
  for (const Json& object : *objects) pointers.push_back(&object);
  const detect::RbacReach reach = detect::rbacReachOf(pointers, account.ns, account.name);
  if (reach.none()) return std::optional<Finding>();
  auto secrets = count(client_, reach, namespaces);
  if (!secrets) return tl::unexpected(secrets.error());
  return std::optional<Finding>(detect::rbacReachFinding(console, account, reach, *secrets));
}

// A console's pods have one account as a rule; of several the widest reach is told.
Result<std::optional<Finding>> RbacReach::findingFor(const ObjectRef& console,
                                                     const std::vector<Pod>& pods,
                                                     const std::vector<std::string>& namespaces) {
  constexpr std::chrono::seconds kFresh{60};
  constexpr size_t kMostRemembered = 1024;
  {
    std::lock_guard lock(mutex_);
    auto known = known_.find(console.uid);
    if (known != known_.end() && clock_.mono() - known->second.at < kFresh) {
      return known->second.finding;
    }
  }
  std::set<std::pair<std::string, std::string>> accounts;
  for (const Pod& pod : pods) accounts.emplace(pod.meta.ns, pod.spec->serviceAccount);
  std::optional<Finding> widest;
  for (const auto& [ns, name] : accounts) {
    auto found = look(console, {"v1", "ServiceAccount", ns, name, ""}, namespaces);
    if (!found) return found;
    if (*found && (!widest || (*found)->severity > widest->severity)) widest = std::move(*found);
  }
  std::lock_guard lock(mutex_);
  if (known_.size() >= kMostRemembered) known_.clear();
  known_[console.uid] = {clock_.mono(), widest};
  return widest;
}

}  // namespace firebreak::control
