#include "detect/miners/container_world.h"

#include <algorithm>

#include "detect/miners/command_reader.h"

namespace firebreak::detect {
namespace {

const StringMap* find(const DataLookup& lookup, std::string_view ns, std::string_view name) {
  return lookup ? lookup(ns, name) : nullptr;
}

std::string joinPath(std::string base, std::string_view rest) {
  while (base.size() > 1 && base.ends_with('/')) base.pop_back();
  if (rest.empty()) return base;
  if (!base.ends_with('/')) base += '/';
  return base.append(rest);
}

std::string_view baseName(std::string_view path) { return path.substr(path.find_last_of('/') + 1); }

void addFromSources(const Container& container, std::string_view ns, const DataLookup& configMap,
                    const DataLookup& secret, ContainerWorld* world) {
  for (size_t i = 0; i < container.envFrom.size(); ++i) {
    const EnvFrom& from = container.envFrom[i];
    bool isMap = from.source == EnvFrom::Source::kConfigMap;
    const StringMap* data = find(isMap ? configMap : secret, ns, from.refName);
    if (data == nullptr) continue;
    for (const auto& [key, value] : *data) {
      world->env.push_back({from.prefix + key, value, "envFrom[" + std::to_string(i) + ']', false});
      world->variables[from.prefix + key] = value;
    }
  }
}

void addVariables(const Container& container, std::string_view ns, const DataLookup& configMap,
                  const DataLookup& secret, ContainerWorld* world) {
  for (size_t i = 0; i < container.env.size(); ++i) {
    const EnvVar& var = container.env[i];
    std::string path = "env[" + std::to_string(i) + ']';
    if (var.source == EnvVar::Source::kLiteral) {
      std::string value = expandKubernetes(var.value, world->variables);
      world->env.push_back({var.name, value, path + ".value", true});
      world->variables[var.name] = value;
      continue;
    }
    bool isMap = var.source == EnvVar::Source::kConfigMapKey;
    bool isSecret = var.source == EnvVar::Source::kSecretKey;
    const StringMap* data =
        isMap || isSecret ? find(isMap ? configMap : secret, ns, var.refName) : nullptr;
    auto value = data == nullptr ? StringMap::const_iterator() : data->find(var.refKey);
    if (data == nullptr || value == data->end()) {
      world->variables[var.name] = '$' + var.name;
      continue;
    }
    world->env.push_back({var.name, value->second, path, false});
    world->variables[var.name] = value->second;
  }
}

void addFiles(const PodSpec& spec, const Container& container, std::string_view ns,
              const DataLookup& configMap, const DataLookup& secret, ContainerWorld* world) {
  for (size_t i = 0; i < container.mounts.size(); ++i) {
    const VolumeMount& mount = container.mounts[i];
    std::string fieldPath = "volumeMounts[" + std::to_string(i) + ']';
    auto volume = std::find_if(spec.volumes.begin(), spec.volumes.end(),
                               [&](const Volume& v) { return v.name == mount.volume; });
    if (volume == spec.volumes.end()) continue;
    for (const VolumeSource& source : volume->sources) {
      bool isMap = source.kind == VolumeSource::Kind::kConfigMap;
      if (!isMap && source.kind != VolumeSource::Kind::kSecret) continue;
      const StringMap* data = find(isMap ? configMap : secret, ns, source.name);
      if (data == nullptr) continue;
      for (const auto& [key, text] : *data) {
        std::string file = key;
        if (!source.items.empty()) {
          auto item = std::find_if(source.items.begin(), source.items.end(),
                                   [&](const auto& pair) { return pair.first == key; });
          if (item == source.items.end()) continue;
          file = item->second;
        }
        if (mount.subPath.empty()) {
          world->files.push_back({joinPath(mount.path, file), text, fieldPath});
        } else if (mount.subPath == file) {
          world->files.push_back({joinPath(mount.path, ""), text, fieldPath});
        }
      }
    }
  }
}

}  // namespace

const MountedFile* ContainerWorld::file(std::string_view path) const {
  bool relative = !path.starts_with('/');
  for (const MountedFile& file : files) {
    if (relative ? baseName(file.path) == baseName(path) : file.path == path) return &file;
  }
  return nullptr;
}

ContainerWorld worldOf(const PodSpec& spec, const Container& container, std::string_view ns,
                       const DataLookup& configMap, const DataLookup& secret) {
  ContainerWorld world;
  addFromSources(container, ns, configMap, secret, &world);
  addVariables(container, ns, configMap, secret, &world);
  addFiles(spec, container, ns, configMap, secret, &world);
  return world;
}

}  // namespace firebreak::detect
