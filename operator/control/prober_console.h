// Asks all ways to one Service's console: which products are worth asking for, through which endpoints,
// in which scheme; and asks the open ones again to see whether they are shut. Blocking: call it on a
// worker (Prober::submit), never on the I/O thread. Safe from any thread.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "control/prober.h"
#include "detect/dashboards/console_shut.h"
#include "detect/dashboards/detect_dashboards.h"

namespace firebreak::control {

struct ConsoleQuestion {
  Service service;
  std::vector<Pod> pods;                    // of the Service's namespace
  std::vector<Node> nodes;
  std::vector<Ingress> ingresses;           // of the Service's namespace
  std::vector<detect::IngressDoor> doors{};   // where the ingress controllers listen
  // Kept alive and unchanged by the caller as long as the answers are used; usually
  // detect::dashboardProducts().
  const std::vector<detect::Product>* products = nullptr;
  std::chrono::milliseconds timeout{3000};
};

// The cluster's own addresses in this question: nodes, pods, cluster and load balancer IPs, and the
// ingress controller's. Nothing else is ever asked.
Prober::Addresses clusterAddresses(const ConsoleQuestion& question);

// One entry for each way that was asked; ways that cannot be asked are left out. At most two nodes
// are asked for one node port. Nothing at all where no product is worth asking for.
std::vector<detect::ProbedPath> probeConsole(Prober& prober, const ConsoleQuestion& question);

// The same ways again, which stood open before: what Proof::kConsoleShut rests on.
std::vector<detect::ReaskedPath> reaskConsole(Prober& prober,
                                              const std::vector<detect::ProbedPath>& open,
                                              const Prober::Addresses& allowed,
                                              std::chrono::milliseconds timeout);

}  // namespace firebreak::control
