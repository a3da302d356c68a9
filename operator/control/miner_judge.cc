#include "control/miner_judge.h"

#include <algorithm>
#include <set>

#include "control/config_map_use.h"
#include "detect/miners/detect_miners.h"

namespace firebreak::control {
namespace {

// Three missed heartbeats of 60 s: nobody is there to carry out an order.
constexpr std::chrono::seconds kSensorSilence{180};

detect::MinerSignatures signaturesOf(const SecurityPolicy& policy) {
  return {policy.miners.poolDomains, policy.miners.wallets, policy.miners.images,
          policy.miners.processes};
}

Finding fromSighting(const Pod& pod, const Sighting& sighting, int score, int threshold) {
  Finding finding;
  finding.family = Family::kMiner;
  finding.rule = "miner-process";
  finding.severity = score >= threshold ? Severity::kCritical : Severity::kMedium;
  finding.confidence = score;
  finding.tier = score >= threshold ? Tier::kRemediate : Tier::kAlert;
  finding.resource = {"v1", "Pod", pod.meta.ns, pod.meta.name, pod.meta.uid};
  for (const ContainerStatus& status : pod.statuses) {
    if (status.containerID == sighting.containerId) finding.container = status.name;
  }
  finding.fieldPath = finding.container.empty()
                          ? "status"
                          : "status.containerStatuses[" + finding.container + "]";
  std::string why = sighting.signals.empty() ? "" : ": " + sighting.signals.front().detail;
  finding.message = "A process of pod " + pod.meta.name + " (" + sighting.process.comm +
                    ") looks like a miner" + why;
  finding.evidence = sighting.signals;
  return finding;
}

// The whole shape but its place: the memory, the processor and the flow of a miner.
bool hasWholeShape(const Sighting& sighting) {
  const auto shows = [&](std::string_view signal, int least) {
    return std::any_of(sighting.signals.begin(), sighting.signals.end(), [&](const Evidence& e) {
      return e.signal == signal && e.weight >= least;
    });
  };
  return shows("randomx-memory", 20) && shows("flat-cpu", 1) && shows("quiet-flow", 1);
}

}  // namespace

bool isFinished(const Pod& pod) { return pod.phase == "Succeeded" || pod.phase == "Failed"; }

// Nothing names a miner: only what the process does speaks.
bool MinerJudge::needsTime(const Sighting& sighting) {
  return std::none_of(sighting.signals.begin(), sighting.signals.end(),
                      [](const Evidence& signal) { return signal.weight >= detect::weight::kStrong; });
}

std::shared_ptr<const NodeGuard> MinerJudge::guardOf(const std::string& node) const {
  auto guard = world_.nodeGuards.get(node);
  if (!guard || clock_.wall() - guard->heartbeat > kSensorSilence) return nullptr;
  return guard;
}

// A sighting counts only where the sensor's node is the pod's: a lying sensor reaches no other node.
std::optional<Sighting> MinerJudge::sightingOf(const Pod& pod) const {
  auto guard = world_.nodeGuards.get(pod.node);
  if (!guard) return std::nullopt;
  const Sighting* best = nullptr;
  for (const Sighting& sighting : guard->sightings) {
    if (sighting.podUid != pod.meta.uid) continue;
    if (best == nullptr || sighting.score > best->score) best = &sighting;
  }
  if (best == nullptr) return std::nullopt;
  return *best;
}

std::vector<Finding> MinerJudge::judgeText(const Pod& pod, const SecurityPolicy& policy) const {
  detect::MinerInput input;
  input.workload = {"v1", "Pod", pod.meta.ns, pod.meta.name, pod.meta.uid};
  input.spec = pod.spec.get();
  input.controller = pod.meta.controller;
  input.extra = signaturesOf(policy);
  input.threshold = policy.miners.threshold;
  input.live = true;
  std::set<std::string> running;
  for (const ContainerStatus& status : pod.statuses) {
    if (status.running) running.insert(status.name);
  }
  input.running = std::move(running);
  std::vector<Finding> findings = detect::detectMiners(input);
  // Of a pod whose own words are not suspicious only a miner's configuration that they name is of interest.
  const bool readsMore = readsConfigMaps(*pod.spec);
  if (findings.empty() && (!readsMore || !namesMountedConfigMap(*pod.spec))) return findings;
  if (highestTier(findings) == Tier::kRemediate || !readsMore) return findings;
  using Interest = ConfigMapCache::Interest;
  const Interest interest = findings.empty() ? Interest::kMinerConfig : Interest::kAnyText;
  std::vector<std::shared_ptr<const StringMap>> held;
  const auto lookUp = [&](std::string_view ns, std::string_view name, WallTime until) {
    auto entry = configMaps_.get(std::string(ns), std::string(name), interest);
    held.push_back(entry.changed <= until ? entry.data : nullptr);
    return held.back().get();
  };
  input.configMap = [&](std::string_view ns, std::string_view name) {
    return lookUp(ns, name, WallTime::max());
  };
  // Whoever writes into a ConfigMap later frames nobody: only what was there before the pod is the pod's own.
  input.settledConfigMap = [&](std::string_view ns, std::string_view name) {
    return lookUp(ns, name, pod.meta.created);
  };
  return detect::detectMiners(input);
}

// A pod that is new, or that lives beside a console that stands open.
bool MinerJudge::isSuspiciousPlace(const Pod& pod) const {
  constexpr std::chrono::hours kNew{1};
  if (clock_.wall() - pod.meta.created < kNew) return true;
  for (const auto& remediation : world_.remediations.snapshot()) {
    const bool open = remediation->family == Family::kOpenDashboard &&
                      remediation->target.ns == pod.meta.ns &&
                      remediation->status.outcome != Outcome::kNoLongerPresent;
    if (open) return true;
  }
  return false;
}

Finding MinerJudge::judgeSighting(const Pod& pod, const Sighting& sighting,
                                   const SecurityPolicy& policy) const {
  int score = sighting.score;
  const bool placed = hasWholeShape(sighting) && isSuspiciousPlace(pod);
  if (placed) score = std::min(100, score + detect::weight::kAdds);
  Finding finding = fromSighting(pod, sighting, score, policy.miners.threshold);
  if (placed) {
    finding.evidence.push_back(
        {"place", detect::weight::kAdds, "in a new pod or beside a console that stands open"});
  }
  // What is told by behaviour alone has to last.
  const std::chrono::seconds observe{policy.miners.observeSeconds};
  if (needsTime(sighting) && sighting.lastSeen - sighting.firstSeen < observe) {
    finding.tier = Tier::kAlert;
    finding.severity = Severity::kMedium;
  }
  return finding;
}

std::vector<Finding> MinerJudge::judge(const Pod& pod, const SecurityPolicy& policy) const {
  if (!pod.spec || isFinished(pod)) return {};
  std::vector<Finding> findings = judgeText(pod, policy);
  if (auto sighting = sightingOf(pod)) {
    findings.push_back(judgeSighting(pod, *sighting, policy));
  }
  std::stable_sort(findings.begin(), findings.end(), [](const Finding& a, const Finding& b) {
    return a.tier != b.tier ? a.tier > b.tier : a.confidence > b.confidence;
  });
  return findings;
}

}  // namespace firebreak::control
