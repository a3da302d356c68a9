#include "control/publisher.h"

#include "control/root_controller.h"
#include "detect/pod_templates.h"

namespace firebreak::control {
namespace {

// Labels by which a controller finds its pods. Set-based requirements alone are no labels.
StringMap selectorOf(const Json& controller) {
  StringMap labels;
  const Json& wanted = member(controller, {"spec", "selector", "matchLabels"});
  if (!wanted.is_object()) return labels;
  for (const auto& [key, value] : wanted.items()) labels[key] = stringOr(value);
  return labels;
}

Publisher ofController(const World& world, Json controller) {
  Publisher publisher;
  publisher.target = detect::refOf(controller);
  publisher.selector = selectorOf(controller);
  publisher.pods = world.podsSelectedBy(publisher.target.ns, publisher.selector);
  publisher.object = std::move(controller);
  return publisher;
}

// A bare pod's labels may be other pods' too: a lock by them would shut those.
Publisher ofPod(const World& world, const std::shared_ptr<const Pod>& pod) {
  Publisher publisher;
  publisher.target = {"v1", "Pod", pod->meta.ns, pod->meta.name, pod->meta.uid};
  publisher.pods = {pod};
  if (world.podsSelectedBy(pod->meta.ns, pod->meta.labels).size() == 1) {
    publisher.selector = pod->meta.labels;
  }
  return publisher;
}

}  // namespace

std::string publisherKey(const Pod& pod) {
  const ObjectRef& owner = pod.meta.controller;
  return pod.meta.ns + "/" +
         (owner.kind.empty() ? "Pod/" + pod.meta.name : owner.kind + "/" + owner.name);
}

Result<std::optional<Publisher>> publisherOf(kube::Client& client, const World& world,
                                             const std::string& key) {
  for (const auto& pod : world.pods.inNamespace(key.substr(0, key.find('/')))) {
    if (publisherKey(*pod) != key || pod->meta.deleting) continue;
    if (pod->meta.controller.kind.empty()) return std::optional<Publisher>(ofPod(world, pod));
    auto root = rootControllerOf(client, pod->meta.ns, pod->meta.controller);
    if (!root && root.error().code != ErrorCode::kForbidden) return tl::unexpected(root.error());
    // A controller that is not one of the built-in ones, or that selects by other means.
    if (!root || selectorOf(*root).empty()) return std::optional<Publisher>(ofPod(world, pod));
    return std::optional<Publisher>(ofController(world, std::move(*root)));
  }
  return std::optional<Publisher>();
}

Result<std::optional<Publisher>> publisherAt(kube::Client& client, const World& world,
                                             const ObjectRef& target) {
  std::optional<Publisher> none;
  if (target.kind == "Pod") {
    auto pod = world.pods.get(target.ns + "/" + target.name);
    if (!pod || pod->meta.uid != target.uid) return none;
    return std::optional<Publisher>(ofPod(world, pod));
  }
  const kube::ResourceType* type = kube::findResourceType(target.apiVersion, target.kind);
  if (type == nullptr) return fail(ErrorCode::kInternal, "no way to read " + describe(target));
  auto live = client.get(*type, target.ns, target.name);
  if (!live && live.error().code == ErrorCode::kNotFound) return none;
  if (!live) return tl::unexpected(live.error());
  if (stringOr(member(*live, {"metadata", "uid"})) != target.uid) return none;
  return std::optional<Publisher>(ofController(world, std::move(*live)));
}

Result<std::vector<std::shared_ptr<const Pod>>> consolePods(kube::Client& client,
                                                            const World& world,
                                                            const ObjectRef& target) {
  if (target.kind == "Service") {
    auto service = world.services.get(target.ns + "/" + target.name);
    if (!service) return std::vector<std::shared_ptr<const Pod>>();
    return world.podsSelectedBy(target.ns, service->selector);
  }
  auto publisher = publisherAt(client, world, target);
  if (!publisher) return tl::unexpected(publisher.error());
  if (!*publisher) return std::vector<std::shared_ptr<const Pod>>();
  return std::move((*publisher)->pods);
}

}  // namespace firebreak::control
