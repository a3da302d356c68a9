// LeaderElector: at most one of several processes leads, by a Lease. Defaults as every Kubernetes
// controller has them: a lease lasts 15 s, a leader that could not renew for 10 s stops, everybody
// looks every 2 s. Only the monotonic clock decides; the times in the Lease are for people, another
// holder's lease has run out when it did not change for 15 s of our own time.
// A thread of its own; every method may be called from any thread. Callbacks come on that thread.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "firebreak/clock.h"
#include "kube/client.h"

namespace firebreak::kube {

struct LeaderOptions {
  std::string ns;
  std::string name = "firebreak";
  std::string identity;  // the pod's name, plus something that a restart changes
  std::chrono::milliseconds leaseDuration{15'000};
  std::chrono::milliseconds renewDeadline{10'000};
  std::chrono::milliseconds retryPeriod{2'000};
};

class LeaderElector {
 public:
  struct Callbacks {
    std::function<void()> onStarted;  // leads from now on
    std::function<void()> onStopped;  // does not lead any more; called before the Lease is released
    std::function<void(const std::string& holder)> onNewLeader;
  };

  LeaderElector(Transport& transport, Clock& clock, LeaderOptions options, Callbacks callbacks);
  ~LeaderElector();  // stops
  LeaderElector(const LeaderElector&) = delete;
  LeaderElector& operator=(const LeaderElector&) = delete;

  void start();
  // Releases the Lease where it is ours, so that the standby need not wait for it to run out.
  void stop();
  // To be asked before every write: true only while the last renewal is younger than renewDeadline.
  bool isLeader() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace firebreak::kube
