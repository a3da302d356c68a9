#include "detect/dashboards/manifest_routers.h"

#include <algorithm>
#include <string>

#include "detect/dashboards/manifest_objects.h"
#include "detect/pod_templates.h"
#include "detect/scan_input.h"

namespace firebreak::detect {

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
  service = serviceOfHost(service.substr(0, colon), router.ingress.meta.ns);
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
