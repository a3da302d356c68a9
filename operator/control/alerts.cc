#include "control/alerts.h"

#include "base/digest.h"
#include "control/telling.h"

namespace firebreak::control {
namespace {

constexpr int kMostPerHour = 10;
constexpr size_t kMostRemembered = 20'000;

int64_t hourOf(WallTime now) {
  return std::chrono::duration_cast<std::chrono::hours>(now.time_since_epoch()).count();
}

}  // namespace

Alerts::Alerts(kube::EventRecorder& recorder, Clock& clock) : recorder_(recorder), clock_(clock) {}

Alerts::Turn Alerts::turnOf(const std::string& key, const std::string& print,
                            const std::string& ns) {
  std::lock_guard lock(mutex_);
  auto known = known_.find(key);
  if (known != known_.end() && known->second == print) return Turn::kKnown;
  if (known_.size() >= kMostRemembered) known_.clear();
  known_[key] = print;
  Window& window = windows_[ns];
  if (window.hour != hourOf(clock_.wall())) window = {hourOf(clock_.wall()), 0};
  if (window.told > kMostPerHour) return Turn::kKnown;
  return ++window.told > kMostPerHour ? Turn::kRollUp : Turn::kTell;
}

void Alerts::tell(Family family, const ObjectRef& target, const std::vector<Finding>& findings) {
  if (findings.empty()) return;
  const std::string print = fingerprint(findings);
  const std::string key = target.uid + "/" + std::string(toString(family));
  {
    std::lock_guard lock(mutex_);
    auto known = known_.find(key);
    if (known != known_.end() && known->second == print) return;
  }
  countFindings(findings);
  Turn turn = turnOf(key, print, target.ns);
  if (turn == Turn::kKnown) return;
  kube::EventSpec spec;
  spec.type = kube::EventType::kWarning;
  spec.reason = "FindingDetected";
  spec.action = "Detect";
  spec.time = clock_.wall();
  const Finding& finding = findings.front();
  if (turn == Turn::kTell) {
    // One name for one judgement of one object: a restart within the Event's life tells it once.
    spec.name = "firebreak-alert." + sha256Hex(key + print).substr(0, 24);
    spec.regarding = target;
    spec.note = finding.message + " (" + finding.rule + ", confidence " +
                std::to_string(finding.confidence) + ", tier Alert: shown, not acted on)";
  } else {
    spec.name = "firebreak-alerts." +
                sha256Hex(target.ns + std::to_string(hourOf(spec.time))).substr(0, 24);
    spec.regarding = {"v1", "Namespace", target.ns, target.ns, ""};
    spec.note = "More than " + std::to_string(kMostPerHour) +
                " objects of this namespace have findings of tier Alert this hour; the metric "
                "firebreak_findings_total counts them all";
  }
  recorder_.emit(std::move(spec));
}

}  // namespace firebreak::control
