#include "cli/scan.h"

#include <CLI/CLI.hpp>
#include <iostream>
#include <optional>

#include "cli/cluster_connection.h"
#include "cli/cluster_documents.h"
#include "cli/loader.h"
#include "cli/scan_policy.h"
#include "cli/scan_report.h"
#include "detect/dashboards/scan_dashboards.h"
#include "detect/detectors.h"
#include "firebreak/clock.h"

namespace firebreak {
namespace {

constexpr int kClean = 0;
constexpr int kFound = 1;
constexpr int kBadInput = 2;

struct Options {
  std::vector<std::string> paths;
  bool cluster = false;
  std::string output = "table";
  std::string policy;
  Severity minSeverity = Severity::kLow;
  std::optional<Severity> failOn;
};

constexpr char kAbout[] =
    "Judges Kubernetes manifests, or with --cluster what runs: open consoles, exposed secrets,\n"
    "miners. PATH is a file, a folder (searched for *.yaml, *.yml, *.json) or - for standard "
    "input.\n"
    "--cluster only reads, never a Secret, and asks no console.";

// Parses into *options; the exit code where the command is over already.
std::optional<int> parseOptions(int argc, char** argv, CLI::App& app, Options* options,
                                std::ostream& out, std::ostream& err) {
  auto* paths = app.add_option("PATH", options->paths, "what to scan");
  app.add_flag("--cluster", options->cluster, "scan the live objects of a cluster instead")
      ->excludes(paths);
  app.add_option("-o,--output", options->output, "table, json, sarif or html")
      ->check([](const std::string& form) {
        return reportWriter(form) != nullptr ? std::string()
                                             : "unknown form " + form + ": table|json|sarif|html";
      })
      ->capture_default_str();
  app.add_option("--policy", options->policy,
                 "a SecurityPolicy whose signatures and exclusions apply");
  std::string minSeverity;
  std::string failOn;
  auto severity = [](const std::string& text) {
    Severity parsed{};
    return parseSeverity(text, &parsed) ? std::string()
                                        : "unknown severity " + text + ": Critical|High|Medium|Low";
  };
  app.add_option("--min-severity", minSeverity, "leave out what is below")->check(severity);
  app.add_option("--fail-on", failOn, "exit 1 where a finding has this severity or a higher one")
      ->check(severity);
  app.footer(
      "Exit: 0 nothing at or above --fail-on, 1 something, 2 bad usage or unreadable input.");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    int code = app.exit(error, out, err);
    return code == 0 ? kClean : kBadInput;
  }
  if (options->paths.empty() && !options->cluster) {
    err << "firebreak scan: nothing to scan: give a PATH, - or --cluster\n";
    return kBadInput;
  }
  parseSeverity(minSeverity, &options->minSeverity);
  Severity parsed{};
  if (parseSeverity(failOn, &parsed)) options->failOn = parsed;
  return std::nullopt;
}

void tell(const LoadError& what, std::ostream& err) {
  err << "firebreak scan: " << what.file;
  if (what.line > 0) err << ':' << what.line;
  err << ": " << what.message << '\n';
}

std::vector<Finding> runDetectors(const detect::ScanInput& input) {
  std::vector<Finding> findings;
  for (detect::ScanDetector detector : detect::scanDetectors()) {
    std::vector<Finding> found = detector(input);
    std::move(found.begin(), found.end(), std::back_inserter(findings));
  }
  // A detector may leave the place to us.
  for (Finding& finding : findings) {
    if (!finding.file.empty()) continue;
    for (const detect::Document& document : input.documents()) {
      if (document.ref == finding.resource) {
        detect::locate(document, &finding);
        break;
      }
    }
  }
  return findings;
}

}  // namespace

int runScan(int argc, char** argv) { return runScan(argc, argv, std::cin, std::cout, std::cerr); }

int runScan(int argc, char** argv, std::istream& in, std::ostream& out, std::ostream& err) {
  Options options;
  ClusterConnection access;
  CLI::App app(kAbout, "firebreak scan");
  access.addOptions(app);
  if (auto code = parseOptions(argc, argv, app, &options, out, err)) return *code;
  ScanPolicy policy;
  if (!options.policy.empty()) {
    auto read = readScanPolicy(options.policy);
    if (!read) {
      err << "firebreak scan: " << read.error().message << '\n';
      return kBadInput;
    }
    policy = std::move(*read);
  }
  if (options.cluster && !access.connect(app)) return kBadInput;
  Loaded loaded =
      options.cluster ? loadCluster(access.client()) : loadPaths(options.paths, in);
  for (const LoadError& note : loaded.notes) tell(note, err);
  for (const LoadError& error : loaded.errors) tell(error, err);

  ScanReport report;
  report.errors = std::move(loaded.errors);
  report.filesScanned = loaded.filesScanned;
  report.documents = loaded.documents.size();
  detect::ScanInput input(std::move(loaded.documents), policy.spec);
  WallTime now = systemClock().wall();
  if (options.policy.empty() || policy.policy.modeOf(Family::kOpenDashboard) != Mode::kDisabled) {
    report.undecided = detect::undecidedDashboards(input);
  }
  for (Finding& finding : runDetectors(input)) {
    bool leftOut = !options.policy.empty() && isLeftOut(finding, policy.policy, input, now);
    if (!leftOut && finding.severity >= options.minSeverity) {
      report.findings.push_back(std::move(finding));
    }
  }
  sortFindings(&report.findings);
  out << reportWriter(options.output)(report) << std::flush;

  if (!report.errors.empty() || !out) return kBadInput;
  bool fails = options.failOn && !report.findings.empty() &&
               report.findings.front().severity >= *options.failOn;
  return fails ? kFound : kClean;
}

}  // namespace firebreak
