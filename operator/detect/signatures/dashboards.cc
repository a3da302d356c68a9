#include "detect/signatures/dashboards.h"

#include <algorithm>
#include <iterator>
#include <string>

namespace firebreak::detect {

const std::vector<Product>& dashboardProducts() {
  static const std::vector<Product> kProducts = [] {
    std::vector<Product> all;
    for (auto part : {kubernetesConsoles, deliveryConsoles, notebookConsoles,
                      observabilityConsoles, databaseConsoles, jobConsoles,
                       terminalConsoles, infrastructureConsoles, metricsConsoles,
                       platformConsoles, serverConsoles, viewerConsoles}) {
      std::vector<Product> some = part();
      std::move(some.begin(), some.end(), std::back_inserter(all));
    }
    return all;
  }();
  return kProducts;
}

bool alwaysAsks(const Product& product) {
  return product.id == "adminer" || product.id == "rabbitmq" || product.id == "minio";
}

bool hasSideEffects(std::string_view path) {
  static const std::vector<std::string> kPaths = [] {
    std::vector<std::string> paths = {
        "/cockpit/login",  // opens a session
        "/sso",            // redis-commander hands out a bearer token
    };
    for (const Product& product : dashboardProducts()) {
      paths.insert(paths.end(), product.neverGet.begin(), product.neverGet.end());
    }
    return paths;
  }();
  std::string_view bare = path.substr(0, path.find('?'));
  while (bare.ends_with('/')) bare.remove_suffix(1);
  return std::any_of(kPaths.begin(), kPaths.end(),
                     [&](const std::string& each) { return bare.ends_with(each); });
}

}  // namespace firebreak::detect
