// Ledger: what is running and what was started in the last hour, per family, so that the limits hold
// exactly although several workers decide at once. Rebuilt from the API at start by the watch.
// Thread-safe. Whoever decides to start holds startLock() from counting to writing.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "firebreak/remediation.h"

namespace firebreak::control {

class Ledger {
 public:
  struct Counts {
    int64_t running = 0;
    int64_t startedInLastHour = 0;
    std::optional<WallTime> hourFreesAt;  // when the oldest of them is an hour old
    int64_t ownerOut = 0;
  };

  void note(const Remediation& remediation, const std::string& ownerUid = "");
  void forget(const std::string& name);
  Counts count(Family family, const std::string& ownerUid, WallTime now) const;

  std::unique_lock<std::mutex> startLock() { return std::unique_lock(start_); }

 private:
  struct Entry {
    Family family = Family::kMiner;
    Phase phase = Phase::kNew;
    std::optional<WallTime> startedAt;
    std::string ownerUid;
  };
  std::mutex start_;
  mutable std::mutex mutex_;
  std::map<std::string, Entry> entries_;
};

}  // namespace firebreak::control
