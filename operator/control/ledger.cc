#include "control/ledger.h"

#include <algorithm>

namespace firebreak::control {

void Ledger::note(const Remediation& remediation, const std::string& ownerUid) {
  std::lock_guard lock(mutex_);
  Entry& entry = entries_[remediation.name];
  entry.family = remediation.family;
  entry.phase = remediation.status.phase;
  entry.startedAt = remediation.status.startedAt;
  if (!ownerUid.empty()) entry.ownerUid = ownerUid;
}

void Ledger::forget(const std::string& name) {
  std::lock_guard lock(mutex_);
  entries_.erase(name);
}

Ledger::Counts Ledger::count(Family family, const std::string& ownerUid, WallTime now) const {
  Counts counts;
  std::lock_guard lock(mutex_);
  for (const auto& [name, entry] : entries_) {
    bool running = entry.phase == Phase::kApplying || entry.phase == Phase::kVerifying ||
                   entry.phase == Phase::kReverting;
    bool out = running || entry.phase == Phase::kContained;
    if (out && !ownerUid.empty() && entry.ownerUid == ownerUid) ++counts.ownerOut;
    if (entry.family != family) continue;
    if (running) ++counts.running;
    if (entry.startedAt && now - *entry.startedAt < std::chrono::hours(1)) {
      ++counts.startedInLastHour;
      WallTime frees = *entry.startedAt + std::chrono::hours(1);
      counts.hourFreesAt = std::min(counts.hourFreesAt.value_or(frees), frees);
    }
  }
  return counts;
}

}  // namespace firebreak::control
