// Pods that publish themselves: by a port of their node or by living in its network, where no Service
// leads to that port. They are seen as if a Service stood in front of them, so that the same code asks,
// judges and locks them. Pure.
#pragma once

#include <vector>

#include "detect/dashboards/product.h"
#include "firebreak/observed.h"

namespace firebreak::detect {

// The type of a Service that stands for no real one: nothing but the pods' own hosts leads to it.
inline constexpr const char* kStandIn = "StandIn";

// A port of its node, or all of its ports, leads to this pod. A static pod is its node's own matter.
bool publishesItself(const Pod& pod);

// What stands in front of these pods of one workload (or of one bare pod): a port for each TCP port
// that their hosts publish and that none of `services` leads to. A pod in its node's network that
// declares no port has those of the products that its image or command names. Without ports where
// there is nothing to ask. `selector` are labels that are theirs alone; empty where there are none.
Service standInFor(const ObjectRef& target, const StringMap& selector, const std::vector<Pod>& pods,
                   const std::vector<Service>& services, const std::vector<Product>& products);

}  // namespace firebreak::detect
