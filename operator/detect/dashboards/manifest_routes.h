// The objects of a manifest input that lead traffic to Services from outside, and whether they ask for
// a login on the way. Plain values after construction.
#pragma once

#include <string>
#include <vector>

#include "detect/dashboards/protection.h"
#include "detect/scan_input.h"
#include "firebreak/observed.h"

namespace firebreak::detect {

struct ManifestRoute {
  Ingress ingress;
  Protection protection = Protection::kNone;
  std::string kind;  // "Ingress", "HTTPRoute", "VirtualService", ...
};

struct ManifestRoutes {
  std::vector<Service> services;
  std::vector<ManifestRoute> routes;
};

ManifestRoutes manifestRoutesOf(const ScanInput& input);

}  // namespace firebreak::detect
