#include "detect/dashboards/reach.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <initializer_list>
#include <set>
#include <string_view>

#include "detect/dashboards/address.h"
#include "detect/dashboards/candidates.h"
#include "detect/dashboards/host_publication.h"
#include "detect/dashboards/ingress_controllers.h"
#include "detect/dashboards/manifest_objects.h"
#include "detect/dashboards/protection.h"

namespace firebreak::detect {
namespace {

bool selects(const StringMap& selector, const StringMap& labels) {
  return !selector.empty() &&
         std::all_of(selector.begin(), selector.end(), [&](const auto& wanted) {
           auto found = labels.find(wanted.first);
           return found != labels.end() && found->second == wanted.second;
         });
}

// The whole text as a port number; 0 where it is none.
int32_t numberOf(const std::string& text) {
  int32_t number = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() && number > 0 ? number : 0;
}

ObjectRef refOf(const char* apiVersion, const char* kind, const ObjectMeta& meta) {
  return {apiVersion, kind, meta.ns, meta.name, meta.uid};
}

// Collects the ways to one port of the Service.
class PortWays {
 public:
  PortWays(const Service& service, const ReachInput& input, const std::vector<Pod>& pods,
           size_t index, std::vector<Endpoint>* out)
      : service_(service), input_(input), pods_(pods), port_(service.ports[index]), out_(out) {
    base_.servicePortName = port_.name;
    base_.servicePort = port_.port;
    for (const Pod& pod : pods) {
      if (base_.podPort == 0) base_.podPort = podPortOf(port_, *pod.spec);
    }
    base_.through = refOf("v1", "Service", service.meta);
    base_.fieldPath = "spec.ports[" + std::to_string(index) + "]";
  }

  void collect() {
    const bool standIn = service_.type == kStandIn;
    if (!standIn) {
      loadBalancer();
      nodePort();
      externalIPs();
      ingresses();
    }
    hostPorts();
    if (!standIn) clusterIP();
  }

 private:
  void add(Via via, Reach reach, const std::string& address, int32_t port, Endpoint endpoint) {
    endpoint.via = via;
    endpoint.reach = reach;
    endpoint.address = isProbeableAddress(address) ? *normalAddress(address) : "";
    endpoint.port = port;
    out_->push_back(std::move(endpoint));
  }

  void loadBalancer() {
    if (service_.type != "LoadBalancer") return;
    Endpoint endpoint = base_;
    endpoint.narrowed = isForFew(service_);
    // Pending or named by a host name: the way is there, but nothing to connect to.
    if (service_.ingressIPs.empty()) add(Via::kLoadBalancer, Reach::kPublished, "", port_.port, endpoint);
    for (const std::string& ip : service_.ingressIPs) {
      add(Via::kLoadBalancer, Reach::kPublished, ip, port_.port, endpoint);
    }
  }

  void nodePort() {
    if (service_.type != "NodePort" && service_.type != "LoadBalancer") return;
    // A manifest rarely says which node port it will get.
    if (port_.nodePort == 0 && service_.type == "LoadBalancer") return;
    if (input_.nodes.empty() || port_.nodePort == 0) {
      add(Via::kNodePort, Reach::kPublished, "", port_.nodePort, base_);
      return;
    }
    for (const Node& node : input_.nodes) {
      for (const std::string& ip : node.internalIPs) {
        add(Via::kNodePort, Reach::kPublished, ip, port_.nodePort, base_);
      }
    }
  }

  // A tenant may write any address into externalIPs: only a node's own is asked.
  void externalIPs() {
    std::set<std::string> nodeIPs;
    for (const Node& node : input_.nodes) {
      nodeIPs.insert(node.internalIPs.begin(), node.internalIPs.end());
    }
    for (const std::string& ip : service_.externalIPs) {
      add(Via::kExternalIP, Reach::kPublished, nodeIPs.contains(ip) ? ip : "", port_.port, base_);
    }
  }

  void ingresses() {
    for (const Ingress& ingress : input_.ingresses) {
      if (ingress.meta.ns != service_.meta.ns) continue;
      for (const IngressPath& path : ingress.paths) {
        if (path.service != service_.meta.name || !leadsToPort(path, port_)) continue;
        Endpoint endpoint = base_;
        endpoint.host = path.host.starts_with("*.") ? "firebreak-check" + path.host.substr(1)
                                                    : path.host;
        endpoint.path = plainPrefix(path.path);
        endpoint.narrowed = protectionOf(ingress, {}) == Protection::kNarrowed;
        endpoint.through = routeRef(ingress);
        endpoint.fieldPath = path.fieldPath;
        const Via via = isIngress(ingress) ? Via::kIngress : Via::kRoute;
        if (input_.doors.empty()) add(via, Reach::kPublished, "", 80, endpoint);
        for (const IngressDoor& door : input_.doors) {
          endpoint.tls = door.tls;
          add(via, Reach::kPublished, door.address, door.port, endpoint);
        }
      }
    }
  }

  // "/console(/|$)(.*)" of a rewriting controller begins with "/console".
  static std::string plainPrefix(const std::string& path) {
    std::string prefix = path.substr(0, path.find_first_of("(*[^$|?+"));
    while (prefix.ends_with('/') || prefix.ends_with('\\')) prefix.pop_back();
    return prefix;
  }

  void hostPorts() {
    for (const Pod& pod : pods_) {
      const int32_t target = podPortOf(port_, *pod.spec);
      if (target == 0) continue;
      Endpoint endpoint = base_;
      endpoint.through = refOf("v1", "Pod", pod.meta);
      endpoint.podPort = target;
      if (pod.spec->hostNetwork) {
        endpoint.fieldPath = "spec.hostNetwork";
        add(Via::kHostNetwork, Reach::kPublished, pod.hostIP, target, endpoint);
        continue;
      }
      for (const Container& container : pod.spec->containers) {
        for (size_t i = 0; i < container.ports.size(); ++i) {
          const ContainerPort& port = container.ports[i];
          if (port.port != target || port.hostPort == 0) continue;
          endpoint.fieldPath = "spec." + container.fieldPath + ".ports[" + std::to_string(i) + "]";
          // On the node's own loopback only the node itself gets there.
          const bool local = isLoopback(port.hostIP);
          const std::string ip =
              port.hostIP.empty() || port.hostIP == "0.0.0.0" ? pod.hostIP : port.hostIP;
          add(Via::kHostPort, local ? Reach::kNone : Reach::kPublished, ip, port.hostPort, endpoint);
        }
      }
    }
  }

  void clusterIP() {
    if (service_.clusterIP != "None") {
      add(Via::kClusterIP, Reach::kCluster, service_.clusterIP, port_.port, base_);
      return;
    }
    for (const Pod& pod : pods_) {
      add(Via::kClusterIP, Reach::kCluster, pod.podIP, podPortOf(port_, *pod.spec), base_);
    }
  }

  const Service& service_;
  const ReachInput& input_;
  const std::vector<Pod>& pods_;
  const ServicePort& port_;
  std::vector<Endpoint>* out_;
  Endpoint base_;
};

}  // namespace

bool isRouted(Via via) { return via == Via::kIngress || via == Via::kRoute; }

bool leadsToPort(const IngressPath& path, const ServicePort& port) {
  // A VirtualService need not name one, and an OpenShift Route names the pods'.
  if (path.port.empty()) return true;
  const int32_t number = numberOf(path.port);
  return number != 0 ? number == port.port : path.port == port.name;
}

std::vector<Pod> backingPods(const Service& service, const std::vector<Pod>& pods) {
  std::vector<Pod> backing;
  if (service.type == "ExternalName") return backing;
  const bool standIn = service.type == kStandIn;
  std::copy_if(pods.begin(), pods.end(), std::back_inserter(backing), [&](const Pod& pod) {
    return pod.spec && pod.meta.ns == service.meta.ns && !pod.meta.deleting &&
           pod.phase != "Succeeded" && pod.phase != "Failed" &&
           (standIn || selects(service.selector, pod.meta.labels));
  });
  return backing;
}

int32_t podPortOf(const ServicePort& port, const PodSpec& spec) {
  if (port.targetPort.empty()) return port.port;
  if (const int32_t number = numberOf(port.targetPort)) return number;
  for (const Container& container : spec.containers) {
    for (const ContainerPort& declared : container.ports) {
      if (declared.name == port.targetPort && declared.protocol == port.protocol) {
        return declared.port;
      }
    }
  }
  return 0;
}

std::vector<Endpoint> endpointsOf(const Service& service, const ReachInput& input) {
  std::vector<Endpoint> endpoints;
  if (service.type == "ExternalName") return endpoints;
  if (service.selector.empty() && service.type != kStandIn) return endpoints;
  const std::vector<Pod> pods = backingPods(service, input.pods);
  for (size_t i = 0; i < service.ports.size(); ++i) {
    if (service.ports[i].protocol != "TCP") continue;
    PortWays(service, input, pods, i, &endpoints).collect();
  }
  std::stable_sort(endpoints.begin(), endpoints.end(),
                   [](const Endpoint& a, const Endpoint& b) { return a.reach > b.reach; });
  return endpoints;
}

std::vector<IngressDoor> ingressDoors(const std::vector<Service>& services,
                                      const std::vector<Pod>& pods) {
  constexpr size_t kMostDoors = 6;
  std::vector<Pod> controllers;
  std::copy_if(pods.begin(), pods.end(), std::back_inserter(controllers), &isIngressController);
  std::vector<IngressDoor> doors;
  const auto offer = [&](const std::string& address, int32_t port, const std::string& name,
                         int32_t target) {
    // Other ports are the controller's own console, its metrics and its webhook.
    const auto is = [&](std::initializer_list<int32_t> numbers,
                        std::initializer_list<std::string_view> names) {
      return std::find(numbers.begin(), numbers.end(), target) != numbers.end() ||
             std::find(names.begin(), names.end(), name) != names.end();
    };
    const bool plain = is({80}, {"http", "web"});
    const bool tls = is({443}, {"https", "websecure"});
    if ((plain || tls) && isProbeableAddress(address) && doors.size() < kMostDoors) {
      doors.push_back({address, port, tls});
    }
  };
  for (const Service& service : services) {
    const auto backing = backingPods(service, controllers);
    if (backing.empty()) continue;
    for (const ServicePort& port : service.ports) {
      if (port.protocol != "TCP") continue;
      if (service.clusterIP != "None" && !service.clusterIP.empty()) {
        offer(service.clusterIP, port.port, port.name, port.port);
      }
    }
  }
  if (!doors.empty()) return doors;
  for (const Pod& pod : controllers) {
    for (const Container& container : pod.spec->containers) {
      for (const ContainerPort& port : container.ports) {
        const int32_t open = pod.spec->hostNetwork ? port.port : port.hostPort;
        if (open != 0 && port.protocol == "TCP") offer(pod.hostIP, open, port.name, open);
      }
    }
  }
  return doors;
}

Reach reachOf(const std::vector<Endpoint>& endpoints) {
  Reach reach = Reach::kNone;
  for (const Endpoint& endpoint : endpoints) reach = std::max(reach, endpoint.reach);
  return reach;
}

const char* toString(Reach reach) {
  constexpr std::array<const char*, 3> kNames = {"None", "Cluster", "Published"};
  return kNames.at(static_cast<size_t>(reach));
}

const char* toString(Via via) {
  constexpr std::array<const char*, 8> kNames = {"LoadBalancer", "NodePort",    "ExternalIP", "Ingress",
                                                 "HostPort",     "HostNetwork", "ClusterIP",  "Route"};
  return kNames.at(static_cast<size_t>(via));
}

}  // namespace firebreak::detect
