// Who names a Secret without having it in a container: ServiceAccounts, Ingresses and Gateways, told with
// the plan so that nobody is forgotten, and volumes that a driver opens with it, whose pods are its users
// like any other. Pure; needs no value of any Secret. Safe from any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "remediate/rotate/consumers.h"

namespace firebreak::rotate {

// `objects` with apiVersion and kind, of this namespace or (Gateways) of any. None is to be restarted.
std::vector<Consumer> referencesTo(std::string_view secret, std::string_view ns,
                                   const std::vector<Json>& objects);

// The Secrets with which drivers open this workload's volumes, read when the volume is mounted.
std::vector<std::string> driverSecretsOf(const Json& workload);

}  // namespace firebreak::rotate
