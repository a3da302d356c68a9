#include "detect/secrets/rbac_reach.h"

#include <algorithm>

#include "detect/secrets/secret_rights.h"

namespace firebreak::detect {
namespace {

bool standsFor(const Json& subject, const std::string& ns, const std::string& account) {
  const std::string kind = stringOr(member(subject, "kind"));
  const std::string name = stringOr(member(subject, "name"));
  if (kind == "ServiceAccount") {
    return name == account && stringOr(member(subject, "namespace")) == ns;
  }
  if (kind == "User") return name == "system:serviceaccount:" + ns + ":" + account;
  return kind == "Group" && (name == "system:serviceaccounts" || name == "system:authenticated" ||
                             name == "system:serviceaccounts:" + ns);
}

}  // namespace

RbacReach rbacReachOf(const std::vector<const Json*>& objects, const std::string& ns,
                      const std::string& serviceAccount) {
  RbacReach reach;
  for (const Json* binding : objects) {
    const std::string kind = stringOr(member(*binding, "kind"));
    if (kind != "RoleBinding" && kind != "ClusterRoleBinding") continue;
    const Json& subjects = member(*binding, "subjects");
    const bool bound = subjects.is_array() &&
                       std::any_of(subjects.begin(), subjects.end(), [&](const Json& subject) {
                         return standsFor(subject, ns, serviceAccount);
                       });
    if (!bound) continue;
    const SecretRights rights = secretRightsOf(*binding, objects);
    if (rights.none()) continue;
    const std::string where =
        kind == "RoleBinding" ? stringOr(member(*binding, {"metadata", "namespace"})) : "";
    if (!rights.all) {
      reach.named[where].insert(rights.names.begin(), rights.names.end());
    } else if (where.empty()) {
      reach.everywhere = true;
    } else {
      reach.namespaces.insert(where);
    }
    reach.through.push_back(kind + " " + (where.empty() ? "" : where + "/") +
                            stringOr(member(*binding, {"metadata", "name"})));
  }
  return reach;
}

Finding rbacReachFinding(const ObjectRef& console, const ObjectRef& account,
                         const RbacReach& reach, const ReachedSecrets& secrets) {
  constexpr size_t kMostBindings = 5;
  constexpr size_t kMostText = 3500;
  Finding finding;
  finding.family = Family::kExposedSecret;
  finding.rule = kRbacReachRule;
  finding.severity = reach.everywhere ? Severity::kCritical : Severity::kHigh;
  finding.confidence = 80;
  finding.tier = Tier::kAlert;
  finding.resource = account;
  finding.fieldPath = "spec.serviceAccountName";
  std::string through;
  for (size_t i = 0; i < std::min(reach.through.size(), kMostBindings); ++i) {
    through += (i == 0 ? "" : ", ") + reach.through[i];
  }
  std::string& text = finding.message;
  text = "whoever uses the console of " + describe(console) + " may read Secrets as " +
         describe(account) + " (" + through + "): ";
  if (reach.everywhere) text += "every Secret of the cluster, ";
  text += std::to_string(secrets.count) + " Secrets in " +
          std::to_string(secrets.namespaces.size()) + " namespaces";
  if (secrets.unlisted > 0) {
    text += ", and those of " + std::to_string(secrets.unlisted) +
            " namespaces whose Secrets the operator may not list";
  }
  text += ". None is rotated for it: take the right away, and rotate what matters.";
  std::string names;
  for (const std::string& name : secrets.names) {
    if (text.size() + names.size() + name.size() > kMostText) break;
    names += (names.empty() ? " Among them: " : ", ") + name;
  }
  text += names;
  finding.evidence.push_back({"rbac-of-the-console", 80, "bound by " + through});
  return finding;
}

}  // namespace firebreak::detect
