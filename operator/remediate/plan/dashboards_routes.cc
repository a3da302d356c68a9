#include "remediate/plan/dashboards_routes.h"

#include <algorithm>

#include "detect/dashboards/manifest_objects.h"
#include "detect/dashboards/reach.h"

namespace firebreak {
namespace {

Step stepOn(const Json& object, const std::string& name, const std::string& apiVersion,
            const char* kind) {
  const Json& meta = member(object, "metadata");
  Step step;
  step.name = name + stringOr(member(meta, "name"));
  step.action = "DetachRoutes";
  step.proof = Proof::kConsoleShut;
  step.object = {apiVersion, kind, stringOr(member(meta, "namespace")),
                 stringOr(member(meta, "name")), stringOr(member(meta, "uid"))};
  return step;
}

bool leadsToConsole(const Json& backend, const RoutedConsole& console) {
  const Json& service = member(backend, "service");
  if (stringOr(member(service, "name")) != console.service.meta.name) return false;
  const Json& number = member(service, {"port", "number"});
  if (number.is_number_integer()) return console.isConsolePort(intOr(number, 0));
  const std::string name = stringOr(member(service, {"port", "name"}));
  return std::any_of(console.service.ports.begin(), console.service.ports.end(),
                     [&](const ServicePort& port) {
                       return port.name == name && console.isConsolePort(port.port);
                     });
}

// A backendRef of a rule; without a port it is none that a gateway follows to a Service.
bool isConsole(const Json& backend, const std::string& ns, const RoutedConsole& console) {
  return stringOr(member(backend, "kind"), "Service") == "Service" &&
         stringOr(member(backend, "group")).empty() &&
         stringOr(member(backend, "namespace"), ns) == console.service.meta.ns &&
         stringOr(member(backend, "name")) == console.service.meta.name &&
         console.isConsolePort(intOr(member(backend, "port"), 0));
}

struct ByHand {
  const char* kind;
  const char* plural;
  const char* field;  // below the path that names the backend
};
constexpr ByHand kByHand[] = {
    {"IngressRoute", "ingressroutes", "/name"},
    {"VirtualService", "virtualservices", "/host"},
    {"Route", "routes", "/name"},
};

// "spec.routes[0].services[1]" -> "/spec/routes/0/services/1".
std::string pointerOf(const std::string& fieldPath) {
  std::string pointer = "/";
  for (const char c : fieldPath) {
    if (c == ']') continue;
    pointer += c == '.' || c == '[' ? '/' : c;
  }
  return pointer;
}

}  // namespace

bool RoutedConsole::isConsolePort(int64_t port) const {
  return std::any_of(ports.begin(), ports.end(), [&](int32_t p) { return p == port; });
}

std::optional<Step> detachIngress(const Json& ingress, const RoutedConsole& console) {
  Step detach = stepOn(ingress, "detach-route-", "networking.k8s.io/v1", "Ingress");
  const auto point = [&](const Json& backend, const std::string& pointer) {
    if (!leadsToConsole(backend, console)) return;
    detach.edits.push_back({pointer + "/service/name", member(backend, {"service", "name"}),
                            Json(kAbsentService)});
  };
  point(member(ingress, {"spec", "defaultBackend"}), "/spec/defaultBackend");
  const Json& rules = member(ingress, {"spec", "rules"});
  for (size_t i = 0; rules.is_array() && i < rules.size(); ++i) {
    const Json& paths = member(rules[i], {"http", "paths"});
    for (size_t j = 0; paths.is_array() && j < paths.size(); ++j) {
      point(member(paths[j], "backend"), "/spec/rules/" + std::to_string(i) + "/http/paths/" +
                                             std::to_string(j) + "/backend");
    }
  }
  return detach.edits.empty() ? std::nullopt : std::optional<Step>(std::move(detach));
}

// The list of a rule's backends is one field: an index would name another one once one is gone.
std::optional<Step> detachHttpRoute(const Json& route, const RoutedConsole& console) {
  Step detach = stepOn(route, "detach-httproute-", stringOr(member(route, "apiVersion")),
                       "HTTPRoute");
  const Json& rules = member(route, {"spec", "rules"});
  for (size_t i = 0; rules.is_array() && i < rules.size(); ++i) {
    const Json& backends = member(rules[i], "backendRefs");
    if (!backends.is_array()) continue;
    Json kept = Json::array();
    for (const Json& backend : backends) {
      if (!isConsole(backend, detach.object.ns, console)) kept.push_back(backend);
    }
    if (kept.size() == backends.size()) continue;
    detach.edits.push_back(
        {"/spec/rules/" + std::to_string(i) + "/backendRefs", backends, std::move(kept)});
  }
  return detach.edits.empty() ? std::nullopt : std::optional<Step>(std::move(detach));
}

std::vector<std::string> detachByHand(const Ingress& route, const RoutedConsole& console) {
  std::vector<std::string> lines;
  const ObjectRef ref = detect::routeRef(route);
  const auto* how = std::find_if(std::begin(kByHand), std::end(kByHand),
                                 [&](const ByHand& each) { return ref.kind == each.kind; });
  if (how == std::end(kByHand)) return lines;
  const std::string group = ref.apiVersion.substr(0, ref.apiVersion.find('/'));
  for (const IngressPath& path : route.paths) {
    const bool leads =
        path.service == console.service.meta.name &&
        std::any_of(console.service.ports.begin(), console.service.ports.end(),
                    [&](const ServicePort& port) {
                      return console.isConsolePort(port.port) && detect::leadsToPort(path, port);
                    });
    if (!leads) continue;
    lines.push_back(describe(ref) +
                    " leads to it, which Firebreak does not write: kubectl -n " + route.meta.ns +
                    " patch " + how->plural + "." + group + " " + route.meta.name +
                    " --type=json -p '[{\"op\":\"replace\",\"path\":\"" +
                    pointerOf(path.fieldPath) + how->field + "\",\"value\":\"" + kAbsentService +
                    "\"}]' (and back with \"" + path.service + "\")");
  }
  return lines;
}

}  // namespace firebreak
