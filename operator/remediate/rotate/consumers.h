// Who consumes a Secret, and what makes each of them take the new value. Pure; needs no value of
// any Secret. Safe from any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "detect/secrets/reachable.h"
#include "firebreak/observed.h"

namespace firebreak::rotate {

// A workload as the cluster has it. Bare pods and Jobs are workloads too.
struct ConsumerWorkload {
  Workload workload;
  // spec.strategy.type or spec.updateStrategy.type; empty = the kind's default, RollingUpdate.
  std::string updateStrategy;
  std::vector<std::string> driverSecrets = {};  // driverSecretsOf(), of rotate/references.h
};

enum class Treatment {
  kRestart,  // an annotation on the template: its controller replaces the pods
  kNextRun,  // a CronJob: its next Job takes the new value
  kWait,     // a Job: runs to its end with the old value
  kByHand,   // a bare pod, a controller above it, OnDelete: listed for a person
};

struct Consumer {
  ObjectRef object;
  Treatment treatment = Treatment::kByHand;
  std::string how;     // "an environment variable of container web"
  std::string reason;  // why not kRestart
  // A running pod never sees a new value here: environment, or a mount by subPath.
  bool fixedAtStart = false;
  StringMap templateAnnotations;
};

// The consumers of one Secret, in the order of `workloads`. What a Deployment or CronJob owns is
// counted once, as the owner.
std::vector<Consumer> consumersOf(std::string_view secret, std::string_view ns,
                                  const std::vector<ConsumerWorkload>& workloads);

}  // namespace firebreak::rotate
