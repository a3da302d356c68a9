// Open dashboards of a live cluster: from what was observed and asked, the findings. Pure; the asking
// is control/prober's.
#pragma once

#include <string>
#include <vector>

#include "detect/dashboards/judge.h"
#include "detect/dashboards/reach.h"
#include "firebreak/finding.h"

namespace firebreak::detect {

// What one way to the console answered.
struct ProbedPath {
  Endpoint endpoint;
  const Product* product = nullptr;  // never null where the verdict is Open or Locked
  Verdict verdict = Verdict::kUnknown;
  // Unknown because all that came was a redirect within the host, which a second look will not change.
  bool redirected = false;
  Grants grants = Grants::kControl;  // of the proof that was fulfilled
  std::string scheme = "http";
  std::string requestPath;  // what was asked, with the prefix of `endpoint`
};

struct DashboardObservation {
  Service service;
  std::vector<Pod> pods;  // backing pods
  // What publishes the console: the Service, or the workload whose pods publish themselves.
  ObjectRef target;
  std::vector<ProbedPath> paths;
  // SecurityPolicy's minReach: what a console must be reachable from to be acted on.
  Reach minReach = Reach::kPublished;
};

// One finding per product and Service port that answered open. Remediate: a control console whose own
// answer came, unauthenticated, through a path of at least `minReach`, not narrowed to some callers.
// `resource` is the target.
std::vector<Finding> detectDashboards(const DashboardObservation& observation);

// What a Remediation of this Service is for and what its planner needs.
struct OpenConsole {
  const Product* product = nullptr;
  std::vector<int32_t> servicePorts;
  std::vector<ProbedPath> openPaths;
};
OpenConsole openConsoleOf(const DashboardObservation& observation);

// "OpenDashboard" of this product: the finding's rule, e.g. "open-kube-web-view".
std::string dashboardRule(const Product& product);

// Severity by what the console grants and from where it is reached.
Severity dashboardSeverity(Grants grants, Reach reach);

}  // namespace firebreak::detect
