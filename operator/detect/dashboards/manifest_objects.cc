#include "detect/dashboards/manifest_objects.h"

#include "detect/pod_templates.h"
#include "detect/scan_input.h"

namespace firebreak::detect {
namespace {

StringMap textsOf(const Json& object) {
  StringMap map;
  if (!object.is_object()) return map;
  for (const auto& [key, value] : object.items()) {
    if (value.is_string()) map.emplace(key, value.get<std::string>());
  }
  return map;
}

int32_t portNumber(const Json& value) {
  const int64_t number = intOr(value, 0);
  return number > 0 && number <= 65535 ? static_cast<int32_t>(number) : 0;
}

void addBackend(const Json& backend, const std::string& host, const std::string& path,
                const std::string& fieldPath, Ingress* ingress) {
  IngressPath entry;
  entry.host = host;
  entry.path = path;
  entry.service = stringOr(member(backend, {"service", "name"}));
  const Json& port = member(backend, {"service", "port"});
  entry.port = portText(member(port, "number").is_null() ? member(port, "name")
                                                         : member(port, "number"));
  if (entry.service.empty()) {  // extensions/v1beta1
    entry.service = stringOr(member(backend, "serviceName"));
    entry.port = portText(member(backend, "servicePort"));
  }
  entry.fieldPath = fieldPath;
  if (!entry.service.empty()) ingress->paths.push_back(std::move(entry));
}

}  // namespace

const Json& elementsOf(const Json& value) {
  static const Json kNone = Json::array();
  return value.is_array() ? value : kNone;
}

std::string portText(const Json& value) {
  if (value.is_number_integer()) return std::to_string(value.get<int64_t>());
  return stringOr(value);
}

Service serviceOf(const Json& object) {
  Service service;
  service.meta = metaOf(object);
  const Json& spec = member(object, "spec");
  service.type = stringOr(member(spec, "type"), "ClusterIP");
  service.clusterIP = stringOr(member(spec, "clusterIP"));
  service.selector = textsOf(member(spec, "selector"));
  service.externalIPs = stringsOf(member(spec, "externalIPs"));
  service.sourceRanges = stringsOf(member(spec, "loadBalancerSourceRanges"));
  for (const Json& port : elementsOf(member(spec, "ports"))) {
    ServicePort entry;
    entry.name = stringOr(member(port, "name"));
    entry.port = portNumber(member(port, "port"));
    entry.targetPort = portText(member(port, "targetPort"));
    entry.nodePort = portNumber(member(port, "nodePort"));
    entry.protocol = stringOr(member(port, "protocol"), "TCP");
    service.ports.push_back(std::move(entry));
  }
  return service;
}

Ingress ingressOf(const Json& object) {
  Ingress ingress;
  ingress.meta = metaOf(object);
  const Json& spec = member(object, "spec");
  ingress.className = stringOr(member(spec, "ingressClassName"));
  for (const char* field : {"defaultBackend", "backend"}) {
    addBackend(member(spec, field), "", "", std::string("spec.") + field, &ingress);
  }
  const Json& rules = elementsOf(member(spec, "rules"));
  for (size_t i = 0; i < rules.size(); ++i) {
    const std::string host = stringOr(member(rules[i], "host"));
    const Json& paths = elementsOf(member(rules[i], {"http", "paths"}));
    for (size_t j = 0; j < paths.size(); ++j) {
      addBackend(member(paths[j], "backend"), host, stringOr(member(paths[j], "path")),
                 childPath("spec.rules", i) + ".http.paths[" + std::to_string(j) + "].backend",
                 &ingress);
    }
  }
  return ingress;
}

Ingress routeOf(const Json& object) {
  Ingress ingress;
  ingress.meta = metaOf(object);
  ingress.className = kGatewayApi;
  const Json& hosts = elementsOf(member(object, {"spec", "hostnames"}));
  const std::string host = hosts.empty() ? "" : stringOr(hosts[0]);
  const Json& rules = elementsOf(member(object, {"spec", "rules"}));
  for (size_t i = 0; i < rules.size(); ++i) {
    const Json& backends = elementsOf(member(rules[i], "backendRefs"));
    const Json& matches = elementsOf(member(rules[i], "matches"));
    const Json path = matches.empty() ? Json() : member(matches[0], {"path", "value"});
    for (size_t j = 0; j < backends.size(); ++j) {
      if (stringOr(member(backends[j], "kind"), "Service") != "Service") continue;
      IngressPath entry;
      entry.host = host;
      entry.path = stringOr(path);
      entry.service = stringOr(member(backends[j], "name"));
      entry.port = portText(member(backends[j], "port"));
      entry.fieldPath = childPath("spec.rules", i) + ".backendRefs[" + std::to_string(j) + "]";
      ingress.paths.push_back(std::move(entry));
    }
  }
  return ingress;
}

Ingress traefikRouteOf(const Json& object) {
  Ingress ingress;
  ingress.meta = metaOf(object);
  const std::string ns = ingress.meta.ns.empty() ? "default" : ingress.meta.ns;
  const Json& routes = elementsOf(member(object, {"spec", "routes"}));
  for (size_t i = 0; i < routes.size(); ++i) {
    for (const Json& middleware : elementsOf(member(routes[i], "middlewares"))) {
      ingress.meta.annotations[kTraefikMiddlewares] +=
          stringOr(member(middleware, "namespace"), ns) + "-" +
          stringOr(member(middleware, "name")) + "@kubernetescrd,";
    }
    const Json& services = elementsOf(member(routes[i], "services"));
    for (size_t j = 0; j < services.size(); ++j) {
      IngressPath entry;
      entry.service = stringOr(member(services[j], "name"));
      entry.port = portText(member(services[j], "port"));
      entry.fieldPath = childPath("spec.routes", i) + ".services[" + std::to_string(j) + "]";
      ingress.paths.push_back(std::move(entry));
    }
  }
  return ingress;
}

Ingress openShiftRouteOf(const Json& object) {
  Ingress ingress;
  ingress.meta = metaOf(object);
  IngressPath entry;
  entry.host = stringOr(member(object, {"spec", "host"}));
  entry.service = stringOr(member(object, {"spec", "to", "name"}));
  entry.fieldPath = "spec.to";
  if (!entry.service.empty()) ingress.paths.push_back(std::move(entry));
  return ingress;
}

}  // namespace firebreak::detect
