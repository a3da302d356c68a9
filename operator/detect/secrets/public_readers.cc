#include "detect/secrets/public_readers.h"

#include <algorithm>
#include <string>
#include <string_view>

#include "detect/pod_templates.h"
#include "detect/scan_input.h"

namespace firebreak::detect {
namespace {

constexpr std::string_view kNobody[] = {"system:unauthenticated", "system:anonymous"};
// Of Kubernetes' own roles those that read Secrets.
constexpr std::string_view kReaders[] = {"cluster-admin", "admin", "edit"};

bool contains(const Json& list, std::string_view text) {
  return std::any_of(list.begin(), list.end(),
                     [&](const Json& element) { return element.is_string() && element == text; });
}

// What a role lets one read of Secrets: "", "some" (named ones), "all".
std::string_view readsSecrets(const Json& role) {
  std::string_view most;
  for (const Json& rule : member(role, "rules")) {
    const Json& groups = member(rule, "apiGroups");
    const Json& resources = member(rule, "resources");
    const Json& verbs = member(rule, "verbs");
    bool group = contains(groups, "") || contains(groups, "*");
    bool resource = contains(resources, "secrets") || contains(resources, "*");
    bool verb = contains(verbs, "get") || contains(verbs, "list") || contains(verbs, "watch") ||
                contains(verbs, "*");
    if (!group || !resource || !verb) continue;
    const Json& names = member(rule, "resourceNames");
    if (!names.is_array() || names.empty()) return "all";
    most = "some";
  }
  return most;
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

std::vector<Finding> publicSecretReaders(const std::vector<const Json*>& objects) {
  std::vector<Finding> findings;
  for (const Json* binding : objects) {
    std::string kind = stringOr(member(*binding, "kind"));
    if (kind != "RoleBinding" && kind != "ClusterRoleBinding") continue;
    const Json& subjects = member(*binding, "subjects");
    size_t index = 0;
    std::string who;
    for (size_t i = 0; i < subjects.size() && who.empty(); ++i) {
      std::string name = stringOr(member(subjects[i], "name"));
      if (std::find(std::begin(kNobody), std::end(kNobody), name) == std::end(kNobody)) continue;
      who = name;
      index = i;
    }
    if (who.empty()) continue;
    std::string roleKind = stringOr(member(*binding, {"roleRef", "kind"}));
    std::string roleName = stringOr(member(*binding, {"roleRef", "name"}));
    std::string ns = stringOr(member(*binding, {"metadata", "namespace"}));
    const Json* role = roleOf(objects, roleKind, ns, roleName);
    bool known = std::find(std::begin(kReaders), std::end(kReaders), roleName) != std::end(kReaders);
    std::string_view reads = role != nullptr                     ? readsSecrets(*role)
                             : known && roleKind == "ClusterRole" ? "all"
                                                                  : "";
    if (reads.empty()) continue;
    std::string where = kind == "ClusterRoleBinding" ? "of every namespace"
                        : ns.empty()                 ? "of its namespace"
                                                     : "of namespace " + ns;
    Finding finding;
    finding.family = Family::kExposedSecret;
    finding.rule = "secrets-readable-by-anybody";
    finding.severity = Severity::kCritical;
    finding.confidence = 95;
    finding.tier = Tier::kAlert;
    finding.resource = refOf(*binding);
    finding.resource.uid = stringOr(member(*binding, {"metadata", "uid"}));
    finding.fieldPath = childPath("subjects", index);
    finding.message = kind + " " + finding.resource.name + " lets " + who + " read " +
                      (reads == "all" ? "all Secrets " : "Secrets ") + where +
                      ": whoever reaches the API server has their values without a login. Remove that "
                      "subject, then rotate what it could read.";
    finding.evidence.push_back({"rbac-of-nobody", 95,
                                roleKind + " " + roleName + " reads secrets; subject " + who});
    findings.push_back(std::move(finding));
  }
  return findings;
}

}  // namespace firebreak::detect
