#include "detect/pod_spec_json.h"

namespace firebreak::detect {
namespace {

// Manifests hold numbers and booleans where the API wants strings; people mean their text.
std::string text(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_number() || value.is_boolean()) return dumpJson(value);
  return {};
}

std::vector<std::string> texts(const Json& value) {
  std::vector<std::string> out;
  if (value.is_string()) out.push_back(value.get<std::string>());
  if (!value.is_array()) return out;
  for (const Json& element : value) out.push_back(text(element));
  return out;
}

const Json& elements(const Json& value) {
  static const Json kNone = Json::array();
  return value.is_array() ? value : kNone;
}

EnvVar envVarOf(const Json& json) {
  EnvVar var;
  var.name = text(member(json, "name"));
  const Json& from = member(json, "valueFrom");
  if (!from.is_object()) {
    var.value = text(member(json, "value"));
    return var;
  }
  auto keyRef = [&](std::string_view key, EnvVar::Source source) {
    const Json& ref = member(from, key);
    if (!ref.is_object()) return false;
    var.source = source;
    var.refName = text(member(ref, "name"));
    var.refKey = text(member(ref, "key"));
    return true;
  };
  if (keyRef("configMapKeyRef", EnvVar::Source::kConfigMapKey)) return var;
  if (keyRef("secretKeyRef", EnvVar::Source::kSecretKey)) return var;
  var.source = from.contains("fieldRef") ? EnvVar::Source::kField : EnvVar::Source::kOther;
  return var;
}

std::vector<EnvFrom> envFromOf(const Json& json) {
  std::vector<EnvFrom> out;
  for (const Json& entry : elements(json)) {
    EnvFrom from;
    from.prefix = text(member(entry, "prefix"));
    const Json& map = member(entry, "configMapRef");
    const Json& secret = member(entry, "secretRef");
    from.source = map.is_object() ? EnvFrom::Source::kConfigMap : EnvFrom::Source::kSecret;
    from.refName = text(member(map.is_object() ? map : secret, "name"));
    if (!from.refName.empty()) out.push_back(std::move(from));
  }
  return out;
}

VolumeSource sourceOf(const Json& json) {
  VolumeSource source;
  auto take = [&](std::string_view key, std::string_view nameKey, VolumeSource::Kind kind) {
    const Json& block = member(json, key);
    if (block.is_null() && (!json.is_object() || !json.contains(std::string(key)))) return false;
    source.kind = kind;
    source.name = text(member(block, nameKey));
    for (const Json& item : elements(member(block, "items"))) {
      source.items.emplace_back(text(member(item, "key")), text(member(item, "path")));
    }
    return true;
  };
  // A projected Secret names itself by `name`, a plain volume by `secretName`.
  if (take("configMap", "name", VolumeSource::Kind::kConfigMap)) return source;
  if (take("secret", "secretName", VolumeSource::Kind::kSecret)) {
    if (source.name.empty()) source.name = text(member(json, {"secret", "name"}));
    return source;
  }
  if (take("hostPath", "path", VolumeSource::Kind::kHostPath)) return source;
  if (take("emptyDir", "medium", VolumeSource::Kind::kEmptyDir)) return source;
  take("serviceAccountToken", "path", VolumeSource::Kind::kServiceAccountToken);
  return source;
}

Volume volumeOf(const Json& json) {
  Volume volume;
  volume.name = text(member(json, "name"));
  const Json& projected = member(json, {"projected", "sources"});
  for (const Json& source : elements(projected)) volume.sources.push_back(sourceOf(source));
  if (volume.sources.empty()) volume.sources.push_back(sourceOf(json));
  return volume;
}

}  // namespace

Container containerOf(const Json& json, Container::Role role, std::string fieldPath) {
  Container out;
  out.role = role;
  out.fieldPath = std::move(fieldPath);
  out.name = text(member(json, "name"));
  out.image = text(member(json, "image"));
  out.workingDir = text(member(json, "workingDir"));
  out.command = texts(member(json, "command"));
  out.args = texts(member(json, "args"));
  for (const Json& var : elements(member(json, "env"))) out.env.push_back(envVarOf(var));
  out.envFrom = envFromOf(member(json, "envFrom"));
  for (const Json& port : elements(member(json, "ports"))) {
    ContainerPort p;
    p.name = text(member(port, "name"));
    p.port = static_cast<int32_t>(intOr(member(port, "containerPort"), 0));
    p.hostPort = static_cast<int32_t>(intOr(member(port, "hostPort"), 0));
    p.hostIP = text(member(port, "hostIP"));
    p.protocol = stringOr(member(port, "protocol"), "TCP");
    out.ports.push_back(std::move(p));
  }
  for (const Json& mount : elements(member(json, "volumeMounts"))) {
    out.mounts.push_back({text(member(mount, "name")), text(member(mount, "mountPath")),
                          text(member(mount, "subPath"))});
  }
  out.privileged = boolOr(member(json, {"securityContext", "privileged"}), false);
  out.addedCapabilities = stringsOf(member(json, {"securityContext", "capabilities", "add"}));
  out.cpuLimit = text(member(json, {"resources", "limits", "cpu"}));
  return out;
}

PodSpec podSpecOf(const Json& json) {
  struct List {
    const char* key;
    Container::Role role;
  };
  static constexpr List kLists[] = {{"containers", Container::Role::kRegular},
                                    {"initContainers", Container::Role::kInit},
                                    {"ephemeralContainers", Container::Role::kEphemeral}};
  PodSpec spec;
  for (const List& list : kLists) {
    size_t index = 0;
    for (const Json& container : elements(member(json, list.key))) {
      std::string path = std::string(list.key) + '[' + std::to_string(index++) + ']';
      spec.containers.push_back(containerOf(container, list.role, std::move(path)));
    }
  }
  for (const Json& volume : elements(member(json, "volumes"))) {
    spec.volumes.push_back(volumeOf(volume));
  }
  spec.serviceAccount = stringOr(member(json, "serviceAccountName"),
                                 stringOr(member(json, "serviceAccount"), "default"));
  spec.hostNetwork = boolOr(member(json, "hostNetwork"), false);
  spec.hostPID = boolOr(member(json, "hostPID"), false);
  for (const Json& secret : elements(member(json, "imagePullSecrets"))) {
    spec.imagePullSecrets.push_back(text(member(secret, "name")));
  }
  return spec;
}

}  // namespace firebreak::detect
