#include "control/api_cluster_access.h"

#include "base/json.h"

namespace firebreak::control {
namespace {

kube::ResourceType typeOf(const ApiKind& kind) {
  return {kind.group, kind.version, kind.plural, kind.kind, true};
}

}  // namespace

Result<std::string> ApiClusterAccess::userOf(const SecretValue& token) {
  auto review = client_.create(kube::kTokenReviews, "", {{"apiVersion", "authentication.k8s.io/v1"},
                                                         {"kind", "TokenReview"},
                                                         {"spec", {{"token", token.bytes()}}}});
  if (!review) {
    // Without the server's text: it may quote what it refuses.
    Error error = review.error();
    error.message = "create TokenReview failed" +
                    (error.httpStatus == 0 ? "" : " with status " + std::to_string(error.httpStatus));
    return tl::unexpected(std::move(error));
  }
  if (!boolOr(member(*review, {"status", "authenticated"}), false)) {
    return fail(ErrorCode::kUnauthorized, "the API server refuses the token");
  }
  return stringOr(member(*review, {"status", "user", "username"}));
}

Result<Json> ApiClusterAccess::get(const ApiKind& kind, const std::string& ns,
                                   const std::string& name) {
  return client_.get(typeOf(kind), ns, name, kube::Priority::kRemediation);
}

Status ApiClusterAccess::merge(const ApiKind& kind, const std::string& ns, const std::string& name,
                               const std::string& subresource, const Json& patch) {
  kube::PatchOptions options;
  options.subresource = subresource;
  auto patched = client_.patch(typeOf(kind), ns, name, kube::PatchKind::kMerge, patch, options);
  if (!patched) return tl::unexpected(patched.error());
  return {};
}

}  // namespace firebreak::control
