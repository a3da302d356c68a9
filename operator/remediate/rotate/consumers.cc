#include "remediate/rotate/consumers.h"

#include <algorithm>
#include <set>

namespace firebreak::rotate {
namespace {

using detect::SecretUse;

ObjectRef refOf(const Workload& workload) {
  return {workload.apiVersion, workload.kind, workload.meta.ns, workload.meta.name,
          workload.meta.uid};
}

bool isRestartable(const std::string& kind) {
  return kind == "Deployment" || kind == "StatefulSet" || kind == "DaemonSet";
}

void judge(const ConsumerWorkload& candidate, Consumer& consumer) {
  const Workload& workload = candidate.workload;
  const ObjectRef& above = workload.meta.controller;
  if (workload.kind == "CronJob") {
    consumer.treatment = Treatment::kNextRun;
    consumer.reason = "its next Job takes the new value";
  } else if (workload.kind == "Job") {
    consumer.treatment = Treatment::kWait;
    consumer.reason = "a Job is not restarted: it runs to its end with the previous value";
  } else if (!above.kind.empty()) {
    consumer.reason = describe(above) + " controls it and would undo an annotation";
  } else if (!isRestartable(workload.kind)) {
    consumer.reason = workload.kind == "Pod" ? "a pod without a controller is not made again"
                                             : "a " + workload.kind +
                                                   " is not restarted by "
                                                   "Firebreak";
  } else if (candidate.updateStrategy == "OnDelete") {
    consumer.reason = "its update strategy is OnDelete: delete its pods one by one";
  } else {
    consumer.treatment = Treatment::kRestart;
  }
}

}  // namespace

std::vector<Consumer> consumersOf(std::string_view secret, std::string_view ns,
                                  const std::vector<ConsumerWorkload>& workloads) {
  std::set<std::string> known;
  for (const ConsumerWorkload& candidate : workloads) known.insert(candidate.workload.meta.uid);
  known.erase("");

  std::vector<Consumer> consumers;
  for (const ConsumerWorkload& candidate : workloads) {
    const Workload& workload = candidate.workload;
    if (workload.meta.ns != ns || workload.meta.deleting || !workload.spec) continue;
    if (known.contains(workload.meta.controller.uid)) continue;
    std::vector<SecretUse> uses = detect::secretsReachableBy(*workload.spec);
    for (const std::string& name : candidate.driverSecrets) {
      uses.push_back({name, SecretUse::How::kVolume, "", "", "volumes", false});
    }
    std::erase_if(uses, [&](const SecretUse& use) { return use.secret != secret; });
    // The kubelet reads a pull secret at the next pull: nothing to restart for it.
    bool pullOnly = std::all_of(uses.begin(), uses.end(), [](const SecretUse& use) {
      return use.how == SecretUse::How::kImagePull;
    });
    if (uses.empty()) continue;
    Consumer consumer;
    consumer.object = refOf(workload);
    consumer.templateAnnotations = workload.podAnnotations;
    const SecretUse& first = uses.front();
    consumer.how = std::string(detect::toString(first.how)) +
                   (first.container.empty() ? "" : " of container " + first.container);
    consumer.fixedAtStart = std::any_of(uses.begin(), uses.end(), [](const SecretUse& use) {
      bool byDriver = use.fieldPath == "volumes";
      return byDriver || use.subPath || use.how == SecretUse::How::kEnv ||
             use.how == SecretUse::How::kEnvFrom;
    });
    if (pullOnly) {
      consumer.treatment = Treatment::kNextRun;
      consumer.reason = "a pull secret is read anew at the next pull";
    } else {
      judge(candidate, consumer);
    }
    consumers.push_back(std::move(consumer));
  }
  return consumers;
}

}  // namespace firebreak::rotate
