// Consoles that a SecurityPolicy adds (spec.dashboards.products), in the form of the built-in ones. Pure.
#pragma once

#include <vector>

#include "base/json.h"
#include "detect/dashboards/product.h"

namespace firebreak::detect {

// `products` as written; entries without name, image or proof are left out (the API server refuses
// them, a file may hold anything).
std::vector<Product> policyProducts(const Json& products);

}  // namespace firebreak::detect
