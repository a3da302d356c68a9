#include "cli/html_page.h"
#include "cli/scan_report.h"

namespace firebreak {
namespace {

std::string placeOf(const std::string& file, int line) {
  return escapeHtml(file) + (line > 0 ? ':' + std::to_string(line) : "");
}

std::string section(const Finding& finding) {
  std::string severity(toString(finding.severity));
  std::string out = "<section class=\"f\" style=\"--c:var(--" + severity +
                    ")\">\n<h2><span class=\"tag\">" + severity + "</span> " +
                    escapeHtml(describe(finding.resource)) + "</h2>\n<p>" + escapeHtml(finding.message) +
                    "</p>\n<p class=\"where\">" + placeOf(finding.file, finding.line) +
                    " &middot; " + escapeHtml(finding.fieldPath) + "</p>\n<p>" +
                    escapeHtml(toString(finding.family)) + " &middot; " + escapeHtml(finding.rule) +
                    " &middot; tier " + std::string(toString(finding.tier)) +
                    " &middot; confidence " + std::to_string(finding.confidence) + "</p>\n";
  if (!finding.evidence.empty()) {
    out += "<table><tr><th>Signal</th><th>Weight</th><th>What was seen</th></tr>\n";
    for (const Evidence& e : finding.evidence) {
      out += "<tr><td><code>" + escapeHtml(e.signal) + "</code></td><td>" + std::to_string(e.weight) +
             "</td><td>" + escapeHtml(e.detail) + "</td></tr>\n";
    }
    out += "</table>\n";
  }
  return out + "</section>\n";
}

}  // namespace

std::string reportAsHtml(const ScanReport& report) {
  Json summary = summaryOf(report);
  std::string out;
  out += "<h1>Firebreak scan</h1>\n<p class=\"sum\">" + std::to_string(report.findings.size()) +
         " findings, " + std::to_string(intOr(member(summary, {"byTier", "Remediate"}), 0)) +
         " of tier Remediate, in " + std::to_string(report.documents) + " documents of " +
         std::to_string(report.filesScanned) + " files.</p>\n";
  for (const Finding& finding : report.findings) out += section(finding);
  if (report.findings.empty()) out += "<p>Nothing was found.</p>\n";
  if (!report.undecided.empty()) {
    out += "<h1>Cannot be told without asking</h1>\n";
    for (const detect::Undecided& console : report.undecided) {
      out += "<section class=\"f\"><p class=\"where\">" + placeOf(console.file, console.line) +
             "</p><p>" + escapeHtml(console.message) + "</p></section>\n";
    }
  }
  if (!report.errors.empty()) {
    out += "<h1>Not readable</h1>\n";
    for (const LoadError& error : report.errors) {
      out += "<section class=\"f err\"><p class=\"where\">" + placeOf(error.file, error.line) +
             "</p><p>" + escapeHtml(error.message) + "</p></section>\n";
    }
  }
  return htmlPage("Firebreak scan", out);
}

}  // namespace firebreak
