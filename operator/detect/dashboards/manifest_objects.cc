#include "detect/dashboards/manifest_objects.h"

#include <algorithm>

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

Ingress madeOf(const Json& object, const char* apiVersion, const char* kind) {
  Ingress ingress;
  ingress.className = stringOr(member(object, "apiVersion"), apiVersion) + " " +
                      stringOr(member(object, "kind"), kind);
  ingress.meta = metaOf(object);
  return ingress;
}

// The first `Name(`...`)` of a Traefik rule: "Host(`a.example`) && PathPrefix(`/b`)".
std::string matcherOf(const std::string& rule, const std::string& name) {
  const size_t start = rule.find(name + "(");
  if (start == std::string::npos) return "";
  const size_t from = start + name.size() + 2;
  const char quote = from <= rule.size() ? rule[from - 1] : ' ';
  if (quote != '`' && quote != '"' && quote != '\'') return "";
  const size_t end = rule.find(quote, from);
  return end == std::string::npos ? "" : rule.substr(from, end - from);
}

}  // namespace

std::string serviceOfHost(const std::string& host, const std::string& ns) {
  const size_t dot = host.find('.');
  if (dot == std::string::npos) return host;
  const std::string rest = host.substr(dot + 1);
  return sameNamespace(rest.substr(0, rest.find('.')), ns) ? host.substr(0, dot) : std::string();
}

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

bool isIngress(const Ingress& route) { return route.className.find(' ') == std::string::npos; }

ObjectRef routeRef(const Ingress& route) {
  const ObjectMeta& meta = route.meta;
  if (isIngress(route)) return {"networking.k8s.io/v1", "Ingress", meta.ns, meta.name, meta.uid};
  const size_t space = route.className.find(' ');
  return {route.className.substr(0, space), route.className.substr(space + 1), meta.ns, meta.name,
          meta.uid};
}

Ingress routeOf(const Json& object) {
  Ingress ingress = madeOf(object, "gateway.networking.k8s.io/v1", "HTTPRoute");
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
  Ingress ingress = madeOf(object, "traefik.io/v1alpha1", "IngressRoute");
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
      const std::string rule = stringOr(member(routes[i], "match"));
      IngressPath entry;
      entry.host = matcherOf(rule, "Host");
      entry.path = matcherOf(rule, "PathPrefix");
      entry.service = stringOr(member(services[j], "name"));
      entry.port = portText(member(services[j], "port"));
      entry.fieldPath = childPath("spec.routes", i) + ".services[" + std::to_string(j) + "]";
      ingress.paths.push_back(std::move(entry));
    }
  }
  return ingress;
}

Ingress virtualServiceOf(const Json& object) {
  Ingress ingress = madeOf(object, "networking.istio.io/v1", "VirtualService");
  const auto gateways = stringsOf(member(object, {"spec", "gateways"}));
  const bool fromOutside = std::any_of(gateways.begin(), gateways.end(),
                                       [](const std::string& name) { return name != "mesh"; });
  if (!fromOutside) return ingress;
  const auto hosts = stringsOf(member(object, {"spec", "hosts"}));
  for (const char* kind : {"http", "tls", "tcp"}) {
    const Json& rules = elementsOf(member(object, {"spec", kind}));
    for (size_t i = 0; i < rules.size(); ++i) {
      const Json& matches = elementsOf(member(rules[i], "match"));
      const Json path = matches.empty() ? Json() : member(matches[0], {"uri", "prefix"});
      const Json& routes = elementsOf(member(rules[i], "route"));
      for (size_t j = 0; j < routes.size(); ++j) {
        const Json& destination = member(routes[j], "destination");
        IngressPath entry;
        entry.host = hosts.empty() || hosts.front() == "*" ? "" : hosts.front();
        entry.path = stringOr(path);
        entry.service = serviceOfHost(stringOr(member(destination, "host")), ingress.meta.ns);
        entry.port = portText(member(destination, {"port", "number"}));
        entry.fieldPath = childPath(childPath("spec", kind), i) + ".route[" + std::to_string(j) +
                          "].destination";
        if (!entry.service.empty()) ingress.paths.push_back(std::move(entry));
      }
    }
  }
  return ingress;
}

Ingress openShiftRouteOf(const Json& object) {
  Ingress ingress = madeOf(object, "route.openshift.io/v1", "Route");
  IngressPath entry;
  entry.host = stringOr(member(object, {"spec", "host"}));
  entry.path = stringOr(member(object, {"spec", "path"}));
  entry.service = stringOr(member(object, {"spec", "to", "name"}));
  entry.fieldPath = "spec.to";
  if (!entry.service.empty()) ingress.paths.push_back(std::move(entry));
  return ingress;
}

}  // namespace firebreak::detect
