// detectMiners: miners by what a pod spec says. Near-proof (a stratum URL, a wallet beside a pool,
// a miner's configuration in use) is enough alone; anything weaker needs company. Names, labels and
// annotations of objects never score, and neither do declared ports, since a miner dials.
// Pure; safe from any thread.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "detect/miners/command_signals.h"
#include "detect/miners/container_world.h"
#include "firebreak/finding.h"
#include "firebreak/observed.h"

namespace firebreak::detect {

struct MinerInput {
  ObjectRef workload;
  std::string specPath = "spec";  // of the pod spec in the object: "spec.template.spec"
  const PodSpec* spec = nullptr;  // never null when detectMiners is called
  // What controls the pods, where the workload itself does not say: kind and name.
  ObjectRef controller;
  DataLookup configMap;  // null = none at hand
  // Live: those whose content is older than the pod, so that nobody framed it with them; null = none.
  DataLookup settledConfigMap;
  DataLookup secret;     // null for live objects: miner detection reads no Secrets of a cluster
  MinerSignatures extra;
  int threshold = kDefaultThreshold;  // SecurityPolicy.spec.miners.threshold, 0-100
  // A live object: text of a ConfigMap or a variable can frame a neighbour, so that Remediate needs
  // the running container's own command or arguments to carry the evidence.
  bool live = false;
  // Names of the containers that run now; nothing where it is not known.
  std::optional<std::set<std::string>> running;
};

// At most one finding per container: rule miner-command-line, miner-config, miner-environment or
// miner-image, by the strongest evidence, whose field path it has.
std::vector<Finding> detectMiners(const MinerInput& input);

}  // namespace firebreak::detect
