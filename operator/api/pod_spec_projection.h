// Pod specs: from JSON to PodSpec. Internal to projection.cc. Stateless.
#pragma once

#include "api/json_cursor.h"
#include "firebreak/observed.h"

namespace firebreak {

struct ProjectedSpec {
  PodSpec spec;
  std::string node;  // spec.nodeName: of the pod, not of the shared spec
};

ProjectedSpec readPodSpec(JsonCursor& cursor, JsonValue value);


}  // namespace firebreak
