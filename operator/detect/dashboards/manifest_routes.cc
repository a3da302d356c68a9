#include "detect/dashboards/manifest_routes.h"

#include <algorithm>
#include <array>
#include <set>

#include "detect/dashboards/manifest_objects.h"
#include "detect/dashboards/manifest_routers.h"
#include "detect/dashboards/pod_barriers.h"

namespace firebreak::detect {
namespace {

// Kong's plugins that ask for a login: docs.konghq.com/hub, authentication.
constexpr std::array<std::string_view, 9> kKongLogins = {
    "basic-auth", "key-auth", "jwt",      "oauth2",     "openid-connect",
    "ldap-auth",  "hmac-auth", "mtls-auth", "oidc"};

// What the objects beside the routes say about them.
struct Guards {
  std::set<std::string> middlewares;   // "ns-name" of Traefik's middlewares that ask
  std::set<std::string> kongPlugins;   // names
  std::set<std::string> routes;        // "HTTPRoute/name" and "Gateway/name" under a SecurityPolicy
  std::set<std::string> iapConfigs;    // names of Google's BackendConfigs with IAP on
  bool authService = false;            // Emissary's
};

bool hasAny(const Json& object, std::initializer_list<const char*> fields) {
  return std::any_of(fields.begin(), fields.end(), [&](const char* field) {
    return !member(object, {"spec", field}).is_null();
  });
}

void addTargets(const Json& object, std::set<std::string>* names) {
  std::vector<Json> targets = {member(object, {"spec", "targetRef"})};
  for (const Json& target : elementsOf(member(object, {"spec", "targetRefs"}))) {
    targets.push_back(target);
  }
  for (const Json& target : targets) {
    if (!target.is_object()) continue;
    names->insert(stringOr(member(target, "kind")) + '/' + stringOr(member(target, "name")));
  }
}

Guards guardsOf(const ScanInput& input) {
  Guards guards;
  for (const Document& document : input.documents()) {
    const std::string& kind = document.ref.kind;
    const Json& object = document.object;
    if (kind == "Middleware" && hasAny(object, {"basicAuth", "digestAuth", "forwardAuth"})) {
      guards.middlewares.insert((document.ref.ns.empty() ? "default" : document.ref.ns) + "-" +
                                document.ref.name);
    } else if (kind == "KongPlugin" || kind == "KongClusterPlugin") {
      const std::string plugin = stringOr(member(object, "plugin"));
      if (std::find(kKongLogins.begin(), kKongLogins.end(), plugin) != kKongLogins.end()) {
        guards.kongPlugins.insert(document.ref.name);
      }
    } else if (kind == "SecurityPolicy" &&
               hasAny(object, {"oidc", "jwt", "basicAuth", "extAuth", "apiKeyAuth"})) {
      addTargets(object, &guards.routes);
    } else if (kind == "AuthorizationPolicy" &&
               stringOr(member(object, {"spec", "action"})) == "CUSTOM") {
      addTargets(object, &guards.routes);
    } else if (kind == "BackendConfig" &&
               boolOr(member(object, {"spec", "iap", "enabled"}), false)) {
      guards.iapConfigs.insert(document.ref.name);
    } else if (kind == "AuthService") {
      guards.authService = true;
    }
  }
  return guards;
}

// Filters and parents of a Gateway API route.
Protection gatewayRouteAsks(const Json& object, const std::string& kind, const Guards& guards) {
  if (guards.routes.contains(kind + '/' + stringOr(member(object, {"metadata", "name"})))) {
    return Protection::kLogin;
  }
  for (const Json& parent : elementsOf(member(object, {"spec", "parentRefs"}))) {
    if (guards.routes.contains("Gateway/" + stringOr(member(parent, "name")))) {
      return Protection::kLogin;
    }
  }
  const std::string ns = stringOr(member(object, {"metadata", "namespace"}), "default");
  for (const Json& rule : elementsOf(member(object, {"spec", "rules"}))) {
    for (const Json& filter : elementsOf(member(rule, "filters"))) {
      const std::string name = stringOr(member(filter, {"extensionRef", "name"}));
      if (name.empty()) continue;
      const bool asks = guards.middlewares.contains(ns + "-" + name) ||
                        guards.kongPlugins.contains(name);
      return asks ? Protection::kLogin : Protection::kUnclear;
    }
  }
  return Protection::kNone;
}

Protection kongAsks(const Ingress& ingress, const Guards& guards) {
  auto plugins = ingress.meta.annotations.find("konghq.com/plugins");
  if (plugins == ingress.meta.annotations.end()) return Protection::kNone;
  const bool asks = std::any_of(guards.kongPlugins.begin(), guards.kongPlugins.end(),
                                [&](const std::string& name) {
                                  return plugins->second.find(name) != std::string::npos;
                                });
  return asks ? Protection::kLogin : Protection::kNone;
}

// '{"default": "config"}' of a Service that Google's load balancer serves.
bool isBehindIap(const Service& service, const Guards& guards) {
  for (const auto& [key, value] : service.meta.annotations) {
    if (!key.ends_with("cloud.google.com/backend-config")) continue;
    for (const std::string& name : guards.iapConfigs) {
      if (value.find('"' + name + '"') != std::string::npos) return true;
    }
  }
  return false;
}

}  // namespace

ManifestRoutes manifestRoutesOf(const ScanInput& input) {
  const Guards guards = guardsOf(input);
  const PodBarriers barriers(input);
  ManifestRoutes out;
  const auto add = [&](Ingress ingress, Protection protection, const std::string& kind) {
    protection = std::max({protection, protectionOf(ingress, guards.middlewares),
                           kongAsks(ingress, guards)});
    out.routes.push_back({std::move(ingress), protection, kind});
  };
  for (const Document& document : input.documents()) {
    const std::string& kind = document.ref.kind;
    const Json& object = document.object;
    if (kind == "Service" && document.ref.apiVersion == "v1") {
      out.services.push_back(serviceOf(object));
    } else if (kind == "Ingress") {
      add(ingressOf(object), Protection::kNone, kind);
    } else if (kind == "HTTPRoute" || kind == "GRPCRoute" || kind == "TLSRoute" ||
               kind == "TCPRoute") {
      add(routeOf(object), gatewayRouteAsks(object, kind, guards), kind);
    } else if (kind == "IngressRoute") {
      add(traefikRouteOf(object), Protection::kNone, kind);
    } else if (kind == "Route" && document.ref.apiVersion.starts_with("route.openshift.io/")) {
      add(openShiftRouteOf(object), Protection::kNone, kind);
    } else if (kind == "VirtualService") {
      Ingress ingress = virtualServiceOf(object);
      const std::string host = ingress.paths.empty() ? "" : ingress.paths.front().host;
      add(std::move(ingress), barriers.gatewayAsks(host), kind);
    } else if (kind == "HTTPProxy") {
      Router router = contourProxyOf(object);
      add(std::move(router.ingress), router.protection, kind);
    } else if (kind == "Mapping") {
      Router router = mappingOf(object, guards.authService);
      add(std::move(router.ingress), router.protection, kind);
    }
  }
  for (ManifestRoute& route : out.routes) {
    for (const Service& service : out.services) {
      const bool leads = std::any_of(
          route.ingress.paths.begin(), route.ingress.paths.end(),
          [&](const IngressPath& path) { return path.service == service.meta.name; });
      if (leads && sameNamespace(service.meta.ns, route.ingress.meta.ns) &&
          isBehindIap(service, guards)) {
        route.protection = Protection::kLogin;
      }
    }
  }
  return out;
}

}  // namespace firebreak::detect
