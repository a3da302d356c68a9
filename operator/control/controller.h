// Controller: the caches, the queue and the handlers of every sort of key, wired together. One per
// process; lead() and follow() from the leader election's thread, the rest from main.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "control/remediation_reconciler.h"
#include "firebreak/clock.h"
#include "kube/transport.h"

namespace firebreak::control {

struct ControllerOptions {
  ReconcilerOptions reconciler;
  std::string keySecret = "firebreak-keys";
  int workers = 8;
};

class Controller {
 public:
  // `mayWrite` is asked before every write to an object that is not Firebreak's own.
  Controller(kube::Transport& transport, Clock& clock, ControllerOptions options,
             std::function<bool()> mayWrite);
  ~Controller();

  void startCaches();
  void stopCaches();
  bool ready() const;  // every cache has synced
  void lead();         // start the workers and look at everything
  void follow();       // stop them; returns when no worker runs any more
  void updateMetrics();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace firebreak::control
