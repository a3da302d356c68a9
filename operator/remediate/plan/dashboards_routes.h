// Taking a console's backend out of what routes requests to it: one field for each rule, and no rule
// disappears. Ingresses point to a Service that does not exist, a rule of an HTTPRoute loses the backend;
// of other APIs' objects a person gets the line that does it. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "firebreak/observed.h"
#include "firebreak/plan.h"

namespace firebreak {

// The absent Service that detached routes point to.
inline constexpr const char* kAbsentService = "firebreak-locked";

struct RoutedConsole {
  const Service& service;
  const std::vector<int32_t>& ports;  // the Service's, behind which the console answered

  bool isConsolePort(int64_t port) const;
};

// Nothing where it does not lead to the console.
std::optional<Step> detachIngress(const Json& ingress, const RoutedConsole& console);
std::optional<Step> detachHttpRoute(const Json& route, const RoutedConsole& console);

// "VirtualService shop/front leads to it: kubectl ...", one for each rule that does; for the kinds that
// Firebreak does not write.
std::vector<std::string> detachByHand(const Ingress& route, const RoutedConsole& console);

}  // namespace firebreak
