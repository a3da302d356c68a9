#include "detect/dashboards/scan_dashboards.h"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "detect/dashboards/candidates.h"
#include "detect/dashboards/detect_dashboards.h"
#include "detect/dashboards/manifest_objects.h"
#include "detect/dashboards/protection.h"
#include "detect/dashboards/settings.h"
#include "detect/signatures/dashboards.h"

namespace firebreak::detect {
namespace {

// The objects of the input that lead traffic somewhere.
struct Routes {
  std::vector<Service> services;
  std::vector<Ingress> ingresses;
  std::set<std::string> loginMiddlewares;  // "ns-name" of Traefik middlewares that ask for a login
};

Routes routesOf(const ScanInput& input) {
  Routes routes;
  for (const Document& document : input.documents()) {
    const std::string& kind = document.ref.kind;
    if (kind == "Service" && document.ref.apiVersion == "v1") {
      routes.services.push_back(serviceOf(document.object));
    } else if (kind == "Ingress") {
      routes.ingresses.push_back(ingressOf(document.object));
    } else if (kind == "HTTPRoute" || kind == "GRPCRoute") {
      routes.ingresses.push_back(routeOf(document.object));
    } else if (kind == "IngressRoute") {
      routes.ingresses.push_back(traefikRouteOf(document.object));
    } else if (kind == "VirtualService") {
      routes.ingresses.push_back(virtualServiceOf(document.object));
    } else if (kind == "Route") {
      routes.ingresses.push_back(openShiftRouteOf(document.object));
    } else if (kind == "Middleware") {
      for (const char* field : {"basicAuth", "digestAuth", "forwardAuth"}) {
        if (member(document.object, {"spec", field}).is_null()) continue;
        const std::string ns = document.ref.ns.empty() ? "default" : document.ref.ns;
        routes.loginMiddlewares.insert(ns + "-" + document.ref.name);
      }
    }
  }
  return routes;
}

// How the console of one container is reached, by the widest way without a login in front.
struct ScannedReach {
  Reach reach = Reach::kNone;
  bool narrowed = false;
  std::string how;  // "Service shop/console of type NodePort"
};

bool isWider(const ScannedReach& a, const ScannedReach& b) {
  if (a.reach != b.reach) return a.reach > b.reach;
  return !a.narrowed && b.narrowed;
}

class WorkloadReach {
 public:
  WorkloadReach(const Routes& routes, const Workload& workload, const Container& console,
                const Product& product)
      : routes_(routes), workload_(workload), console_(console), product_(product) {}

  ScannedReach find() {
    // A mesh or a login proxy in the same pod may ask first.
    sidecar_ = loginSidecar(*workload_.spec);
    for (const Service& service : routes_.services) lookAt(service);
    hostPorts();
    return best_;
  }

 private:
  void offer(ScannedReach reach) {
    if (isWider(reach, best_)) best_ = std::move(reach);
  }

  bool isConsolePort(int32_t port) const {
    if (port == 0) return false;
    const auto declares = [&](const Container& container) {
      return std::any_of(container.ports.begin(), container.ports.end(),
                         [&](const ContainerPort& p) { return p.port == port; });
    };
    // With a login proxy beside it the port must be known to be the console's own.
    if (sidecar_ != nullptr) return declares(console_) && !declares(*sidecar_);
    const auto& known = product_.ports;
    if (std::find(known.begin(), known.end(), port) != known.end()) return true;
    // Another port of the console's container, or one that nobody declares: that product's only
    // where it has no port of its own there.
    const bool ownPortDeclared =
        std::any_of(console_.ports.begin(), console_.ports.end(), [&](const ContainerPort& p) {
          return std::find(known.begin(), known.end(), p.port) != known.end();
        });
    return !ownPortDeclared && (declares(console_) || console_.ports.empty());
  }

  void lookAt(const Service& service) {
    if (service.type == "ExternalName" || service.selector.empty()) return;
    if (!sameNamespace(service.meta.ns, workload_.meta.ns)) return;
    for (const auto& [key, value] : service.selector) {
      auto label = workload_.podLabels.find(key);
      if (label == workload_.podLabels.end() || label->second != value) return;
    }
    for (const ServicePort& port : service.ports) {
      if (port.protocol != "TCP" || !isConsolePort(podPortOf(port, *workload_.spec))) continue;
      const std::string name = "Service " + service.meta.name;
      const bool published = service.type == "NodePort" || service.type == "LoadBalancer";
      const auto everybody = [](const std::string& r) { return r == "0.0.0.0/0" || r == "::/0"; };
      const bool narrowed =
          service.type == "LoadBalancer" &&
          ((!service.sourceRanges.empty() &&
            std::none_of(service.sourceRanges.begin(), service.sourceRanges.end(), everybody)) ||
           isInternal(service));
      offer({published ? Reach::kPublished : Reach::kCluster, narrowed,
             name + " of type " + service.type});
      if (!service.externalIPs.empty()) offer({Reach::kPublished, false, name + " with externalIPs"});
      lookAtIngresses(service, port);
    }
  }

  // Load balancers that a cloud makes for its private network only.
  static bool isInternal(const Service& service) {
    for (const auto& [key, value] : service.meta.annotations) {
      const bool about = key.ends_with("load-balancer-internal") ||
                         key.ends_with("load-balancer-type") || key.ends_with("lb-scheme") ||
                         key.ends_with("load-balancer-scheme");
      if (about && (value == "true" || value == "Internal" || value == "internal")) return true;
    }
    return false;
  }

  void lookAtIngresses(const Service& service, const ServicePort& port) {
    for (const Ingress& ingress : routes_.ingresses) {
      if (!sameNamespace(ingress.meta.ns, service.meta.ns)) continue;
      for (const IngressPath& path : ingress.paths) {
        if (path.service != service.meta.name) continue;
        if (!leadsToPort(path, port)) continue;
        const Protection protection = protectionOf(ingress, routes_.loginMiddlewares);
        if (protection == Protection::kLogin) continue;
        offer({Reach::kPublished, protection != Protection::kNone,
               routeRef(ingress).kind + " " + ingress.meta.name});
      }
    }
  }

  void hostPorts() {
    if (sidecar_ != nullptr) return;
    for (const ContainerPort& port : console_.ports) {
      if (!isConsolePort(port.port)) continue;
      if (workload_.spec->hostNetwork) offer({Reach::kPublished, false, "the host's network"});
      if (port.hostPort == 0 || port.hostIP.starts_with("127.") || port.hostIP == "::1") continue;
      offer({Reach::kPublished, false, "hostPort " + std::to_string(port.hostPort)});
    }
  }

  const Routes& routes_;
  const Workload& workload_;
  const Container& console_;
  const Product& product_;
  const Container* sidecar_ = nullptr;
  ScannedReach best_;
};

// Whether this much is worth a finding: an ordinary manifest gets none.
bool isWorth(const OffRule& rule, Reach reach, const Workload& workload) {
  if (reach == Reach::kPublished) return true;
  // Data inside the cluster is what such tools are for; control there is a way to move on.
  if (rule.grants == Grants::kData) return false;
  if (reach == Reach::kCluster) return true;
  // Somebody switched it off: the Service may stand in another file. A custom resource's controller
  // adds Services and logins of its own, which no manifest shows.
  const bool builtIn = workload.apiVersion == "v1" || workload.apiVersion.starts_with("apps/") ||
                       workload.apiVersion.starts_with("batch/");
  return builtIn && !rule.byNature;
}

Finding findingFor(const Product& product, const OffJudgement& off, const ScannedReach& reach,
                   const Workload& workload, const Container& container) {
  const OffRule& rule = *off.rule;
  Finding finding;
  finding.family = Family::kOpenDashboard;
  finding.rule = dashboardRule(product);
  finding.resource = {workload.apiVersion, workload.kind, workload.meta.ns, workload.meta.name,
                      workload.meta.uid};
  finding.container = container.name;
  const std::string path =
      off.fieldPath.empty() ? container.fieldPath + ".image" : off.fieldPath;
  finding.fieldPath = workload.specPath.empty() ? path : workload.specPath + "." + path;
  const bool published = reach.reach == Reach::kPublished;
  const bool certain = published && !reach.narrowed && rule.grants == Grants::kControl;
  finding.tier = certain ? Tier::kRemediate : Tier::kAlert;
  finding.severity = dashboardSeverity(rule.grants, reach.narrowed ? Reach::kCluster : reach.reach);
  if (reach.reach == Reach::kNone || (rule.byNature && !published)) finding.severity = Severity::kLow;
  finding.confidence = reach.reach == Reach::kNone ? 60 : rule.byNature ? 85 : 95;
  finding.message = product.name + " asks for no password: " + rule.why;
  finding.message += reach.reach == Reach::kNone
                         ? "; nothing in this input shows who reaches it"
                         : "; reached through " + reach.how +
                               (published ? (reach.narrowed ? ", by some addresses only"
                                                            : " from outside the cluster")
                                          : " from inside the cluster");
  finding.message += ". Whoever does can " + product.can;
  finding.evidence.push_back({"console-identified", 30,
                              "container " + container.name + " runs " + product.name});
  finding.evidence.push_back({"authentication-off", rule.byNature ? 30 : 45, rule.why});
  if (reach.reach != Reach::kNone) {
    finding.evidence.push_back({published ? "published" : "reached-in-cluster",
                                published ? 25 : 10, "reached through " + reach.how});
  }
  return finding;
}

}  // namespace

std::vector<Finding> scanDashboards(const ScanInput& input) {
  const Routes routes = routesOf(input);
  std::vector<Finding> findings;
  for (const ScannedWorkload& scanned : input.workloads()) {
    const Workload& workload = scanned.workload;
    if (!workload.spec) continue;
    const auto configMap = [&](std::string_view name) {
      return input.configMap(workload.meta.ns, name);
    };
    for (const Container& container : workload.spec->containers) {
      if (container.role != Container::Role::kRegular) continue;
      for (const Product& product : dashboardProducts()) {
        if (product.off.empty() || !runsProduct(product, container)) continue;
        const auto off =
            authenticationOff(product, ContainerConfig{container, *workload.spec, configMap});
        if (!off) continue;
        const ScannedReach reach = WorkloadReach(routes, workload, container, product).find();
        if (!isWorth(*off->rule, reach.reach, workload)) continue;
        findings.push_back(findingFor(product, *off, reach, workload, container));
        locate(*scanned.document, &findings.back());
        break;  // one console per container
      }
    }
  }
  return findings;
}

}  // namespace firebreak::detect
