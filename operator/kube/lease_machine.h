// LeaseMachine: the decisions of a leader election: what a Lease says to us, and what to write into
// it. Pure; used by one thread.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "base/json.h"
#include "firebreak/clock.h"

namespace firebreak::kube {

struct LeaseView {
  std::string holder;
  std::string resourceVersion;
  std::string renewTime;
  int64_t transitions = 0;
  std::string acquireTime;
  int64_t durationSeconds = 0;
};

LeaseView readLease(const Json& lease);

class LeaseMachine {
 public:
  LeaseMachine(std::string identity, std::chrono::milliseconds duration)
      : identity_(std::move(identity)), duration_(duration) {}

  // May we take or renew it? The other one's lease has run out when it did not change for its own
  // length (or ours, where it names none) since we first saw it so.
  bool mayTake(const LeaseView& seen, MonoTime now);
  // What to write: the Lease as it was read, with our name in it. Null `current` = a new one.
  Json renewed(const Json& current, WallTime wall) const;
  Json created(const std::string& ns, const std::string& name, WallTime wall) const;
  // Nobody holds it: the standby may take it at once.
  Json released(const Json& current, WallTime wall) const;

 private:
  const std::string identity_;
  const std::chrono::milliseconds duration_;
  std::optional<std::pair<std::string, std::string>> observed_;  // holder, renewTime
  MonoTime observedAt_{};
};

}  // namespace firebreak::kube
