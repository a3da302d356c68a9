#include "control/exposure_sweep.h"

#include <algorithm>

#include "api/projection.h"
#include "control/rbac_reach.h"
#include "detect/pod_templates.h"
#include "detect/scan_input.h"
#include "detect/secrets/public_readers.h"
#include "detect/secrets/reachable.h"
#include "detect/secrets/scan_secrets.h"
#include "remediate/plan/secrets.h"

namespace firebreak::control {
namespace {

// Rights change rarely, and a refusal is no news.
constexpr std::chrono::minutes kAskAgain{10};

const kube::ResourceType* const kHolders[] = {
    &kube::kDeployments, &kube::kStatefulSets, &kube::kDaemonSets, &kube::kCronJobs,
    &kube::kJobs,        &kube::kPods,         &kube::kConfigMaps,
};

bool isOwned(const Json& object) {
  const Json& owners = member(object, {"metadata", "ownerReferences"});
  return owners.is_array() && !owners.empty();
}

}  // namespace

const kube::ResourceType* literalHolder(const std::string& kind) {
  for (const kube::ResourceType* type : kHolders) {
    if (type->kind == kind) return type;
  }
  return nullptr;
}

std::vector<Finding> literalsIn(const kube::ResourceType& type, Json object) {
  object["apiVersion"] = kube::apiVersionOf(type);
  object["kind"] = type.kind;
  std::vector<detect::Document> documents(1);
  documents[0].ref = detect::refOf(object);
  documents[0].ref.uid = stringOr(member(object, {"metadata", "uid"}));
  documents[0].object = std::move(object);
  detect::ScanInput input(std::move(documents));
  std::vector<Finding> findings = detect::scanSecrets(input);
  std::erase_if(findings, [](const Finding& finding) { return finding.tier != Tier::kRemediate; });
  return findings;
}

std::optional<Finding> markedIn(const Json& secret) {
  auto meta = projectMeta(dumpJson({{"metadata", member(secret, "metadata")}}));
  if (!meta) return std::nullopt;
  return detect::markedExposed({std::move(*meta), stringOr(member(secret, "type"), "Opaque")});
}

bool ExposureSweep::mayAsk(const std::string& ns) {
  std::lock_guard lock(mutex_);
  auto found = askAgain_.find(ns);
  return found == askAgain_.end() || found->second <= clock_.wall();
}

void ExposureSweep::refused(const std::string& ns) {
  std::lock_guard lock(mutex_);
  askAgain_[ns] = clock_.wall() + kAskAgain;
}

Result<std::vector<Exposed>> ExposureSweep::marked(const std::string& ns,
                                                   const SecurityPolicy& policy) {
  std::vector<Json> bare;
  bool listed = false;
  if (mayAsk(ns)) {
    auto list = client_.list(kube::kSecrets, ns, {.metadataOnly = true});
    if (list) {
      listed = true;
      for (const Json& item : member(*list, "items")) {
        bare.push_back(remediate::withoutValues(item));
      }
    } else if (list.error().code == ErrorCode::kForbidden) {
      refused(ns);
    } else {
      return tl::unexpected(list.error());
    }
  }
  for (const Json& rotator : policy.secrets.rotators) {
    if (listed || stringOr(member(rotator, "namespace")) != ns) continue;
    auto secret = client_.get(kube::kSecrets, ns, stringOr(member(rotator, "secret")));
    if (secret) {
      bare.push_back(remediate::withoutValues(*secret));
    } else if (secret.error().code != ErrorCode::kNotFound &&
               secret.error().code != ErrorCode::kForbidden) {
      return tl::unexpected(secret.error());
    }
  }
  std::vector<Exposed> all;
  for (const Json& secret : bare) {
    if (auto finding = markedIn(secret)) {
      ObjectRef target = finding->resource;
      all.push_back({std::move(target), {std::move(*finding)}});
    }
  }
  return all;
}

Result<std::vector<Exposed>> ExposureSweep::literals(const std::string& ns, bool barePods) {
  std::vector<Exposed> all;
  for (const kube::ResourceType* type : kHolders) {
    if (type == &kube::kPods && !barePods) continue;
    auto done = client_.visit(*type, ns, [&](std::string_view text) {
      // What an owner made is judged there. Most have a controller, and need no tree to show it.
      auto meta = projectMeta(text);
      if (!meta || !meta->controller.kind.empty()) return;
      auto object = parseJson(text, "object");
      if (!object || isOwned(*object)) return;
      std::vector<Finding> findings = literalsIn(*type, std::move(*object));
      if (findings.empty()) return;
      ObjectRef target = findings.front().resource;
      all.push_back({std::move(target), std::move(findings)});
    });
    if (!done) return tl::unexpected(done.error());
  }
  return all;
}

Result<std::vector<Exposed>> ExposureSweep::publicReaders() {
  auto objects = rbacObjects(client_);
  if (!objects) return tl::unexpected(objects.error());
  std::vector<const Json*> pointers;
  for (const Json& object : *objects) pointers.push_back(&object);
  std::vector<Exposed> all;
  for (Finding& finding : detect::publicSecretReaders(pointers)) {
    ObjectRef target = finding.resource;
    all.push_back({std::move(target), {std::move(finding)}});
  }
  return all;
}

}  // namespace firebreak::control
