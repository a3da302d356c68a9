// ContainerWorld: what one container can read when it starts, as far as the objects at hand tell:
// its environment and the files mounted into it. Values; built per judgement.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "detect/miners/shell_reader.h"
#include "firebreak/observed.h"

namespace firebreak::detect {

// Null where there is no such object or it may not be looked into.
using DataLookup = std::function<const StringMap*(std::string_view ns, std::string_view name)>;

struct EnvValue {
  std::string name;
  std::string value;
  std::string fieldPath;  // within the container: "env[2].value"
  bool literal = false;   // stands in the pod spec itself
};

struct MountedFile {
  std::string path;
  std::string text;
  std::string fieldPath;  // within the container: "volumeMounts[0]"
};

struct ContainerWorld {
  std::vector<EnvValue> env;  // with $(NAME) expanded; unknown values are left out
  // Everything above by name; a variable whose value is not known is "$NAME".
  Variables variables;
  std::vector<MountedFile> files;

  // By full path; by base name for a relative one.
  const MountedFile* file(std::string_view path) const;
};

// Null lookups are allowed: then only what the pod spec itself says is known.
ContainerWorld worldOf(const PodSpec& spec, const Container& container, std::string_view ns,
                       const DataLookup& configMap, const DataLookup& secret);

}  // namespace firebreak::detect
