// Pod specs: from JSON to PodSpec, and the table that lets equal ones be one. Internal to
// projection.cc. Reading is stateless; the table is safe from any thread.
#pragma once

#include <cstddef>
#include <memory>

#include "api/json_cursor.h"
#include "firebreak/observed.h"

namespace firebreak {

struct ProjectedSpec {
  PodSpec spec;
  std::string node;  // spec.nodeName: of the pod, not of the shared spec
};

ProjectedSpec readPodSpec(JsonCursor& cursor, JsonValue value);

// One shared object for equal content. The volume that the API server adds to each pod under a
// random name (kube-api-access-xxxxx) is renamed first, else no two pods would share.
std::shared_ptr<const PodSpec> internPodSpec(PodSpec spec);
size_t countInternedPodSpecs();

}  // namespace firebreak
