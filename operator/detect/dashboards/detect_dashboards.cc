#include "detect/dashboards/detect_dashboards.h"

#include <algorithm>
#include <map>
#include <utility>

#include "detect/dashboards/address.h"
#include "detect/dashboards/candidates.h"
#include "detect/dashboards/settings.h"

namespace firebreak::detect {
namespace {

// The probe says that it answers; where it cannot say what it grants, the pods' own settings may: that
// they give control, or that all of them leave only data.
Grants grantsOf(const ProbedPath& path, const std::vector<Pod>& pods) {
  Grants grants = path.grants;
  bool limited = false;
  bool unlimited = false;
  for (const Pod& pod : pods) {
    for (const Container& container : pod.spec->containers) {
      if (!runsProduct(*path.product, container)) continue;
      const auto off = authenticationOff(*path.product, ContainerConfig{container, *pod.spec, {}});
      const bool limits = off && off->rule->limits;
      (limits ? limited : unlimited) = true;
      if (off && off->rule->grants == Grants::kControl && !off->rule->byNature && !off->rule->asAccount) {
        grants = Grants::kControl;
      }
    }
  }
  return limited && !unlimited ? Grants::kData : grants;
}

bool actionable(const ProbedPath& path, Grants grants, Reach minReach) {
  return grants == Grants::kControl && path.endpoint.reach >= minReach && !path.endpoint.narrowed;
}

std::string pathText(const ProbedPath& path) {
  const Endpoint& endpoint = path.endpoint;
  return std::string(toString(endpoint.via)) + " " + path.scheme + "://" +
         (endpoint.host.empty() ? hostPort(endpoint.address, endpoint.port) : endpoint.host) +
         path.requestPath;
}

Finding findingFor(const DashboardObservation& observation,
                   const std::vector<const ProbedPath*>& paths) {
  const Product& product = *paths.front()->product;
  Finding finding;
  finding.family = Family::kOpenDashboard;
  finding.rule = dashboardRule(product);
  finding.confidence = 95;
  finding.resource = observation.target;
  // Of a workload's pods it is the field that publishes them; the Service's is found by the caller.
  finding.fieldPath = paths.front()->endpoint.fieldPath;
  Grants grants = Grants::kData;
  Reach reach = Reach::kNone;
  for (const ProbedPath* path : paths) {
    const Grants each = grantsOf(*path, observation.pods);
    grants = std::max(grants, each);
    reach = std::max(reach, path->endpoint.reach);
    if (actionable(*path, each, observation.minReach)) finding.tier = Tier::kRemediate;
    Evidence evidence;
    evidence.signal = std::string("answers-through-") +
                      (path->endpoint.reach == Reach::kPublished ? "published-path" : "cluster-path");
    evidence.weight = 95;
    evidence.detail = pathText(*path) + " answered as " + product.name + " without any credential";
    finding.evidence.push_back(std::move(evidence));
  }
  finding.severity = dashboardSeverity(grants, reach);
  finding.message = product.name + " answers without a password to everybody " +
                    (reach == Reach::kPublished ? "outside the cluster" : "inside the cluster") +
                    " who reaches " + describe(observation.target) + ": whoever asks can " + product.can;
  return finding;
}

}  // namespace

std::string dashboardRule(const Product& product) { return "open-" + product.id; }

Severity dashboardSeverity(Grants grants, Reach reach) {
  const bool published = reach == Reach::kPublished;
  if (grants == Grants::kControl) return published ? Severity::kCritical : Severity::kMedium;
  return published ? Severity::kMedium : Severity::kLow;
}

std::vector<Finding> detectDashboards(const DashboardObservation& observation) {
  std::map<std::pair<std::string, int32_t>, std::vector<const ProbedPath*>> open;
  for (const ProbedPath& path : observation.paths) {
    if (path.verdict != Verdict::kOpen || path.product == nullptr) continue;
    open[{path.product->id, path.endpoint.servicePort}].push_back(&path);
  }
  std::vector<Finding> findings;
  for (const auto& [key, paths] : open) {
    Finding finding = findingFor(observation, paths);
    const auto& ports = observation.service.ports;
    for (size_t i = 0; observation.target.kind == "Service" && i < ports.size(); ++i) {
      if (ports[i].port == key.second) finding.fieldPath = "spec.ports[" + std::to_string(i) + "]";
    }
    findings.push_back(std::move(finding));
  }
  return findings;
}

OpenConsole openConsoleOf(const DashboardObservation& observation) {
  OpenConsole console;
  for (const ProbedPath& path : observation.paths) {
    if (path.verdict != Verdict::kOpen || path.product == nullptr) continue;
    if (!actionable(path, grantsOf(path, observation.pods), observation.minReach)) continue;
    if (console.product == nullptr) console.product = path.product;
    const int32_t port = path.endpoint.servicePort;
    auto& ports = console.servicePorts;
    if (std::find(ports.begin(), ports.end(), port) == ports.end()) ports.push_back(port);
    console.openPaths.push_back(path);
  }
  return console;
}

}  // namespace firebreak::detect
