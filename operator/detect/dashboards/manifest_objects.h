// Services and Ingresses of manifests, as observed values. Tolerates every wrong type, since the text
// was perhaps never applied. Pure.
#pragma once

#include <string>
#include <string_view>

#include "base/json.h"
#include "firebreak/observed.h"

namespace firebreak::detect {

// The array, or an empty one where the value is none.
const Json& elementsOf(const Json& value);
// A port number or name, as text.
std::string portText(const Json& value);

Service serviceOf(const Json& object);
Ingress ingressOf(const Json& object);
// HTTPRoute of the Gateway API, read as an Ingress of this class: its backendRefs are its paths.
inline constexpr std::string_view kGatewayApi = "gateway.networking.k8s.io";
Ingress routeOf(const Json& object);
// Traefik's IngressRoute; its middlewares stand in the annotation that Ingresses name theirs by.
Ingress traefikRouteOf(const Json& object);
Ingress openShiftRouteOf(const Json& object);

inline constexpr const char* kTraefikMiddlewares =
    "traefik.ingress.kubernetes.io/router.middlewares";

}  // namespace firebreak::detect
