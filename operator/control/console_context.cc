#include "control/console_context.h"

#include "detect/signatures/dashboards.h"

namespace firebreak::control {
namespace {

// The control path that belongs to the proof behind this request path, with the same route prefix.
std::string controlPathFor(const detect::Product& product, const std::string& requestPath) {
  for (const detect::ProofRequest& proof : product.proofs) {
    if (requestPath.size() < proof.path.size()) continue;
    size_t prefix = requestPath.size() - proof.path.size();
    if (requestPath.compare(prefix, proof.path.size(), proof.path) == 0) {
      return requestPath.substr(0, prefix) + proof.controlPath;
    }
  }
  return product.proofs.empty() ? "/" : product.proofs.front().controlPath;
}

}  // namespace

const detect::Product* productNamed(const std::string& id) {
  for (const detect::Product& product : detect::dashboardProducts()) {
    if (product.id == id) return &product;
  }
  return nullptr;
}

ConsoleContext contextOf(const detect::OpenConsole& console) {
  ConsoleContext context;
  if (console.product == nullptr) return context;
  context.product = console.product->id;
  context.servicePorts = console.servicePorts;
  for (const detect::ProbedPath& path : console.openPaths) {
    context.paths.push_back({path.endpoint.via, path.scheme, path.endpoint.address,
                             path.endpoint.port, path.endpoint.host, path.requestPath,
                             controlPathFor(*console.product, path.requestPath)});
  }
  return context;
}

Json toJson(const ConsoleContext& context) {
  Json paths = Json::array();
  for (const OpenPath& path : context.paths) {
    paths.push_back({{"via", static_cast<int>(path.via)},
                     {"scheme", path.scheme},
                     {"address", path.address},
                     {"port", path.port},
                     {"host", path.host},
                     {"path", path.path},
                     {"controlPath", path.controlPath}});
  }
  return {{"product", context.product}, {"servicePorts", context.servicePorts}, {"paths", paths}};
}

ConsoleContext consoleContextFromJson(const Json& json) {
  ConsoleContext context;
  context.product = stringOr(member(json, "product"));
  for (const Json& port : member(json, "servicePorts")) {
    context.servicePorts.push_back(static_cast<int32_t>(intOr(port, 0)));
  }
  for (const Json& path : member(json, "paths")) {
    OpenPath open;
    open.via = static_cast<detect::Via>(intOr(member(path, "via"), 0));
    open.scheme = stringOr(member(path, "scheme"), "http");
    open.address = stringOr(member(path, "address"));
    open.port = static_cast<int32_t>(intOr(member(path, "port"), 0));
    open.host = stringOr(member(path, "host"));
    open.path = stringOr(member(path, "path"));
    open.controlPath = stringOr(member(path, "controlPath"));
    context.paths.push_back(std::move(open));
  }
  return context;
}

}  // namespace firebreak::control
