// The pod templates of one manifest, as Workloads: of the built-in kinds at their known place, of
// any other kind wherever a list of containers with images stands. Pure; safe from any thread.
#pragma once

#include <vector>

#include "base/json.h"
#include "firebreak/observed.h"

namespace firebreak::detect {

ObjectMeta metaOf(const Json& object);
ObjectRef refOf(const Json& object);

// Empty for kinds without a pod. Never throws, whatever the shape of the object.
std::vector<Workload> podTemplatesOf(const Json& object);

}  // namespace firebreak::detect
