#include "control/api_secret_store.h"

#include "api/projection.h"
#include "base/digest.h"
#include "base/json.h"

namespace firebreak::control {
namespace {

Result<StoredSecret> fromJson(const Json& json) {
  StoredSecret secret;
  auto meta = projectMeta(dumpJson({{"metadata", member(json, "metadata")}}));
  if (!meta) return tl::unexpected(meta.error());
  secret.meta = std::move(*meta);
  secret.type = stringOr(member(json, "type"), "Opaque");
  secret.immutable = boolOr(member(json, "immutable"), false);
  for (const Json& owner : member(json, {"metadata", "ownerReferences"})) {
    secret.owner = {stringOr(member(owner, "apiVersion")), stringOr(member(owner, "kind")),
                    secret.meta.ns, stringOr(member(owner, "name")), stringOr(member(owner, "uid"))};
  }
  for (const auto& [key, value] : member(json, "data").items()) {
    auto bytes = base64Decode(stringOr(value));
    if (!bytes) {
      return fail(ErrorCode::kInvalid,
                  "Secret " + secret.meta.ns + "/" + secret.meta.name + ": key " + key +
                      " is not base64");
    }
    secret.data.emplace(key, SecretValue(std::move(*bytes)));
  }
  return secret;
}

// An admission webhook may quote the object that it refuses: its text is not passed on.
Error withoutText(Error error, const char* verb, const std::string& ns, const std::string& name) {
  error.message = std::string(verb) + " Secret " + ns + "/" + name + " failed" +
                  (error.httpStatus == 0 ? "" : " with status " + std::to_string(error.httpStatus));
  return error;
}

}  // namespace

Result<StoredSecret> ApiSecretStore::get(const std::string& ns, const std::string& name) {
  auto json = client_.get(kube::kSecrets, ns, name, kube::Priority::kRemediation);
  if (!json) return tl::unexpected(withoutText(json.error(), "get", ns, name));
  return fromJson(*json);
}

Result<StoredSecret> ApiSecretStore::create(const StoredSecret& secret) {
  Json body = {{"apiVersion", "v1"},
               {"kind", "Secret"},
               {"type", secret.type},
               {"metadata",
                {{"name", secret.meta.name},
                 {"namespace", secret.meta.ns},
                 {"labels", secret.meta.labels},
                 {"annotations", secret.meta.annotations}}}};
  body["metadata"]["labels"]["app.kubernetes.io/managed-by"] = "firebreak";
  if (secret.immutable) body["immutable"] = true;
  if (!secret.owner.kind.empty()) {
    body["metadata"]["ownerReferences"] = Json::array({{{"apiVersion", secret.owner.apiVersion},
                                                        {"kind", secret.owner.kind},
                                                        {"name", secret.owner.name},
                                                        {"uid", secret.owner.uid}}});
  }
  for (const auto& [key, value] : secret.data) body["data"][key] = base64Encode(value.bytes());
  auto json = client_.create(kube::kSecrets, secret.meta.ns, body);
  if (!json) {
    return tl::unexpected(withoutText(json.error(), "create", secret.meta.ns, secret.meta.name));
  }
  return fromJson(*json);
}

Result<StoredSecret> ApiSecretStore::patch(const std::string& ns, const std::string& name,
                                           const SecretPrecondition& precondition,
                                           const std::map<std::string, SecretValue>& keys,
                                           const StringMap& annotations) {
  Json body = {{"metadata",
                {{"uid", precondition.uid}, {"resourceVersion", precondition.resourceVersion}}}};
  if (!annotations.empty()) body["metadata"]["annotations"] = annotations;
  for (const auto& [key, value] : keys) body["data"][key] = base64Encode(value.bytes());
  auto json = client_.patch(kube::kSecrets, ns, name, kube::PatchKind::kMerge, body);
  if (!json) return tl::unexpected(withoutText(json.error(), "patch", ns, name));
  return fromJson(*json);
}

Status ApiSecretStore::remove(const std::string& ns, const std::string& name,
                              const SecretPrecondition& precondition) {
  auto removed = client_.remove(kube::kSecrets, ns, name,
                                {precondition.uid, precondition.resourceVersion});
  if (!removed) return tl::unexpected(withoutText(removed.error(), "delete", ns, name));
  return {};
}

}  // namespace firebreak::control
