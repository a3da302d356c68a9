#include "control/console_context.h"

namespace firebreak::control {
namespace {

const detect::Product* productNamed(const std::string& id,
                                    const std::vector<detect::Product>& products) {
  for (const detect::Product& product : products) {
    if (product.id == id) return &product;
  }
  return nullptr;
}

}  // namespace

Json toJson(const detect::OpenConsole& console) {
  if (console.product == nullptr) return Json::object();
  Json paths = Json::array();
  for (const detect::ProbedPath& path : console.openPaths) {
    paths.push_back({{"via", static_cast<int>(path.endpoint.via)},
                     {"scheme", path.scheme},
                     {"address", path.endpoint.address},
                     {"port", path.endpoint.port},
                     {"host", path.endpoint.host},
                     {"prefix", path.endpoint.path},
                     {"requestPath", path.requestPath}});
  }
  return {{"product", console.product->id},
          {"servicePorts", console.servicePorts},
          {"paths", paths}};
}

detect::OpenConsole consoleFromJson(const Json& json,
                                    const std::vector<detect::Product>& products) {
  detect::OpenConsole console;
  console.product = productNamed(stringOr(member(json, "product")), products);
  for (const Json& port : member(json, "servicePorts")) {
    console.servicePorts.push_back(static_cast<int32_t>(intOr(port, 0)));
  }
  for (const Json& json_path : member(json, "paths")) {
    detect::ProbedPath path;
    path.product = console.product;
    path.verdict = detect::Verdict::kOpen;
    path.scheme = stringOr(member(json_path, "scheme"), "http");
    path.requestPath = stringOr(member(json_path, "requestPath"));
    path.endpoint.via = static_cast<detect::Via>(intOr(member(json_path, "via"), 0));
    path.endpoint.address = stringOr(member(json_path, "address"));
    path.endpoint.port = static_cast<int32_t>(intOr(member(json_path, "port"), 0));
    path.endpoint.host = stringOr(member(json_path, "host"));
    path.endpoint.path = stringOr(member(json_path, "prefix"));
    console.openPaths.push_back(std::move(path));
  }
  return console;
}

}  // namespace firebreak::control
