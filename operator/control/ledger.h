// Ledger: what is running, what was started of late, what failed and who writes to what, so that the
// limits hold exactly although several workers decide at once. Rebuilt from the API at start by the
// watch. Thread-safe. Whoever decides to start holds startLock() from asking to writing.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "firebreak/plan.h"
#include "firebreak/policy.h"
#include "firebreak/remediation.h"
#include "remediate/guard/breaker.h"

namespace firebreak::control {

class Ledger {
 public:
  // Who asks, and for what.
  struct Question {
    std::string name;  // of the Remediation
    Family family = Family::kMiner;
    std::string ns;
    std::string ownerUid;
    std::optional<WallTime> targetCreated;
    int64_t ownerReplicas = 0;
    int64_t ownerReady = 0;
    const Plan* plan = nullptr;
    const SecurityPolicy* policy = nullptr;
    WallTime now{};
  };
  struct Answer {
    int64_t running = 0;
    int64_t startedInLastHour = 0;
    std::optional<WallTime> hourFreesAt;  // when the oldest of them is an hour old
    int64_t runningInNamespace = 0;
    int64_t startedInNamespace = 0;
    std::optional<WallTime> namespaceFreesAt;
    int64_t ownerOut = 0;  // of the other pods of the owner
    std::vector<WallTime> earlierStarts;
    std::string heldBy;
    std::string heldObject;
    int64_t reverting = 0;  // others
    remediate::BreakerView breaker;
  };
  // One breaker that is not closed.
  struct OpenBreaker {
    Family family = Family::kMiner;
    std::string action;
    remediate::BreakerView view;
  };

  void note(const Remediation& remediation);
  void forget(const std::string& name);
  Answer ask(const Question& question) const;
  // Those of the policy that are open or half open for everybody.
  std::vector<OpenBreaker> openBreakers(const SecurityPolicy& policy, WallTime now) const;

  std::unique_lock<std::mutex> startLock() { return std::unique_lock(start_); }

 private:
  struct Entry {
    std::string version;
    Family family = Family::kMiner;
    std::string ns;
    std::string policyUid;
    std::string ownerUid;
    Phase phase = Phase::kNew;
    bool running = false;  // Applying, Verifying, Reverting
    bool out = false;      // contained, or held up in the middle
    std::optional<WallTime> startedAt;
    std::vector<WallTime> starts;     // of all episodes
    std::vector<std::string> objects;  // that it writes to
    std::string action;                // that failed, else the first
    std::set<std::string> actions;     // of the whole plan
    std::vector<remediate::Attempt> attempts;
  };
  static Entry entryOf(const Remediation& remediation);
  remediate::BreakerView breakerFor(const Question& question) const;
  std::vector<remediate::Attempt> attemptsOf(const std::string& policyUid, Family family,
                                             const std::string& action) const;

  std::mutex start_;
  mutable std::mutex mutex_;
  std::map<std::string, Entry> entries_;
};

}  // namespace firebreak::control
