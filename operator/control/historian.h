// Historian: deletes finished Remediations beyond their policy's historyLimit, and entries of the list of
// blocked images whose time is over. Called by one worker.
#pragma once

#include <string>

#include "control/world.h"
#include "firebreak/clock.h"
#include "kube/client.h"

namespace firebreak::control {

class Historian {
 public:
  Historian(kube::Client& client, World& world, Clock& clock, std::string operatorNamespace)
      : client_(client),
        world_(world),
        clock_(clock),
        operatorNamespace_(std::move(operatorNamespace)) {}
  // Deletes what is too much, each only as it was seen.
  Status prune();
  // An entry lives for a week from its step on, and not without its Remediation.
  Status expireBlockedImages();

 private:
  kube::Client& client_;
  World& world_;
  Clock& clock_;
  const std::string operatorNamespace_;
};

}  // namespace firebreak::control
