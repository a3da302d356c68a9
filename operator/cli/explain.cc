#include "cli/explain.h"

#include <iostream>
#include <string>

#include "api/remediation_json.h"
#include "base/time_format.h"
#include "cli/cluster_connection.h"

namespace firebreak {
namespace {

void printFindings(const RemediationStatus& status) {
  std::cout << "\nWhat was seen\n";
  if (status.findings.empty()) std::cout << "  nothing yet\n";
  for (const Finding& finding : status.findings) {
    std::cout << "  " << toString(finding.severity) << ", " << toString(finding.tier)
              << ", confidence " << finding.confidence << ": " << finding.message << "\n"
              << "    rule " << finding.rule << ", at " << finding.fieldPath << "\n";
    for (const Evidence& evidence : finding.evidence) {
      std::cout << "    +" << evidence.weight << "  " << evidence.signal << ": " << evidence.detail
                << "\n";
    }
  }
}

const StepRecord* recordOf(const RemediationStatus& status, const std::string& name) {
  for (const StepRecord& record : status.steps) {
    if (record.name == name) return &record;
  }
  return nullptr;
}

void printPlan(const RemediationStatus& status) {
  std::cout << "\nThe plan" << (status.planHash.empty() ? "" : " (" + status.planHash + ")") << "\n";
  if (status.plan.empty()) std::cout << "  no step applies\n";
  for (const PlannedStep& step : status.plan) {
    const StepRecord* record = recordOf(status, step.name);
    std::cout << "  " << step.name << ": " << step.action << " on " << describe(step.object) << ", "
              << step.reversal << "\n    "
              << (record == nullptr ? "not begun" : std::string(toString(record->state)));
    if (record != nullptr && record->attempts > 0) {
      std::cout << ", attempts " << record->attempts;
    }
    if (record != nullptr && record->undone > 0) {
      std::cout << ", undone by others " << record->undone << " times";
    }
    if (record != nullptr && !record->message.empty()) std::cout << ": " << record->message;
    std::cout << "\n";
  }
}

// What each guard said when it was last decided.
void printGuards(const RemediationStatus& status) {
  std::cout << "\nWhat the guards said\n";
  if (status.guards.empty()) std::cout << "  they were not asked yet\n";
  for (const GuardRecord& guard : status.guards) {
    std::cout << "  " << guard.guard << ": " << guard.result
              << (guard.reason.empty() ? "" : " (" + guard.reason + ")") << ", " << guard.message
              << "\n";
  }
}

void printConditions(const RemediationStatus& status) {
  std::cout << "\nWhat is known\n";
  for (const Condition& condition : status.conditions) {
    std::cout << "  " << condition.type << "=" << condition.status << " (" << condition.reason << ")"
              << (condition.message.empty() ? "" : ": " + condition.message) << "\n";
  }
}

// What a person may do about each thing that blocks; what is not listed ends by itself.
struct Advice {
  const char* reason;
  const char* text;
};
constexpr Advice kAdvice[] = {
    {"Contended",
     "Make the change that the message shows where the object comes from; it is tried again hourly."},
    {"RightsMissing",
     "Grant the right in the chart's values (capabilities), or take the action out of the policy; "
     "it is tried again every minute."},
    {"Paused", "firebreak pause --resume lets it go on, with --policy NAME where that was paused."},
    {"Excluded", "Take the entry out of the policy's spec.exclude, or wait until it lapses."},
    {"Protected", "Look at it yourself: nothing is written there without a person's approval."},
    {"NoPolicy", "Make a SecurityPolicy that covers the namespace, in mode Approve or Enforce."},
    {"Superseded", "Change the policy of the higher priority: it decides here."},
    {"BreakerOpen", "Look at what failed: kubectl get events -A --field-selector "
                    "reason=RemediationFailed"},
};

std::string adviceOn(const RemediationStatus& status) {
  if (status.outcome == Outcome::kNeedsExternalAction) {
    return "Do what the message says; Firebreak does not.";
  }
  for (const Advice& row : kAdvice) {
    if (status.blocked.reason == row.reason) return row.text;
  }
  return "Nothing: it goes on by itself when what blocks it is gone.";
}

std::string nextStep(const Remediation& remediation) {
  switch (remediation.status.phase) {
    case Phase::kAudited:
      return "Set the policy's mode to Enforce or Approve to have it done.";
    case Phase::kAwaitingApproval:
      return "firebreak approve " + remediation.name + " | firebreak reject " + remediation.name;
    case Phase::kBlocked:
      if (remediation.status.blocked.reason == "ApprovalExpired") {
        return "firebreak approve " + remediation.name + " has it done all the same.";
      }
      return adviceOn(remediation.status);
    case Phase::kApplying:
    case Phase::kVerifying:
    case Phase::kContained:
      return "firebreak revert " + remediation.name + " undoes it.";
    case Phase::kFailed:
      return "Look at the step that failed. Consoles and miners are tried again by themselves, "
             "later each time; firebreak revert " +
             remediation.name + " undoes what was done.";
    case Phase::kNew:
    case Phase::kReverting:
    case Phase::kReverted:
    case Phase::kRejected:
      return "Nothing.";
  }
  return "";
}

void print(const Remediation& remediation) {
  const RemediationStatus& status = remediation.status;
  std::cout << remediation.name << "\n"
            << toString(remediation.family) << " at " << describe(remediation.target) << "\n"
            << "Phase " << toString(status.phase)
            << (status.outcome == Outcome::kNone
                    ? ""
                    : ", outcome " + std::string(toString(status.outcome)))
            << ", policy " << (status.policyName.empty() ? "none" : status.policyName) << " in mode "
            << (status.mode.empty() ? "-" : status.mode) << "\n"
            << status.message << "\n";
  if (!remediation.cause.empty()) std::cout << "Led here by " << remediation.cause << "\n";
  if (!status.blocked.reason.empty()) {
    std::cout << "Blocked by " << status.blocked.reason << ": " << status.blocked.message
              << (status.blocked.until ? "; until " + formatTime(*status.blocked.until) : "") << "\n";
  }
  if (!remediation.decision.action.empty()) {
    std::cout << "Decision: " << remediation.decision.action << " by " << remediation.decision.by
              << (remediation.decision.reason.empty() ? "" : ", " + remediation.decision.reason)
              << "\n";
  }
  printFindings(status);
  printPlan(status);
  printGuards(status);
  printConditions(status);
  std::cout << "\nWhat to do next\n  " << nextStep(remediation) << "\n";
}

}  // namespace

int runExplain(int argc, char** argv) {
  ClusterConnection access;
  std::string name;
  CLI::App app("Says in words what one Remediation is about", "firebreak explain");
  access.addOptions(app);
  app.add_option("NAME", name, "name of the Remediation")->required();
  if (auto code = access.open(app, argc, argv)) return *code;
  auto object = access.client().get(kube::kRemediations, "", name);
  if (!object) {
    std::cerr << app.get_name() << ": " << object.error().message << "\n";
    return 1;
  }
  auto remediation = remediationFromJson(*object);
  if (!remediation) {
    std::cerr << app.get_name() << ": " << remediation.error().message << "\n";
    return 1;
  }
  print(*remediation);
  return 0;
}

}  // namespace firebreak
