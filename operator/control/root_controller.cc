#include "control/root_controller.h"

#include "base/json.h"

namespace firebreak::control {
namespace {

ObjectRef controllerOf(const Json& object, const std::string& ns) {
  for (const Json& owner : member(object, {"metadata", "ownerReferences"})) {
    if (!boolOr(member(owner, "controller"), false)) continue;
    return {stringOr(member(owner, "apiVersion")), stringOr(member(owner, "kind")), ns,
            stringOr(member(owner, "name")), stringOr(member(owner, "uid"))};
  }
  return {};
}

}  // namespace

Result<RootController> rootOf(kube::Client& client, const std::string& ns,
                              const ObjectRef& controller) {
  RootController root;
  root.object = controller;
  root.object.ns = controller.kind.empty() ? "" : ns;
  constexpr int kMostLevels = 2;
  for (int level = 0; level < kMostLevels; ++level) {
    const kube::ResourceType* type =
        kube::findResourceType(root.object.apiVersion, root.object.kind);
    if (type == nullptr) return root;
    auto object = client.get(*type, ns, root.object.name);
    // Gone, or a kind that the operator was not let read: what is known is the root then.
    bool unknown = !object && (object.error().code == ErrorCode::kNotFound ||
                               object.error().code == ErrorCode::kForbidden);
    if (unknown) return root;
    if (!object) return tl::unexpected(object.error());
    root.replicas = intOr(member(*object, {"spec", "replicas"}), 0);
    root.ready = intOr(member(*object, {"status", "readyReplicas"}), 0);
    ObjectRef above = controllerOf(*object, ns);
    if (above.kind.empty()) return root;
    root.object = above;
  }
  return root;
}

}  // namespace firebreak::control
