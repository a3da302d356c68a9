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
// What other APIs lead requests with is read as an Ingress, whose class says what it really is:
// "traefik.io/v1alpha1 IngressRoute", which is no name that a class may have.
ObjectRef routeRef(const Ingress& route);
bool isIngress(const Ingress& route);
// HTTPRoute of the Gateway API: its backendRefs are its paths.
Ingress routeOf(const Json& object);
// Traefik's IngressRoute; its middlewares stand in the annotation that Ingresses name theirs by.
Ingress traefikRouteOf(const Json& object);
// "console", "console.shop", "console.shop.svc.cluster.local" as seen from `ns`: "console"; empty for
// another namespace's Service, which an Ingress of this one cannot lead to.
std::string serviceOfHost(const std::string& host, const std::string& ns);
// Istio's VirtualService; without paths where no gateway leads to it.
Ingress virtualServiceOf(const Json& object);
Ingress openShiftRouteOf(const Json& object);

inline constexpr const char* kTraefikMiddlewares =
    "traefik.ingress.kubernetes.io/router.middlewares";

}  // namespace firebreak::detect
