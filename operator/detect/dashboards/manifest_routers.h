// Routes of gateways that are no Ingress, read as one, and whether they ask for a login by themselves.
// Pure.
#pragma once

#include "base/json.h"
#include "detect/dashboards/protection.h"
#include "firebreak/observed.h"

namespace firebreak::detect {

struct Router {
  Ingress ingress;
  Protection protection = Protection::kNone;  // by its own fields; annotations are read elsewhere
};

// Contour's HTTPProxy.
Router contourProxyOf(const Json& object);
// Emissary's (Ambassador's) Mapping. Its AuthService asks for all of them, unless they pass it by.
Router mappingOf(const Json& object, bool authService);

}  // namespace firebreak::detect
