// The built-in consoles, one list over all families of products. Facts only: each entry names where
// they come from. Read by detect/dashboards; immutable, safe from any thread.
#pragma once

#include <string_view>
#include <vector>

#include "detect/dashboards/product.h"

namespace firebreak::detect {

const std::vector<Product>& dashboardProducts();

// The parts of the list, one per file.
std::vector<Product> kubernetesConsoles();     // whole-cluster consoles
std::vector<Product> deliveryConsoles();       // deployment, workflows, traffic
std::vector<Product> notebookConsoles();       // notebooks, editors, data processing
std::vector<Product> observabilityConsoles();  // metrics, traces, meshes
std::vector<Product> databaseConsoles();       // databases, queues, registries
std::vector<Product> jobConsoles();            // job queues, pipelines, data platforms
std::vector<Product> terminalConsoles();       // terminals, editors, files, model servers
std::vector<Product> infrastructureConsoles();  // gateways, stores, smaller cluster consoles
std::vector<Product> metricsConsoles();  // costs, flows, traces, nodes
std::vector<Product> platformConsoles();  // registries of services, schedulers, gateways to data
std::vector<Product> serverConsoles();  // what balancers, supervisors and crawlers carry themselves
std::vector<Product> viewerConsoles();          // judged by their settings alone

// No setting switches this product's login off.
bool alwaysAsks(const Product& product);

// A GET path with side effects, which nobody may ask for: of any product, also below a prefix.
bool hasSideEffects(std::string_view path);

}  // namespace firebreak::detect
