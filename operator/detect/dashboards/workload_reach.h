// How the console of one container of a manifest is reached: by the widest way without a login in
// front, among Services, routes, external addresses and the host's ports of the same input. Pure.
#pragma once

#include <string>

#include "detect/dashboards/manifest_routes.h"
#include "detect/dashboards/pod_barriers.h"
#include "detect/dashboards/product.h"
#include "detect/dashboards/reach.h"

namespace firebreak::detect {

struct WorkloadReach {
  Reach reach = Reach::kNone;
  bool narrowed = false;
  std::string how;  // "Service console of type NodePort"
  // Every way in asks for a login by the mesh's own policy.
  bool shut = false;
};

WorkloadReach reachOfWorkload(const ManifestRoutes& routes, const PodBarriers& barriers,
                              const Workload& workload, const Container& console,
                              const Product& product);

}  // namespace firebreak::detect
