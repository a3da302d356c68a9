#include "control/config_map_use.h"

#include <algorithm>
#include <set>
#include <string>

namespace firebreak::control {
namespace {

std::set<std::string> configMapVolumes(const PodSpec& spec) {
  std::set<std::string> names;
  for (const Volume& volume : spec.volumes) {
    for (const VolumeSource& source : volume.sources) {
      if (source.kind == VolumeSource::Kind::kConfigMap) names.insert(volume.name);
    }
  }
  return names;
}

}  // namespace

bool readsConfigMaps(const PodSpec& spec) {
  return !configMapVolumes(spec).empty() ||
         std::any_of(spec.containers.begin(), spec.containers.end(), [](const Container& c) {
           return std::any_of(c.env.begin(), c.env.end(), [](const EnvVar& var) {
                    return var.source == EnvVar::Source::kConfigMapKey;
                  }) ||
                  std::any_of(c.envFrom.begin(), c.envFrom.end(), [](const EnvFrom& from) {
                    return from.source == EnvFrom::Source::kConfigMap;
                  });
         });
}

bool namesMountedConfigMap(const PodSpec& spec) {
  const std::set<std::string> volumes = configMapVolumes(spec);
  return std::any_of(spec.containers.begin(), spec.containers.end(), [&](const Container& c) {
    return std::any_of(c.mounts.begin(), c.mounts.end(), [&](const VolumeMount& mount) {
      const auto names = [&](const std::string& word) { return word.find(mount.path) != word.npos; };
      return volumes.contains(mount.volume) && !mount.path.empty() &&
             (std::any_of(c.command.begin(), c.command.end(), names) ||
              std::any_of(c.args.begin(), c.args.end(), names));
    });
  });
}

}  // namespace firebreak::control
