#include "cli/report.h"

#include <algorithm>
#include <iostream>
#include <map>

#include "api/remediation_json.h"
#include "base/time_format.h"
#include "cli/cluster_connection.h"
#include "cli/html_page.h"

namespace firebreak {
namespace {

// The colour of the card's edge: what a person has to look at stands out.
std::string_view colourOf(const RemediationStatus& status) {
  switch (status.phase) {
    case Phase::kFailed:
      return "Critical";
    case Phase::kBlocked:
    case Phase::kAwaitingApproval:
      return "High";
    case Phase::kAudited:
    case Phase::kRejected:
      return "Medium";
    default:
      return "Low";
  }
}

std::string stateOf(const RemediationStatus& status) {
  std::string state(toString(status.phase));
  if (state.empty()) state = "New";
  if (status.outcome != Outcome::kNone) state += " / " + std::string(toString(status.outcome));
  return state;
}

std::string row(std::string_view first, std::string_view second, std::string_view third) {
  return "<tr><td>" + escapeHtml(first) + "</td><td>" + escapeHtml(second) + "</td><td>" +
         escapeHtml(third) + "</td></tr>\n";
}

std::string stepsOf(const RemediationStatus& status) {
  if (status.plan.empty() && status.steps.empty()) return "";
  std::string out = "<table><tr><th>Step</th><th>On</th><th>State</th></tr>\n";
  std::map<std::string, const StepRecord*> records;
  for (const StepRecord& record : status.steps) records[record.name] = &record;
  for (const PlannedStep& step : status.plan) {
    auto record = records.find(step.name);
    std::string state = "not begun";
    if (record != records.end()) {
      state = std::string(toString(record->second->state));
      if (record->second->time != WallTime{}) state += " " + formatTime(record->second->time);
      if (!record->second->message.empty()) state += ": " + record->second->message;
      records.erase(record);
    }
    out += row(step.name + " (" + step.action + ", " + step.reversal + ")", describe(step.object),
               state);
  }
  // Done under an earlier plan.
  for (const auto& [name, record] : records) {
    out += row(name, "", std::string(toString(record->state)) + " " + record->message);
  }
  return out + "</table>\n";
}

std::string cardOf(const Remediation& remediation) {
  const RemediationStatus& status = remediation.status;
  std::string out = "<section class=\"f\" style=\"--c:var(--" + std::string(colourOf(status)) +
                    ")\">\n<h2><span class=\"tag\">" + escapeHtml(stateOf(status)) + "</span> " +
                    escapeHtml(toString(remediation.family)) + ": " +
                    escapeHtml(describe(remediation.target)) + "</h2>\n<p>" +
                    escapeHtml(status.message) + "</p>\n<p class=\"where\">" +
                    escapeHtml(remediation.name) + " &middot; found " +
                    escapeHtml(formatTime(remediation.created));
  if (status.containedAt) {
    out += " &middot; contained " + escapeHtml(formatTime(*status.containedAt));
  }
  out += "</p>\n<p>policy " + escapeHtml(status.policyName.empty() ? "none" : status.policyName) +
         ", mode " + escapeHtml(status.mode.empty() ? "-" : status.mode) + "</p>\n";
  if (!remediation.cause.empty()) {
    out += "<p>Led here by " + escapeHtml(remediation.cause) + "</p>\n";
  }
  if (!status.blocked.reason.empty()) {
    out += "<p>Blocked by " + escapeHtml(status.blocked.reason) + ": " +
           escapeHtml(status.blocked.message) + "</p>\n";
  }
  if (!remediation.decision.action.empty()) {
    out += "<p>Decision: " + escapeHtml(remediation.decision.action) + " by " +
           escapeHtml(remediation.decision.by) +
           (remediation.decision.reason.empty() ? ""
                                                : ", " + escapeHtml(remediation.decision.reason)) +
           "</p>\n";
  }
  for (const Finding& finding : status.findings) {
    out += "<p>Seen: " + escapeHtml(finding.message) + " (" + escapeHtml(finding.rule) +
           ", confidence " + std::to_string(finding.confidence) + ")</p>\n";
  }
  return out + stepsOf(status) + "</section>\n";
}

}  // namespace

std::string reportPage(std::vector<Remediation> remediations, WallTime now) {
  std::stable_sort(
      remediations.begin(), remediations.end(),
      [](const Remediation& a, const Remediation& b) { return a.created > b.created; });
  std::map<std::string, int> counts;
  for (const Remediation& remediation : remediations) ++counts[stateOf(remediation.status)];
  std::string body = "<h1>Firebreak: what was found and done</h1>\n<p class=\"sum\">" +
                     std::to_string(remediations.size()) + " remediations at " + formatTime(now);
  for (const auto& [state, count] : counts) {
    body += " &middot; " + std::to_string(count) + " " + escapeHtml(state);
  }
  body += "</p>\n";
  if (remediations.empty()) body += "<p>Nothing was found.</p>\n";
  for (const Remediation& remediation : remediations) body += cardOf(remediation);
  return htmlPage("Firebreak report", body);
}

int runReport(int argc, char** argv) {
  ClusterConnection access;
  std::string output = "html";
  CLI::App app("What was found and done, as one page", "firebreak report");
  access.addOptions(app);
  app.add_option("-o,--output", output, "html or json")
      ->check(CLI::IsMember({"html", "json"}))
      ->capture_default_str();
  if (auto code = access.open(app, argc, argv)) return *code;
  auto list = access.client().list(kube::kRemediations, "");
  if (!list) {
    std::cerr << app.get_name() << ": " << list.error().message << "\n";
    return 1;
  }
  if (output == "json") {
    std::cout << dumpJsonPretty(member(*list, "items")) << "\n";
    return 0;
  }
  std::vector<Remediation> remediations;
  for (const Json& item : member(*list, "items")) {
    auto remediation = remediationFromJson(item);
    if (remediation) {
      remediations.push_back(std::move(*remediation));
    } else {
      std::cerr << app.get_name() << ": left out: " << remediation.error().message << "\n";
    }
  }
  std::cout << reportPage(std::move(remediations), systemClock().wall());
  return 0;
}

}  // namespace firebreak
