#include "cli/scan_policy.h"

#include <algorithm>
#include <sstream>

#include "api/policy_json.h"
#include "cli/loader.h"
#include "detect/pod_templates.h"

namespace firebreak {
namespace {

// Labels of the namespace's own manifest, where the input has it.
StringMap namespaceLabels(const std::string& ns, const detect::ScanInput& input) {
  for (const detect::Document& document : input.documents()) {
    if (document.ref.kind == "Namespace" && document.ref.name == ns) {
      return detect::metaOf(document.object).labels;
    }
  }
  // The API server puts this one on every namespace.
  return {{"kubernetes.io/metadata.name", ns}};
}

StringMap labelsOf(const Finding& finding, const detect::ScanInput& input) {
  for (const detect::ScannedWorkload& scanned : input.workloads()) {
    if (scanned.document->ref == finding.resource) {
      const Workload& workload = scanned.workload;
      return workload.podLabels.empty() ? workload.meta.labels : workload.podLabels;
    }
  }
  return {};
}

bool covers(const Exclusion& exclusion, const Finding& finding, const detect::ScanInput& input,
            WallTime now) {
  if (exclusion.expiresAt && *exclusion.expiresAt <= now) return false;
  const std::string& ns = finding.resource.ns;
  bool inNamespace = std::find(exclusion.namespaces.begin(), exclusion.namespaces.end(), ns) !=
                     exclusion.namespaces.end();
  if (!inNamespace && exclusion.namespaceSelector) {
    inNamespace = exclusion.namespaceSelector->matches(namespaceLabels(ns, input));
  }
  if (!inNamespace) return false;
  return exclusion.selector.empty() || exclusion.selector.matches(labelsOf(finding, input));
}

}  // namespace

Result<ScanPolicy> readScanPolicy(const std::string& path) {
  std::istringstream none;
  Loaded loaded = loadPaths({path}, none);
  if (!loaded.errors.empty()) {
    return fail(ErrorCode::kInvalid, "read the policy " + path + ": " + loaded.errors[0].message);
  }
  for (const detect::Document& document : loaded.documents) {
    if (document.ref.kind != "SecurityPolicy") continue;
    auto policy = policyFromJson(document.object);
    if (!policy) return tl::unexpected<Error>(policy.error());
    return ScanPolicy{std::move(*policy), member(document.object, "spec")};
  }
  return fail(ErrorCode::kInvalid, "read the policy " + path + ": it holds no SecurityPolicy");
}

bool isLeftOut(const Finding& finding, const SecurityPolicy& policy, const detect::ScanInput& input,
               WallTime now) {
  if (policy.modeOf(finding.family) == Mode::kDisabled) return true;
  return std::any_of(policy.exclude.begin(), policy.exclude.end(), [&](const Exclusion& exclusion) {
    return covers(exclusion, finding, input, now);
  });
}

}  // namespace firebreak
