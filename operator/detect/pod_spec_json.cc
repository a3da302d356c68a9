#include "detect/pod_spec_json.h"

#include "api/projection.h"

namespace firebreak::detect {

// Manifests are read by the projection of live objects, so that both are judged alike.
PodSpec podSpecOf(const Json& json) {
  auto spec = projectPodSpec(dumpJson(json));
  return spec ? **spec : PodSpec{};
}

Container containerOf(const Json& json, Container::Role role, std::string fieldPath) {
  PodSpec spec = podSpecOf(Json{{"containers", Json::array({json})}});
  if (spec.containers.empty()) return {};
  Container container = std::move(spec.containers.front());
  // Tekton's steps hold a whole script, Argo's script templates the program's source.
  std::string script = stringOr(member(json, "script"), stringOr(member(json, "source")));
  if (!script.empty()) {
    if (container.command.empty()) container.command.emplace_back("sh");
    container.command.emplace_back("-c");
    container.command.push_back(std::move(script));
  }
  container.role = role;
  container.fieldPath = std::move(fieldPath);
  return container;
}

}  // namespace firebreak::detect
