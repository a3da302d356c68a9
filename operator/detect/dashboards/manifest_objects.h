// Services and Ingresses of manifests, as observed values. Tolerates every wrong type, since the text
// was perhaps never applied. Pure.
#pragma once

#include <string_view>

#include "base/json.h"
#include "firebreak/observed.h"

namespace firebreak::detect {

Service serviceOf(const Json& object);
Ingress ingressOf(const Json& object);
// What other APIs lead requests with is read as an Ingress, whose class says what it really is:
// "traefik.io/v1alpha1 IngressRoute", which is no name that a class may have.
ObjectRef routeRef(const Ingress& route);
bool isIngress(const Ingress& route);
// HTTPRoute of the Gateway API: its backendRefs are its paths.
Ingress routeOf(const Json& object);
// Traefik's IngressRoute; its middlewares stand in the annotation that Ingresses name theirs by.
Ingress traefikRouteOf(const Json& object);
// Istio's VirtualService; without paths where no gateway leads to it.
Ingress virtualServiceOf(const Json& object);
Ingress openShiftRouteOf(const Json& object);

inline constexpr const char* kTraefikMiddlewares =
    "traefik.ingress.kubernetes.io/router.middlewares";

}  // namespace firebreak::detect
