#include "detect/miners/detect_miners.h"

#include <algorithm>
#include <array>

#include "detect/miners/encoded_text.h"
#include "detect/miners/judge_container.h"

namespace firebreak::detect {
namespace {

// A finding needs one signal of this weight, or several that reach kAlertSum together.
constexpr int kAlertSum = 50;
// Evidence that a live container's own command line has to carry before it is acted on.
constexpr int kOwnEvidence = weight::kMedium;

std::string ruleOf(const Scorecard& card) {
  std::string signal = card.strongestSignal();
  if (signal == "miner-config") return "miner-config";
  if (signal == "miner-image" || signal == "policy-image" || signal == "known-image") return "miner-image";
  std::string path = card.strongestPath();
  bool environment =
      path.find(".env[") != std::string::npos || path.find(".envFrom[") != std::string::npos;
  return environment ? "miner-environment" : "miner-command-line";
}

bool isWorthSaying(const ScoreResult& result, int threshold) {
  if (result.evidence.empty()) return false;
  return result.evidence[0].weight >= kAlertScore || result.score >= std::min(kAlertSum, threshold);
}

Severity severityOf(Tier tier, int score) {
  if (tier == Tier::kRemediate) return Severity::kCritical;
  return score >= 60 ? Severity::kHigh : Severity::kMedium;
}

std::string sentence(const MinerInput& input, const Container& container, const ScoreResult& result,
                     Tier tier) {
  std::string text = "Container " + container.name + " of " + describe(input.workload) +
                     (tier == Tier::kRemediate ? " runs a miner: " : " may run a miner: ");
  for (size_t i = 0; i < result.evidence.size() && i < 3; ++i) {
    if (i > 0) text += "; ";
    text += result.evidence[i].detail;
  }
  return text;
}

Tier tierOf(const MinerInput& input, const Container& container, int score) {
  if (score < input.threshold) return Tier::kAlert;
  if (!input.live) return Tier::kRemediate;
  if (input.running && input.running->count(container.name) == 0) return Tier::kAlert;
  return ownEvidence(input, container) >= kOwnEvidence ? Tier::kRemediate : Tier::kAlert;
}

}  // namespace

std::vector<Finding> detectMiners(const MinerInput& input) {
  std::vector<Finding> findings;
  for (const Container& container : input.spec->containers) {
    Scorecard card = judgeContainer(input, container);
    ScoreResult result = card.result();
    if (!isWorthSaying(result, input.threshold)) continue;
    Finding finding;
    finding.family = Family::kMiner;
    finding.rule = ruleOf(card);
    finding.tier = tierOf(input, container, result.score);
    finding.severity = severityOf(finding.tier, result.score);
    finding.confidence = result.score;
    finding.resource = input.workload;
    finding.container = container.name;
    finding.fieldPath = card.strongestPath();
    finding.message = sentence(input, container, result, finding.tier);
    finding.evidence = std::move(result.evidence);
    findings.push_back(std::move(finding));
  }
  return findings;
}

}  // namespace firebreak::detect
