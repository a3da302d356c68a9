#include "detect/dashboards/scan_dashboards.h"

#include <string>

#include "detect/dashboards/candidates.h"
#include "detect/dashboards/detect_dashboards.h"
#include "detect/dashboards/manifest_routes.h"
#include "detect/dashboards/pod_barriers.h"
#include "detect/dashboards/policy_products.h"
#include "detect/dashboards/settings.h"
#include "detect/dashboards/workload_reach.h"
#include "detect/signatures/dashboards.h"

namespace firebreak::detect {
namespace {

// Whether this much is worth a finding: an ordinary manifest gets none.
bool isWorth(const OffRule& rule, Reach reach, const Workload& workload) {
  if (reach == Reach::kPublished) return true;
  // Data inside the cluster is what such tools are for; control there is a way to move on.
  if (rule.grants == Grants::kData) return false;
  if (reach == Reach::kCluster) return true;
  // Somebody switched it off: the Service may stand in another file. A custom resource's controller
  // adds Services and logins of its own, which no manifest shows.
  const bool builtIn = workload.apiVersion == "v1" || workload.apiVersion.starts_with("apps/") ||
                       workload.apiVersion.starts_with("batch/");
  return builtIn && !rule.byNature;
}

Finding findingFor(const Product& product, const OffJudgement& off, const WorkloadReach& reach,
                   const Workload& workload, const Container& container) {
  const OffRule& rule = *off.rule;
  Finding finding;
  finding.family = Family::kOpenDashboard;
  finding.rule = dashboardRule(product);
  finding.resource = {workload.apiVersion, workload.kind, workload.meta.ns, workload.meta.name,
                      workload.meta.uid};
  finding.container = container.name;
  const std::string path =
      off.fieldPath.empty() ? container.fieldPath + ".image" : off.fieldPath;
  finding.fieldPath = workload.specPath.empty() ? path : workload.specPath + "." + path;
  const bool published = reach.reach == Reach::kPublished;
  const bool certain = published && !reach.narrowed && rule.grants == Grants::kControl;
  finding.tier = certain ? Tier::kRemediate : Tier::kAlert;
  finding.severity = dashboardSeverity(rule.grants, reach.narrowed ? Reach::kCluster : reach.reach);
  if (reach.reach == Reach::kNone || (rule.byNature && !published)) finding.severity = Severity::kLow;
  finding.confidence = reach.reach == Reach::kNone ? 60 : rule.byNature ? 85 : 95;
  finding.message = product.name + " asks for no password: " + rule.why;
  finding.message += reach.reach == Reach::kNone
                         ? "; nothing in this input shows who reaches it"
                         : "; reached through " + reach.how +
                               (published ? (reach.narrowed ? ", by some addresses only"
                                                            : " from outside the cluster")
                                          : " from inside the cluster");
  finding.message += ". Whoever does can " + product.can;
  finding.evidence.push_back({"console-identified", 30,
                              "container " + container.name + " runs " + product.name});
  finding.evidence.push_back({"authentication-off", rule.byNature ? 30 : 45, rule.why});
  if (reach.reach != Reach::kNone) {
    finding.evidence.push_back({published ? "published" : "reached-in-cluster",
                                published ? 25 : 10, "reached through " + reach.how});
  }
  return finding;
}

// One container of the input that runs a console.
struct Console {
  const ScannedWorkload& scanned;
  const Container& container;
  const Product& product;
  ContainerConfig config;
};

// Each container with each product that it may be, until `visit` says that it was that.
template <typename Visit>
void eachConsole(const ScanInput& input, const std::vector<Product>& products, Visit visit) {
  for (const ScannedWorkload& scanned : input.workloads()) {
    const Workload& workload = scanned.workload;
    if (!workload.spec) continue;
    const auto configMap = [&](std::string_view name) {
      return input.configMap(workload.meta.ns, name, scanned.document->file);
    };
    for (const Container& container : workload.spec->containers) {
      if (container.role != Container::Role::kRegular) continue;
      const NamedProgram program(container);
      for (const Product& product : products) {
        if (!program.is(product)) continue;
        if (visit(Console{scanned, container, product, {container, *workload.spec, configMap}})) break;
      }
    }
  }
}

std::string pathOf(const Console& console, const std::string& path) {
  const std::string& base = console.scanned.workload.specPath;
  return base.empty() ? path : base + "." + path;
}

Undecided undecidedFor(const Console& console, const WorkloadReach& reach,
                       const std::string& hidden) {
  Undecided out;
  const Workload& workload = console.scanned.workload;
  out.resource = {workload.apiVersion, workload.kind, workload.meta.ns, workload.meta.name,
                  workload.meta.uid};
  out.product = console.product.id;
  out.fieldPath = pathOf(console, console.container.fieldPath + ".image");
  out.file = console.scanned.document->file;
  out.line = lineOf(*console.scanned.document, out.fieldPath);
  out.message = console.product.name + " is reached through " + reach.how +
                " from outside the cluster. Whether it asks for a password cannot be told without "
                "asking it: " +
                (hidden.empty() ? "its settings do not stand in manifests"
                                : hidden + " may be set where this input does not show it");
  return out;
}

}  // namespace

std::vector<Finding> scanDashboards(const ScanInput& input) {
  const ManifestRoutes routes = manifestRoutesOf(input);
  const PodBarriers barriers(input);
  std::vector<Finding> findings;
  eachConsole(input, dashboardProducts(), [&](const Console& console) {
    const auto off = authenticationOff(console.product, console.config);
    if (!off) return false;
    const Workload& workload = console.scanned.workload;
    const WorkloadReach reach =
        reachOfWorkload(routes, barriers, workload, console.container, console.product);
    if (reach.shut) return true;
    if (!isWorth(*off->rule, reach.reach, workload)) return false;
    findings.push_back(findingFor(console.product, *off, reach, workload, console.container));
    locate(*console.scanned.document, &findings.back());
    return true;  // one console per container
  });
  return findings;
}

std::vector<Undecided> undecidedDashboards(const ScanInput& input) {
  const ManifestRoutes routes = manifestRoutesOf(input);
  const PodBarriers barriers(input);
  std::vector<Undecided> out;
  const auto visit = [&](const Console& console) {
    const Product& product = console.product;
    if (authenticationOff(product, console.config)) return true;
    const bool unknown = product.off.empty() && !alwaysAsks(product) && !product.proofs.empty();
    const std::string hidden = hiddenSetting(product, console.config);
    if (!unknown && hidden.empty()) return false;
    const WorkloadReach reach = reachOfWorkload(routes, barriers, console.scanned.workload,
                                                console.container, product);
    if (reach.reach != Reach::kPublished || reach.shut) return false;
    out.push_back(undecidedFor(console, reach, hidden));
    return true;
  };
  eachConsole(input, dashboardProducts(), visit);
  const Json& own = member(input.policySpec(), {"dashboards", "products"});
  eachConsole(input, policyProducts(own), visit);
  return out;
}

}  // namespace firebreak::detect
