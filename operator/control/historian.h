// Historian: deletes finished Remediations beyond their policy's historyLimit. Called by one worker.
#pragma once

#include "control/world.h"
#include "kube/client.h"

namespace firebreak::control {

class Historian {
 public:
  Historian(kube::Client& client, World& world) : client_(client), world_(world) {}
  // Deletes what is too much, each only as it was seen.
  Status prune();

 private:
  kube::Client& client_;
  World& world_;
};

}  // namespace firebreak::control
