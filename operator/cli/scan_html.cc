// One self-contained page: no script, no font, no picture from elsewhere, every text escaped.
#include "cli/scan_report.h"

namespace firebreak {
namespace {

constexpr std::string_view kHead = R"(<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Firebreak scan</title>
<style>
:root { color-scheme: light dark; --line: #8884; --Critical: #b3131b; --High: #b8510b;
  --Medium: #8a6d00; --Low: #3b6ea5; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 72rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.4rem; margin-bottom: .2rem; }
.sum { color: GrayText; margin-top: 0; }
.f { border: 1px solid var(--line); border-left: .4rem solid var(--c); border-radius: .4rem;
  padding: .6rem 1rem; margin: .8rem 0; }
.f h2 { font-size: 1.05rem; margin: 0 0 .2rem; overflow-wrap: anywhere; }
.tag { color: #fff; background: var(--c); border-radius: .3rem; padding: 0 .45rem; font-size: .8rem; }
.where, code { font: 13px/1.4 ui-monospace, monospace; overflow-wrap: anywhere; }
table { border-collapse: collapse; margin-top: .4rem; }
td, th { text-align: left; padding: .1rem .9rem .1rem 0; vertical-align: top; font-size: .9rem; }
td { overflow-wrap: anywhere; }
.err { border-left-color: #777; }
</style></head><body>
)";

std::string escaped(std::string_view text) {
  std::string out;
  for (char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += static_cast<unsigned char>(c) < 0x20 && c != '\n' ? ' ' : c;
    }
  }
  return out;
}

std::string placeOf(const std::string& file, int line) {
  return escaped(file) + (line > 0 ? ':' + std::to_string(line) : "");
}

std::string section(const Finding& finding) {
  std::string severity(toString(finding.severity));
  std::string out = "<section class=\"f\" style=\"--c:var(--" + severity +
                    ")\">\n<h2><span class=\"tag\">" + severity + "</span> " +
                    escaped(describe(finding.resource)) + "</h2>\n<p>" + escaped(finding.message) +
                    "</p>\n<p class=\"where\">" + placeOf(finding.file, finding.line) +
                    " &middot; " + escaped(finding.fieldPath) + "</p>\n<p>" +
                    escaped(toString(finding.family)) + " &middot; " + escaped(finding.rule) +
                    " &middot; tier " + std::string(toString(finding.tier)) +
                    " &middot; confidence " + std::to_string(finding.confidence) + "</p>\n";
  if (!finding.evidence.empty()) {
    out += "<table><tr><th>Signal</th><th>Weight</th><th>What was seen</th></tr>\n";
    for (const Evidence& e : finding.evidence) {
      out += "<tr><td><code>" + escaped(e.signal) + "</code></td><td>" + std::to_string(e.weight) +
             "</td><td>" + escaped(e.detail) + "</td></tr>\n";
    }
    out += "</table>\n";
  }
  return out + "</section>\n";
}

}  // namespace

std::string reportAsHtml(const ScanReport& report) {
  Json summary = summaryOf(report);
  std::string out(kHead);
  out += "<h1>Firebreak scan</h1>\n<p class=\"sum\">" + std::to_string(report.findings.size()) +
         " findings, " + std::to_string(intOr(member(summary, {"byTier", "Remediate"}), 0)) +
         " of tier Remediate, in " + std::to_string(report.documents) + " documents of " +
         std::to_string(report.filesScanned) + " files.</p>\n";
  for (const Finding& finding : report.findings) out += section(finding);
  if (report.findings.empty()) out += "<p>Nothing was found.</p>\n";
  if (!report.errors.empty()) {
    out += "<h1>Not readable</h1>\n";
    for (const LoadError& error : report.errors) {
      out += "<section class=\"f err\"><p class=\"where\">" + placeOf(error.file, error.line) +
             "</p><p>" + escaped(error.message) + "</p></section>\n";
    }
  }
  out += "</body></html>\n";
  // Manifests may hold bytes that are no UTF-8; the page says that it is.
  Json text = out;
  Json clean = Json::parse(dumpJson(text), nullptr, /*allow_exceptions=*/false);
  return clean.is_string() ? clean.get<std::string>() : out;
}

}  // namespace firebreak
