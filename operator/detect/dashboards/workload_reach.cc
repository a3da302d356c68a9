#include "detect/dashboards/workload_reach.h"

#include <algorithm>
#include <utility>

namespace firebreak::detect {
namespace {

using Admits = PodBarriers::Admits;

bool isWider(const WorkloadReach& a, const WorkloadReach& b) {
  if (a.reach != b.reach) return a.reach > b.reach;
  return !a.narrowed && b.narrowed;
}

class ReachFinder {
 public:
  ReachFinder(const ManifestRoutes& routes, const PodBarriers& barriers, const Workload& workload,
              const Container& console, const Product& product)
      : routes_(routes),
        barriers_(barriers),
        workload_(workload),
        console_(console),
        product_(product),
        sidecar_(loginSidecar(*workload.spec)),
        mesh_(barriers.meshAsks(workload.meta.ns, workload.podLabels)) {}

  WorkloadReach find() {
    if (mesh_ == Protection::kLogin) {
      best_.shut = true;
      return best_;
    }
    for (const Service& service : routes_.services) lookAt(service);
    hostPorts();
    return best_;
  }

 private:
  void offer(Reach reach, bool narrowed, std::string how) {
    WorkloadReach way{reach, narrowed || mesh_ != Protection::kNone, std::move(how), false};
    if (isWider(way, best_)) best_ = std::move(way);
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

  // A pod in the host's network is not what NetworkPolicies are for.
  Admits admits(int32_t port) const {
    if (workload_.spec->hostNetwork) return Admits::kEverybody;
    ContainerPort target;
    target.port = port;
    for (const ContainerPort& declared : console_.ports) {
      if (declared.port == port) target = declared;
    }
    return barriers_.admits(workload_.meta.ns, workload_.podLabels, target);
  }

  void lookAt(const Service& service) {
    if (service.type == "ExternalName" || service.selector.empty()) return;
    if (!sameNamespace(service.meta.ns, workload_.meta.ns)) return;
    for (const auto& [key, value] : service.selector) {
      auto label = workload_.podLabels.find(key);
      if (label == workload_.podLabels.end() || label->second != value) return;
    }
    for (const ServicePort& port : service.ports) {
      const int32_t target = podPortOf(port, *workload_.spec);
      if (port.protocol != "TCP" || !isConsolePort(target)) continue;
      const Admits admitted = admits(target);
      const std::string name = "Service " + service.meta.name;
      const bool published = service.type == "NodePort" || service.type == "LoadBalancer";
      const bool narrowed = service.type == "LoadBalancer" && isForFew(service);
      offer(published ? Reach::kPublished : Reach::kCluster,
            published && (narrowed || admitted != Admits::kEverybody),
            name + " of type " + service.type);
      if (!service.externalIPs.empty()) {
        offer(Reach::kPublished, admitted != Admits::kEverybody, name + " with externalIPs");
      }
      lookAtRoutes(service, port, admitted);
    }
  }

  void lookAtRoutes(const Service& service, const ServicePort& port, Admits admitted) {
    for (const ManifestRoute& route : routes_.routes) {
      if (route.protection == Protection::kLogin) continue;
      if (!sameNamespace(route.ingress.meta.ns, service.meta.ns)) continue;
      for (const IngressPath& path : route.ingress.paths) {
        if (path.service != service.meta.name) continue;
        if (!leadsToPort(path, port)) continue;
        offer(Reach::kPublished,
              route.protection != Protection::kNone || admitted == Admits::kFew,
              route.kind + ' ' + route.ingress.meta.name);
      }
    }
  }

  void hostPorts() {
    if (sidecar_ != nullptr) return;
    for (const ContainerPort& port : console_.ports) {
      if (!isConsolePort(port.port)) continue;
      if (workload_.spec->hostNetwork) offer(Reach::kPublished, false, "the host's network");
      if (port.hostPort == 0 || port.hostIP.starts_with("127.") || port.hostIP == "::1") continue;
      offer(Reach::kPublished, admits(port.port) != Admits::kEverybody,
            "hostPort " + std::to_string(port.hostPort));
    }
  }

  const ManifestRoutes& routes_;
  const PodBarriers& barriers_;
  const Workload& workload_;
  const Container& console_;
  const Product& product_;
  // A login proxy in the same pod may ask first.
  const Container* sidecar_;
  const Protection mesh_;
  WorkloadReach best_;
};

}  // namespace

WorkloadReach reachOfWorkload(const ManifestRoutes& routes, const PodBarriers& barriers,
                              const Workload& workload, const Container& console,
                              const Product& product) {
  return ReachFinder(routes, barriers, workload, console, product).find();
}

}  // namespace firebreak::detect
