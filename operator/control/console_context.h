// What is kept of an open console while it is being locked: which product, which Service ports, and the
// very requests that stood open, so that the same questions are asked again afterwards. Sealed in the
// journal's first before-image. Pure.
#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "detect/dashboards/detect_dashboards.h"

namespace firebreak::control {

Json toJson(const detect::OpenConsole& console);
// `product` is null where none of `products` is it (another version, a policy that was changed). All
// paths read as Open, which they were.
detect::OpenConsole consoleFromJson(const Json& json,
                                    const std::vector<detect::Product>& products);

}  // namespace firebreak::control
