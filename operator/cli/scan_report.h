// The result of a scan and its four forms. Pure; safe from any thread. A secret's value is never in
// a Finding, and so never here.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "cli/loader.h"
#include "detect/dashboards/scan_dashboards.h"
#include "firebreak/finding.h"

namespace firebreak {

struct ScanReport {
  std::vector<Finding> findings;  // most severe first
  // Published consoles that only asking them would judge: no findings, and none for --fail-on.
  std::vector<detect::Undecided> undecided;
  std::vector<LoadError> errors;
  size_t filesScanned = 0;
  size_t documents = 0;
};

// Severity, then file, line, resource, rule.
void sortFindings(std::vector<Finding>* findings);
Json summaryOf(const ScanReport& report);

std::string reportAsJson(const ScanReport& report);
std::string reportAsTable(const ScanReport& report);
// SARIF 2.1.0, as code-scanning services read it.
std::string reportAsSarif(const ScanReport& report);
// One page without any reference to elsewhere.
std::string reportAsHtml(const ScanReport& report);

using ReportWriter = std::string (*)(const ScanReport&);
// Null where the form is not known.
ReportWriter reportWriter(std::string_view form);

}  // namespace firebreak
