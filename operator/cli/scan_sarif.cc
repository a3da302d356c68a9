// SARIF 2.1.0 (docs.oasis-open.org/sarif/sarif/v2.1.0): one run, one rule per kind of finding.
#include <map>
#include <set>

#include "base/digest.h"
#include "cli/scan_report.h"

namespace firebreak {
namespace {

constexpr std::string_view kSchema =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

std::string_view levelOf(Severity severity) {
  if (severity >= Severity::kHigh) return "error";
  return severity == Severity::kMedium ? "warning" : "note";
}

// The scale of CVSS, by which code-scanning services sort.
std::string_view securitySeverity(Severity severity) {
  switch (severity) {
    case Severity::kCritical:
      return "9.5";
    case Severity::kHigh:
      return "8.0";
    case Severity::kMedium:
      return "5.5";
    default:
      return "2.0";
  }
}

// RFC 3986: what may stand in a path stays, the rest is percent-encoded.
std::string asUri(std::string_view path) {
  static constexpr std::string_view kKept = "-._~/:@!$&'()*+,;=";
  std::string out;
  for (char c : path) {
    auto byte = static_cast<unsigned char>(c);
    bool kept = (byte < 0x80 && std::isalnum(byte) != 0) || kKept.find(c) != std::string_view::npos;
    out += kept ? std::string(1, c) : '%' + hexEncode(std::string(1, c));
  }
  while (out.starts_with("./")) out.erase(0, 2);
  return out;
}

Json locationOf(const std::string& file, int line) {
  Json physical = {{"artifactLocation", {{"uri", file == "-" ? "stdin" : asUri(file)}}}};
  if (line > 0) physical["region"] = {{"startLine", line}};
  return physical;
}

Json resultOf(const Finding& finding) {
  const ObjectRef& ref = finding.resource;
  std::string name = ref.kind + '/' + (ref.ns.empty() ? "" : ref.ns + '/') + ref.name;
  Json location = {
      {"physicalLocation", locationOf(finding.file, finding.line)},
      {"logicalLocations",
       {{{"fullyQualifiedName", name + ':' + finding.fieldPath}, {"kind", "object"}}}}};
  return {{"ruleId", finding.rule},
          {"level", levelOf(finding.severity)},
          {"message", {{"text", finding.message}}},
          {"locations", Json::array({std::move(location)})},
          {"partialFingerprints",
           {{"firebreak/v1", sha256Hex(name + '\n' + fingerprint({finding})).substr(0, 32)}}},
          {"properties",
           {{"tier", toString(finding.tier)},
            {"family", toString(finding.family)},
            {"severity", toString(finding.severity)},
            {"confidence", finding.confidence}}}};
}

}  // namespace

std::string reportAsSarif(const ScanReport& report) {
  struct Rule {
    Family family;
    Severity worst;
  };
  std::map<std::string, Rule> rules;
  Json results = Json::array();
  for (const Finding& finding : report.findings) {
    auto [rule, added] = rules.try_emplace(finding.rule, Rule{finding.family, finding.severity});
    if (!added) rule->second.worst = std::max(rule->second.worst, finding.severity);
    results.push_back(resultOf(finding));
  }
  Json ruleList = Json::array();
  for (const auto& [id, rule] : rules) {
    ruleList.push_back(
        {{"id", id},
         {"name", id},
         {"shortDescription", {{"text", std::string(toString(rule.family)) + ": " + id}}},
         {"properties",
          {{"security-severity", securitySeverity(rule.worst)},
           {"tags", Json::array({"security", "kubernetes", toString(rule.family)})}}}});
  }
  Json notifications = Json::array();
  for (const LoadError& error : report.errors) {
    Json location = {{"physicalLocation", locationOf(error.file, error.line)}};
    notifications.push_back({{"level", "error"},
                             {"message", {{"text", error.message}}},
                             {"locations", Json::array({std::move(location)})}});
  }
  for (const detect::Undecided& console : report.undecided) {
    Json location = {{"physicalLocation", locationOf(console.file, console.line)}};
    notifications.push_back({{"level", "note"},
                             {"message", {{"text", console.message}}},
                             {"locations", Json::array({std::move(location)})}});
  }
  Json run = {
      {"tool", {{"driver", {{"name", "Firebreak"}, {"rules", std::move(ruleList)}}}}},
      {"invocations", Json::array({{{"executionSuccessful", report.errors.empty()},
                                    {"toolExecutionNotifications", std::move(notifications)}}})},
      {"results", std::move(results)}};
  return dumpJsonPretty({{"$schema", kSchema},
                         {"version", "2.1.0"},
                         {"runs", Json::array({std::move(run)})}}) +
         "\n";
}

}  // namespace firebreak
