// What a pod's spec has to do with ConfigMaps, so that they are fetched only where it matters. Pure.
#pragma once

#include "firebreak/observed.h"

namespace firebreak::control {

// A volume, a variable or a whole environment comes from one.
bool readsConfigMaps(const PodSpec& spec);
// A command line names a path below one that its container mounts.
bool namesMountedConfigMap(const PodSpec& spec);

}  // namespace firebreak::control
