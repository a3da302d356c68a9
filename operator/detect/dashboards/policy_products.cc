#include "detect/dashboards/policy_products.h"

#include "detect/signatures/dashboards.h"

namespace firebreak::detect {
namespace {

// A neighbour of the path that no console has.
std::string madeUpPath(const std::string& path) {
  const std::string bare = path.substr(0, path.find('?'));
  return bare.substr(0, bare.rfind('/') + 1) + "firebreak-no-such";
}

}  // namespace

std::vector<Product> policyProducts(const Json& products) {
  std::vector<Product> all;
  if (!products.is_array()) return all;
  for (const Json& json : products) {
    Product product;
    product.id = stringOr(member(json, "name"));
    product.name = product.id;
    product.images = stringsOf(member(json, "images"));
    const Json& proof = member(json, "proof");
    const bool data = stringOr(member(json, "class")) == "Data";
    ProofRequest request;
    request.path = stringOr(member(proof, "path"));
    request.open.texts = stringsOf(member(proof, "bodyContains"));
    for (const std::string& key : stringsOf(member(proof, "jsonKeys"))) {
      request.open.keys.push_back("/" + escapePointerToken(key));
    }
    request.grants = data ? Grants::kData : Grants::kControl;
    request.controlPath = madeUpPath(request.path);
    const bool proves = !request.open.texts.empty() || !request.open.keys.empty();
    if (product.id.empty() || product.images.empty() || !request.path.starts_with('/') || !proves ||
        hasSideEffects(request.path)) {
      continue;
    }
    // The keys may also stand in the first element of a list.
    ProofRequest list = request;
    for (std::string& key : list.open.keys) key.insert(0, "/0");
    product.proofs.push_back(std::move(request));
    if (!list.open.keys.empty()) product.proofs.push_back(std::move(list));
    if (stringOr(member(json, "scheme")) == "HTTPS") product.schemes = {"https", "http"};
    const Json& ports = member(json, "ports");
    for (const Json& port : ports.is_array() ? ports : Json::array()) {
      product.ports.push_back(static_cast<int32_t>(intOr(port, 0)));
    }
    product.can = data ? "read what it shows" : "change what it controls";
    product.source = "SecurityPolicy";
    all.push_back(std::move(product));
  }
  return all;
}

}  // namespace firebreak::detect
