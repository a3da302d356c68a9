#include "detect/pod_templates.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "detect/pod_spec_json.h"
#include "detect/scan_input.h"

namespace firebreak::detect {
namespace {

// Deep enough for every custom resource seen; bounds the walk over a hostile manifest.
constexpr int kMaxDepth = 24;

struct KnownPlace {
  std::string_view group;  // of the apiVersion, empty = core
  std::string_view kind;
  std::vector<std::string_view> templatePath;  // to the object that holds metadata and spec
};

const std::vector<KnownPlace>& knownPlaces() {
  static const std::vector<KnownPlace> kPlaces = {
      {"", "Pod", {}},
      {"", "ReplicationController", {"spec", "template"}},
      {"", "PodTemplate", {"template"}},
      {"apps", "Deployment", {"spec", "template"}},
      {"apps", "StatefulSet", {"spec", "template"}},
      {"apps", "DaemonSet", {"spec", "template"}},
      {"apps", "ReplicaSet", {"spec", "template"}},
      {"extensions", "Deployment", {"spec", "template"}},
      {"extensions", "DaemonSet", {"spec", "template"}},
      {"extensions", "ReplicaSet", {"spec", "template"}},
      {"batch", "Job", {"spec", "template"}},
      {"batch", "CronJob", {"spec", "jobTemplate", "spec", "template"}},
  };
  return kPlaces;
}

// Groups that have no pod, or only patterns that pods are compared with, so that no text of theirs is
// taken for one.
constexpr std::array<std::string_view, 11> kGroupsWithoutPods = {"kyverno.io",
                                                                "policies.kyverno.io",
                                                                "templates.gatekeeper.sh",
                                                                "constraints.gatekeeper.sh",
                                                                "policies.kubewarden.io",
                                                                "rbac.authorization.k8s.io",
                                                                "apiextensions.k8s.io",
                                                                "networking.k8s.io",
                                                                "storage.k8s.io",
                                                                "policy",
                                                                "admissionregistration.k8s.io"};

StringMap stringMap(const Json& object) {
  StringMap map;
  if (!object.is_object()) return map;
  for (const auto& [key, value] : object.items()) {
    if (value.is_string()) map.emplace(key, value.get<std::string>());
  }
  return map;
}

bool isContainer(const Json& value) {
  const std::string image = stringOr(member(value, "image"));
  return value.is_object() && !image.empty() && image.find_first_of("*!") == std::string::npos;
}

bool isContainerList(const Json& value) {
  return value.is_array() && std::any_of(value.begin(), value.end(), isContainer);
}

Workload base(const Json& object) {
  Workload workload;
  workload.apiVersion = stringOr(member(object, "apiVersion"));
  workload.kind = stringOr(member(object, "kind"));
  workload.meta = metaOf(object);
  return workload;
}

void setPodMeta(const Json& metadata, Workload* workload) {
  workload->podLabels = stringMap(member(metadata, "labels"));
  workload->podAnnotations = stringMap(member(metadata, "annotations"));
}

// Walks a custom resource. `holder` is the object around `value`, whose metadata is the template's.
void collect(const Json& object, const Json& value, const Json& holder, const std::string& path,
             int depth, std::vector<Workload>* out) {
  if (depth > kMaxDepth) return;
  if (value.is_array()) {
    for (size_t i = 0; i < value.size(); ++i) {
      collect(object, value[i], holder, childPath(path, i), depth + 1, out);
    }
    return;
  }
  if (!value.is_object()) return;
  auto emit = [&](PodSpec spec) {
    Workload workload = base(object);
    setPodMeta(member(holder, "metadata"), &workload);
    workload.specPath = path;
    workload.spec = std::make_shared<const PodSpec>(std::move(spec));
    out->push_back(std::move(workload));
  };
  bool found = false;
  if (isContainerList(member(value, "containers"))) {
    emit(podSpecOf(value));
    found = true;
  } else if (isContainer(member(value, "container")) ||
             isContainer(member(value, "script"))) {  // Argo Workflows' templates
    const char* field = isContainer(member(value, "container")) ? "container" : "script";
    PodSpec spec = podSpecOf(value);
    spec.containers.insert(spec.containers.begin(),
                           containerOf(value[field], Container::Role::kRegular, field));
    emit(std::move(spec));
    found = true;
  } else if (isContainerList(member(value, "steps"))) {  // Tekton's tasks
    PodSpec spec = podSpecOf(value);
    for (size_t i = 0; i < value["steps"].size(); ++i) {
      spec.containers.push_back(
          containerOf(value["steps"][i], Container::Role::kRegular, childPath("steps", i)));
    }
    emit(std::move(spec));
    found = true;
  }
  for (const auto& [key, child] : value.items()) {
    if (found && (key == "containers" || key == "initContainers" || key == "container" ||
                  key == "script" || key == "steps" || key == "volumes")) {
      continue;
    }
    collect(object, child, value, childPath(path, key), depth + 1, out);
  }
}

}  // namespace

ObjectMeta metaOf(const Json& object) {
  const Json& metadata = member(object, "metadata");
  ObjectMeta meta;
  meta.ns = stringOr(member(metadata, "namespace"));
  meta.name = stringOr(member(metadata, "name"), stringOr(member(metadata, "generateName")));
  meta.uid = stringOr(member(metadata, "uid"));
  meta.resourceVersion = stringOr(member(metadata, "resourceVersion"));
  meta.labels = stringMap(member(metadata, "labels"));
  meta.annotations = stringMap(member(metadata, "annotations"));
  const Json& owners = member(metadata, "ownerReferences");
  if (owners.is_array()) {
    for (const Json& owner : owners) {
      if (!boolOr(member(owner, "controller"), false)) continue;
      meta.controller = {stringOr(member(owner, "apiVersion")), stringOr(member(owner, "kind")),
                         meta.ns, stringOr(member(owner, "name")), stringOr(member(owner, "uid"))};
    }
  }
  return meta;
}

ObjectRef refOf(const Json& object) {
  ObjectMeta meta = metaOf(object);
  return {stringOr(member(object, "apiVersion")), stringOr(member(object, "kind")), meta.ns,
          meta.name, meta.uid};
}

std::vector<Workload> podTemplatesOf(const Json& object) {
  std::vector<Workload> out;
  std::string apiVersion = stringOr(member(object, "apiVersion"));
  std::string kind = stringOr(member(object, "kind"));
  size_t slash = apiVersion.find('/');
  std::string group = slash == std::string::npos ? "" : apiVersion.substr(0, slash);
  for (const KnownPlace& place : knownPlaces()) {
    if (place.group != group || place.kind != kind) continue;
    const Json* holder = &object;
    std::string path;
    for (std::string_view key : place.templatePath) {
      holder = &member(*holder, key);
      path = childPath(path, key);
    }
    const Json& spec = member(*holder, "spec");
    if (!spec.is_object()) return out;
    Workload workload = base(object);
    setPodMeta(member(*holder, "metadata"), &workload);
    workload.specPath = childPath(path, "spec");
    workload.spec = std::make_shared<const PodSpec>(podSpecOf(spec));
    out.push_back(std::move(workload));
    return out;
  }
  bool builtInWithoutPod =
      group.empty() || std::find(kGroupsWithoutPods.begin(), kGroupsWithoutPods.end(), group) !=
                           kGroupsWithoutPods.end();
  if (!builtInWithoutPod && object.is_object()) {
    for (const auto& [key, child] : object.items()) {
      if (key == "metadata" || key == "status") continue;
      collect(object, child, object, key, 0, &out);
    }
  }
  return out;
}

}  // namespace firebreak::detect
