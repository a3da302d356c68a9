#include "remediate/events.h"

#include <algorithm>
#include <cctype>

#include "remediate/drift.h"

namespace firebreak::remediate {
namespace {

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

std::string actionsOf(const RemediationStatus& status) {
  std::string text;
  for (const PlannedStep& step : status.plan) {
    if (text.find(step.action) != std::string::npos) continue;
    text += (text.empty() ? "" : ", ") + step.action;
  }
  return text.empty() ? "nothing" : text;
}

// "deny-traffic: NetworkPolicy shop/firebreak-quarantine-1; strip-labels: Pod shop/web"
std::string stepsOf(const RemediationStatus& status) {
  std::string text;
  for (const PlannedStep& step : status.plan) {
    text += (text.empty() ? "" : "; ") + step.name + ": " + describe(step.object);
  }
  return text;
}

// The message tells of something later already where the Event was held up, by a restart say.
std::string provenBy(const RemediationStatus& status) {
  for (const Condition& condition : status.conditions) {
    if (condition.type == "Verified" && condition.status == "True") return condition.message;
  }
  return stepsOf(status);
}

// What passes within seconds, a certificate that is being issued say, is not worth an Event.
bool lasts(const RemediationStatus& status) {
  constexpr int64_t kSomeSeconds = 11;  // the attempt after the first half minute
  return status.blocked.reason != "WriteRefused" ||
         std::any_of(status.steps.begin(), status.steps.end(),
                     [](const StepRecord& record) { return record.attempts >= kSomeSeconds; });
}

std::string verbOf(const RemediationStatus& status) {
  return status.plan.empty() ? "Report" : status.plan.front().action;
}

}  // namespace

std::vector<EventDraft> impliedEvents(const Remediation& remediation) {
  const RemediationStatus& status = remediation.status;
  std::vector<EventDraft> events;
  if (status.episode == 0) return events;
  auto add = [&](bool warning, std::string reason, std::string action, std::string note,
                 const std::string& variant = "") {
    std::string key = "e" + std::to_string(status.episode) + "-" + lower(reason);
    if (!variant.empty()) key += "-" + lower(variant);
    events.push_back({key, warning, std::move(reason), std::move(action), std::move(note)});
  };
  const std::string target = describe(remediation.target);
  if (!status.findings.empty()) {
    const Finding& finding = status.findings.front();
    add(true, "FindingDetected", "Detect",
        finding.message + " (" + finding.rule + ", confidence " +
            std::to_string(finding.confidence) + ")");
  }
  switch (status.phase) {
    case Phase::kAudited:
      if (status.outcome == Outcome::kWouldRemediate) {
        add(false, "WouldRemediate", verbOf(status),
            "Would do " + actionsOf(status) + " on " + target + ": " + stepsOf(status) +
                ". Mode Audit: nothing was changed.");
      }
      break;
    case Phase::kAwaitingApproval:
      add(true, "ApprovalRequired", verbOf(status),
          "Waits for a decision on plan " + status.planHash + ": " + actionsOf(status) + " on " +
              target + ". Approve: kubectl firebreak approve " + remediation.name,
          status.planHash.substr(0, 8));
      break;
    case Phase::kBlocked:
      if (status.blocked.reason == "ApprovalExpired") {
        add(true, "ApprovalExpired", verbOf(status),
            "Nobody decided about plan " + status.planHash + " in time: " + actionsOf(status) +
                " on " + target + " was not done. Approve: kubectl firebreak approve " +
                remediation.name,
            status.planHash.substr(0, 8));
      } else if (status.blocked.reason == "Contended") {
        add(true, "Contended", verbOf(status), status.blocked.message);
      } else if (status.outcome != Outcome::kNeedsExternalAction && lasts(status)) {
        add(true, "RemediationSkipped", verbOf(status),
            "Not done (" + status.blocked.reason + "): " + status.blocked.message,
            status.blocked.reason);
      }
      break;
    case Phase::kNew:
    case Phase::kApplying:
    case Phase::kVerifying:
    case Phase::kContained:
    case Phase::kReverting:
    case Phase::kReverted:
    case Phase::kRejected:
    case Phase::kFailed:
      break;
  }
  if (status.startedAt) {
    add(false, "RemediationStarted", verbOf(status),
        actionsOf(status) + " on " + target + ": " + stepsOf(status));
  }
  for (const StepRecord& record : status.steps) {
    // The first ones one by one; what goes on is told as Contended.
    constexpr int64_t kMostTold = 3;
    if (record.state == StepState::kApplied && record.message.starts_with(kAnswersAgain)) {
      add(true, "DriftDetected", verbOf(status),
          "Step " + record.name + " on " + target + " holds, but it " + record.message,
          record.name + "-answers");
    }
    if (record.undone == 0) continue;
    add(true, "DriftDetected", verbOf(status),
        "Step " + record.name + " on " + target + " was undone and is applied again",
        record.name + "-" + std::to_string(std::min(record.undone, kMostTold)));
  }
  if (status.outcome == Outcome::kRemediated || status.containedAt) {
    add(false, "RemediationSucceeded", verbOf(status), "done and verified: " + provenBy(status));
  }
  // One that failed says it below.
  if (status.outcome == Outcome::kNeedsExternalAction && status.phase != Phase::kFailed) {
    add(true, "NeedsExternalAction", "Report", status.message);
  }
  if (status.phase == Phase::kFailed && status.outcome != Outcome::kNoLongerPresent) {
    add(true, "RemediationFailed", verbOf(status), status.message);
  }
  if (status.phase == Phase::kReverted) {
    add(false, "RemediationReverted", "Revert", status.message);
  }
  return events;
}

std::vector<EventDraft> missingEvents(const Remediation& remediation) {
  std::vector<EventDraft> missing;
  const auto& emitted = remediation.status.eventsEmitted;
  for (EventDraft& draft : impliedEvents(remediation)) {
    if (std::find(emitted.begin(), emitted.end(), draft.key) == emitted.end()) {
      missing.push_back(std::move(draft));
    }
  }
  return missing;
}

std::string eventName(const Remediation& remediation, const EventDraft& draft) {
  // The uid is part of it: a Remediation that was deleted and made again tells its story again.
  return remediation.name + "." + remediation.uid.substr(0, 8) + "." + draft.key;
}

}  // namespace firebreak::remediate
