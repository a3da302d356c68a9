#include "detect/secrets/secret_rights.h"

#include <algorithm>
#include <string_view>

#include "detect/scan_input.h"

namespace firebreak::detect {
namespace {

// Of Kubernetes' own roles those that read Secrets.
constexpr std::string_view kReaders[] = {"cluster-admin", "admin", "edit"};

bool contains(const Json& list, std::string_view text) {
  return std::any_of(list.begin(), list.end(),
                     [&](const Json& element) { return element.is_string() && element == text; });
}

SecretRights rightsIn(const Json& role) {
  SecretRights rights;
  for (const Json& rule : member(role, "rules")) {
    const Json& groups = member(rule, "apiGroups");
    const Json& resources = member(rule, "resources");
    const Json& verbs = member(rule, "verbs");
    bool group = contains(groups, "") || contains(groups, "*");
    bool resource = contains(resources, "secrets") || contains(resources, "*");
    bool verb = contains(verbs, "get") || contains(verbs, "list") || contains(verbs, "watch") ||
                contains(verbs, "*");
    if (!group || !resource || !verb) continue;
    const auto names = stringsOf(member(rule, "resourceNames"));
    rights.all = rights.all || names.empty();
    rights.names.insert(names.begin(), names.end());
  }
  return rights;
}

const Json* roleOf(const std::vector<const Json*>& objects, const std::string& kind,
                   const std::string& ns, const std::string& name) {
  for (const Json* object : objects) {
    if (stringOr(member(*object, "kind")) == kind &&
        stringOr(member(*object, {"metadata", "name"})) == name &&
        (kind == "ClusterRole" ||
         sameNamespace(stringOr(member(*object, {"metadata", "namespace"})), ns))) {
      return object;
    }
  }
  return nullptr;
}

}  // namespace

SecretRights secretRightsOf(const Json& binding, const std::vector<const Json*>& objects) {
  const std::string kind = stringOr(member(binding, {"roleRef", "kind"}));
  const std::string name = stringOr(member(binding, {"roleRef", "name"}));
  const Json* role =
      roleOf(objects, kind, stringOr(member(binding, {"metadata", "namespace"})), name);
  if (role != nullptr) return rightsIn(*role);
  SecretRights rights;
  rights.all = kind == "ClusterRole" &&
               std::find(std::begin(kReaders), std::end(kReaders), name) != std::end(kReaders);
  return rights;
}

}  // namespace firebreak::detect
