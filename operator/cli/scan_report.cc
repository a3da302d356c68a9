#include "cli/scan_report.h"

#include <algorithm>
#include <array>
#include <tuple>

namespace firebreak {
namespace {

struct Form {
  std::string_view name;
  ReportWriter writer;
};

constexpr std::array<Form, 4> kForms = {{{"table", reportAsTable},
                                         {"json", reportAsJson},
                                         {"sarif", reportAsSarif},
                                         {"html", reportAsHtml}}};

Json asJson(const ObjectRef& ref) {
  return {{"apiVersion", ref.apiVersion}, {"kind", ref.kind}, {"namespace", ref.ns}, {"name", ref.name}};
}

Json asJson(const Finding& finding) {
  Json evidence = Json::array();
  for (const Evidence& e : finding.evidence) {
    evidence.push_back({{"signal", e.signal}, {"weight", e.weight}, {"detail", e.detail}});
  }
  return {{"family", toString(finding.family)},
          {"rule", finding.rule},
          {"severity", toString(finding.severity)},
          {"confidence", finding.confidence},
          {"tier", toString(finding.tier)},
          {"resource", asJson(finding.resource)},
          {"file", finding.file},
          {"line", finding.line},
          {"fieldPath", finding.fieldPath},
          {"message", finding.message},
          {"evidence", std::move(evidence)}};
}

Json asJson(const detect::Undecided& console) {
  return {{"product", console.product},
          {"resource", asJson(console.resource)},
          {"file", console.file},
          {"line", console.line},
          {"fieldPath", console.fieldPath},
          {"message", console.message}};
}

std::string pad(std::string text, size_t width) {
  if (text.size() < width) text.append(width - text.size(), ' ');
  return text;
}

// Control characters of a manifest would steer the reader's terminal.
std::string printable(std::string_view text) {
  std::string out;
  for (char c : text) {
    auto byte = static_cast<unsigned char>(c);
    out += byte < 0x20 || byte == 0x7f ? '?' : c;
  }
  return out;
}

}  // namespace

void sortFindings(std::vector<Finding>* findings) {
  std::stable_sort(findings->begin(), findings->end(), [](const Finding& a, const Finding& b) {
    if (a.severity != b.severity) return a.severity > b.severity;
    return std::tie(a.file, a.line, a.resource, a.rule, a.fieldPath) <
           std::tie(b.file, b.line, b.resource, b.rule, b.fieldPath);
  });
}

Json summaryOf(const ScanReport& report) {
  Json families = {{"OpenDashboard", 0}, {"ExposedSecret", 0}, {"Miner", 0}};
  Json severities = {{"Critical", 0}, {"High", 0}, {"Medium", 0}, {"Low", 0}};
  Json tiers = {{"Remediate", 0}, {"Alert", 0}};
  auto count = [](Json& counts, std::string_view key) {
    Json& value = counts[std::string(key)];
    value = intOr(value, 0) + 1;
  };
  for (const Finding& finding : report.findings) {
    count(families, toString(finding.family));
    count(severities, toString(finding.severity));
    count(tiers, toString(finding.tier));
  }
  return {{"findings", report.findings.size()},  {"byFamily", std::move(families)},
          {"bySeverity", std::move(severities)}, {"byTier", std::move(tiers)},
          {"filesScanned", report.filesScanned}, {"documents", report.documents},
          {"undecided", report.undecided.size()}, {"errors", report.errors.size()}};
}

std::string reportAsJson(const ScanReport& report) {
  Json findings = Json::array();
  for (const Finding& finding : report.findings) findings.push_back(asJson(finding));
  Json undecided = Json::array();
  for (const detect::Undecided& console : report.undecided) undecided.push_back(asJson(console));
  Json errors = Json::array();
  for (const LoadError& error : report.errors) {
    errors.push_back({{"file", error.file}, {"line", error.line}, {"message", error.message}});
  }
  return dumpJsonPretty({{"findings", std::move(findings)},
                         {"summary", summaryOf(report)},
                         {"undecided", std::move(undecided)},
                         {"errors", std::move(errors)}}) +
         "\n";
}

std::string reportAsTable(const ScanReport& report) {
  std::vector<std::array<std::string, 5>> rows = {
      {"SEVERITY", "TIER", "RULE", "RESOURCE", "WHERE"}};
  for (const Finding& finding : report.findings) {
    std::string where = finding.file;
    if (finding.line > 0) where += ':' + std::to_string(finding.line);
    rows.push_back({std::string(toString(finding.severity)), std::string(toString(finding.tier)),
                    printable(finding.rule), printable(describe(finding.resource)),
                    printable(where)});
  }
  std::array<size_t, 5> widths{};
  for (const auto& row : rows) {
    for (size_t i = 0; i < row.size(); ++i) widths.at(i) = std::max(widths.at(i), row.at(i).size());
  }
  std::string out;
  for (size_t r = 0; r < rows.size() && rows.size() > 1; ++r) {
    for (size_t i = 0; i < rows[r].size(); ++i) {
      bool last = i + 1 == rows[r].size();
      out += last ? rows[r].at(i) : pad(rows[r].at(i), widths.at(i) + 2);
    }
    out += '\n';
    if (r == 0) continue;
    const Finding& finding = report.findings[r - 1];
    out += "  " + printable(finding.message) + "\n";
    if (!finding.fieldPath.empty()) out += "  at " + printable(finding.fieldPath) + "\n";
  }
  for (const detect::Undecided& console : report.undecided) {
    out += "? " + printable(describe(console.resource)) + ": " + printable(console.message) + "\n";
  }
  Json summary = summaryOf(report);
  auto number = [&](const char* group, const char* key) {
    return std::to_string(intOr(member(summary, {group, key}), 0));
  };
  if (!out.empty()) out += '\n';
  out += std::to_string(report.findings.size()) + " findings (" + number("byTier", "Remediate") +
         " to remediate, " + number("byTier", "Alert") + " to look at) in " +
         std::to_string(report.documents) + " documents of " + std::to_string(report.filesScanned) +
         " files";
  if (!report.errors.empty()) out += "; " + std::to_string(report.errors.size()) + " unreadable";
  return out + "\n";
}

ReportWriter reportWriter(std::string_view form) {
  for (const Form& known : kForms) {
    if (known.name == form) return known.writer;
  }
  return nullptr;
}

}  // namespace firebreak
