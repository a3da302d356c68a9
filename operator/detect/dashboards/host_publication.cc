#include "detect/dashboards/host_publication.h"

#include <algorithm>
#include <set>

#include "detect/dashboards/candidates.h"
#include "detect/dashboards/reach.h"

namespace firebreak::detect {
namespace {

std::set<int32_t> publishedPorts(const PodSpec& spec, const std::vector<Product>& products) {
  std::set<int32_t> ports;
  bool declared = false;
  for (const Container& container : spec.containers) {
    for (const ContainerPort& port : container.ports) {
      if (port.protocol != "TCP") continue;
      declared = true;
      if (spec.hostNetwork || port.hostPort != 0) ports.insert(port.port);
    }
  }
  if (declared || !spec.hostNetwork) return ports;
  for (const Container& container : spec.containers) {
    if (container.role != Container::Role::kRegular) continue;
    const NamedProgram program(container);
    for (const Product& product : products) {
      if (program.is(product)) ports.insert(product.ports.begin(), product.ports.end());
    }
  }
  return ports;
}

}  // namespace

bool publishesItself(const Pod& pod) {
  if (!pod.spec || pod.mirror) return false;
  if (pod.spec->hostNetwork) return true;
  return std::any_of(
      pod.spec->containers.begin(), pod.spec->containers.end(), [](const Container& container) {
        return std::any_of(
            container.ports.begin(), container.ports.end(),
            [](const ContainerPort& port) { return port.hostPort != 0 && port.protocol == "TCP"; });
      });
}

Service standInFor(const ObjectRef& target, const StringMap& selector, const std::vector<Pod>& pods,
                   const std::vector<Service>& services, const std::vector<Product>& products) {
  Service standIn;
  standIn.type = kStandIn;
  standIn.meta.ns = target.ns;
  standIn.meta.name = target.name;
  standIn.meta.uid = target.uid;
  standIn.selector = selector;
  std::set<int32_t> ports;
  for (const Pod& pod : pods) {
    if (!publishesItself(pod)) continue;
    const auto published = publishedPorts(*pod.spec, products);
    ports.insert(published.begin(), published.end());
  }
  for (const Service& service : services) {
    for (const Pod& pod : backingPods(service, pods)) {
      for (const ServicePort& port : service.ports) {
        if (port.protocol == "TCP") ports.erase(podPortOf(port, *pod.spec));
      }
    }
  }
  for (const int32_t number : ports) {
    ServicePort port;
    port.port = number;
    port.targetPort = std::to_string(number);
    standIn.ports.push_back(std::move(port));
  }
  return standIn;
}

}  // namespace firebreak::detect
