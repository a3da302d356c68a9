#include "detect/secrets/public_readers.h"

#include <algorithm>
#include <string>
#include <string_view>

#include "detect/pod_templates.h"
#include "detect/scan_input.h"
#include "detect/secrets/secret_rights.h"

namespace firebreak::detect {
namespace {

constexpr std::string_view kNobody[] = {"system:unauthenticated", "system:anonymous"};
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
    const SecretRights reads = secretRightsOf(*binding, objects);
    if (reads.none()) continue;
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
                      (reads.all ? "all Secrets " : "Secrets ") + where +
                      ": whoever reaches the API server has their values without a login. Remove that "
                      "subject, then rotate what it could read.";
    finding.evidence.push_back({"rbac-of-nobody", 95,
                                roleKind + " " + roleName + " reads secrets; subject " + who});
    findings.push_back(std::move(finding));
  }
  return findings;
}

}  // namespace firebreak::detect
