#include "detect/dashboards/manifest_routers.h"

#include <algorithm>
#include <string>

#include "detect/dashboards/manifest_objects.h"
#include "detect/pod_templates.h"
#include "detect/scan_input.h"

namespace firebreak::detect {
namespace {

// "console", "console.shop", "console.shop.svc.cluster.local" as seen from `ns`; empty for another
// namespace's Service, which an Ingress of this one cannot lead to.
std::string serviceNamed(const std::string& host, const std::string& ns) {
  const size_t dot = host.find('.');
  if (dot == std::string::npos) return host;
  const std::string rest = host.substr(dot + 1);
  const std::string theirs = rest.substr(0, rest.find('.'));
  return sameNamespace(theirs, ns) ? host.substr(0, dot) : std::string();
}

}  // namespace

Router virtualServiceOf(const Json& object) {
  Router router;
  router.ingress.meta = metaOf(object);
  const std::vector<std::string> gateways = stringsOf(member(object, {"spec", "gateways"}));
  const bool published = std::any_of(gateways.begin(), gateways.end(),
                                     [](const std::string& name) { return name != "mesh"; });
  if (!published) return router;
  const Json& hosts = elementsOf(member(object, {"spec", "hosts"}));
  const std::string host = hosts.empty() ? "" : stringOr(hosts[0]);
  for (const char* kind : {"http", "tls", "tcp"}) {
    const Json& rules = elementsOf(member(object, {"spec", kind}));
    for (size_t i = 0; i < rules.size(); ++i) {
      const Json& routes = elementsOf(member(rules[i], "route"));
      for (size_t j = 0; j < routes.size(); ++j) {
        const Json& destination = member(routes[j], "destination");
        IngressPath path;
        path.host = host;
        path.service = serviceNamed(stringOr(member(destination, "host")), router.ingress.meta.ns);
        path.port = portText(member(destination, {"port", "number"}));
        path.fieldPath = childPath(childPath("spec", kind), i) + ".route[" + std::to_string(j) + "]";
        if (!path.service.empty()) router.ingress.paths.push_back(std::move(path));
      }
    }
  }
  return router;
}

Router contourProxyOf(const Json& object) {
  Router router;
  router.ingress.meta = metaOf(object);
  const Json& host = member(object, {"spec", "virtualhost"});
  const bool asks = !member(host, {"authorization", "extensionRef"}).is_null() ||
                    !member(host, {"tls", "clientValidation"}).is_null() ||
                    std::any_of(elementsOf(member(host, "jwtProviders")).begin(),
                                elementsOf(member(host, "jwtProviders")).end(),
                                [](const Json& p) { return boolOr(member(p, "default"), false); });
  if (asks) {
    router.protection = Protection::kLogin;
  } else if (!member(host, "ipAllowPolicy").is_null()) {
    router.protection = Protection::kNarrowed;
  }
  const Json& routes = elementsOf(member(object, {"spec", "routes"}));
  for (size_t i = 0; i < routes.size(); ++i) {
    const Json& services = elementsOf(member(routes[i], "services"));
    const bool passesBy = boolOr(member(routes[i], {"authPolicy", "disabled"}), false);
    if (passesBy && router.protection == Protection::kLogin) router.protection = Protection::kUnclear;
    for (size_t j = 0; j < services.size(); ++j) {
      router.ingress.paths.push_back({stringOr(member(host, "fqdn")), "",
                                      stringOr(member(services[j], "name")),
                                      portText(member(services[j], "port")),
                                      childPath("spec.routes", i) + ".services[" +
                                          std::to_string(j) + "]"});
    }
  }
  return router;
}

Router mappingOf(const Json& object, bool authService) {
  Router router;
  router.ingress.meta = metaOf(object);
  std::string service = stringOr(member(object, {"spec", "service"}));
  if (const size_t scheme = service.find("://"); scheme != std::string::npos) {
    service.erase(0, scheme + 3);
  }
  const size_t colon = service.find(':');
  const std::string port = colon == std::string::npos ? "" : service.substr(colon + 1);
  service = serviceNamed(service.substr(0, colon), router.ingress.meta.ns);
  if (service.empty()) return router;
  router.ingress.paths.push_back({stringOr(member(object, {"spec", "hostname"})),
                                  stringOr(member(object, {"spec", "prefix"})), service, port,
                                  "spec.service"});
  if (authService && !boolOr(member(object, {"spec", "bypass_auth"}), false)) {
    router.protection = Protection::kLogin;
  }
  return router;
}

}  // namespace firebreak::detect
