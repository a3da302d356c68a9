#include "detect/dashboards/ingress_controllers.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include "detect/dashboards/candidates.h"

namespace firebreak::detect {

bool isIngressController(const Pod& pod) {
  // Ends of the images' paths; each controller's own installation manifests.
  constexpr std::array<std::string_view, 14> kControllers = {
      "ingress-nginx/controller", "nginx-ingress-controller", "nginx/nginx-ingress", "nginx-ingress",
      "traefik", "haproxytech/kubernetes-ingress", "kubernetes-ingress", "haproxy-ingress", "kong",
      "kong-gateway", "apisix", "emissary", "skipper", "voyager-haproxy"};
  const auto isController = [&](const Container& container) {
    const std::string image = "/" + imageRepository(container.image);
    return std::any_of(kControllers.begin(), kControllers.end(), [&](std::string_view end) {
      return image.ends_with("/" + std::string(end));
    });
  };
  return pod.spec &&
         std::any_of(pod.spec->containers.begin(), pod.spec->containers.end(), isController);
}

}  // namespace firebreak::detect
