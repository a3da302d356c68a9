#include "remediate/plan/literals.h"

namespace firebreak::remediate {
namespace {

std::string changeFor(const Finding& finding) {
  const std::string& path = finding.fieldPath;
  bool env = path.find(".env[") != std::string::npos && path.ends_with(".value");
  if (env) {
    return "replace value by valueFrom.secretKeyRef {name, key} of a new Secret";
  }
  if (path.find(".args[") != std::string::npos || path.find(".command[") != std::string::npos) {
    return "put it into a Secret, add an environment variable with valueFrom.secretKeyRef, and "
           "write "
           "$(NAME) in its place";
  }
  if (finding.resource.kind == "ConfigMap") {
    return "move the key into a Secret and mount that in its place";
  }
  if (path.starts_with("metadata.annotations")) {
    return "remove it from the annotation (for last-applied-configuration: use kubectl apply "
           "--server-side)";
  }
  return "move it into a Secret and refer to that";
}

}  // namespace

Plan planLiterals(const std::vector<Finding>& findings) {
  constexpr size_t kMost = 20;
  Plan plan;
  for (size_t i = 0; i < findings.size() && i < kMost; ++i) {
    const Finding& finding = findings[i];
    if (!plan.externalAction.empty()) plan.externalAction += "; ";
    plan.externalAction += finding.rule + " in " + finding.fieldPath + " of " +
                           describe(finding.resource) + ": " + changeFor(finding);
  }
  if (findings.size() > kMost) {
    plan.externalAction += "; and " + std::to_string(findings.size() - kMost) + " more";
  }
  if (!plan.externalAction.empty()) {
    plan.externalAction +=
        ". Make the change where the manifest comes from (Git, Helm values), then make a new value "
        "at the issuer and revoke this one: whoever could read the object knows it.";
  }
  return plan;
}

}  // namespace firebreak::remediate
