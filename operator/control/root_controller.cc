#include "control/root_controller.h"

namespace firebreak::control {

Result<std::vector<Json>> controllersOf(kube::Client& client, const std::string& ns, ObjectRef owner) {
  // Pod -> ReplicaSet -> Deployment is the longest chain of the built-in kinds.
  constexpr int kMostLinks = 3;
  std::vector<Json> chain;
  for (int link = 0; link < kMostLinks && !owner.kind.empty(); ++link) {
    const kube::ResourceType* type = kube::findResourceType(owner.apiVersion, owner.kind);
    if (type == nullptr) break;
    auto live = client.get(*type, ns, owner.name);
    if (!live) {
      if (live.error().code == ErrorCode::kNotFound) break;
      return tl::unexpected(live.error());
    }
    chain.push_back(std::move(*live));
    owner = {};
    for (const Json& reference : member(chain.back(), {"metadata", "ownerReferences"})) {
      if (!boolOr(member(reference, "controller"), false)) continue;
      owner.apiVersion = stringOr(member(reference, "apiVersion"));
      owner.kind = stringOr(member(reference, "kind"));
      owner.name = stringOr(member(reference, "name"));
    }
  }
  return chain;
}

Result<Json> rootControllerOf(kube::Client& client, const std::string& ns, ObjectRef owner) {
  auto chain = controllersOf(client, ns, std::move(owner));
  if (!chain) return tl::unexpected(chain.error());
  return chain->empty() ? Json() : std::move(chain->back());
}

Result<RootController> rootOf(kube::Client& client, const std::string& ns,
                              const ObjectRef& controller) {
  RootController root;
  if (controller.kind.empty()) return root;
  root.object = controller;
  root.object.ns = ns;
  auto live = rootControllerOf(client, ns, controller);
  if (!live && live.error().code == ErrorCode::kForbidden) return root;
  if (!live) return tl::unexpected(live.error());
  const Json& meta = member(*live, "metadata");
  if (stringOr(member(meta, "uid")).empty()) return root;
  root.object = {stringOr(member(*live, "apiVersion"), controller.apiVersion),
                 stringOr(member(*live, "kind"), controller.kind), ns,
                 stringOr(member(meta, "name")), stringOr(member(meta, "uid"))};
  root.replicas = intOr(member(*live, {"spec", "replicas"}), 0);
  root.ready = intOr(member(*live, {"status", "readyReplicas"}), 0);
  return root;
}

}  // namespace firebreak::control
