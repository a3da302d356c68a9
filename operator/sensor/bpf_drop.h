// BpfDrop: drops every packet of a pod, in and out, by a two-instruction cgroup-BPF program on the
// pod-level folder of cgroup v2. Independent of the CNI; outlives this process, the pod's containers
// and its sandbox; cannot be undone with NET_ADMIN in the pod. Only programs that carry our name are
// ever detached. Stateless: the kernel holds the state. Called by the responder's thread.
#pragma once

#include <string>

#include "firebreak/result.h"

namespace firebreak::sensor {

// Attaches to both directions where it is not attached yet. False where both carried it already.
Result<bool> attachDrop(const std::string& cgroupFolder);
// Detaches every program of ours from both directions.
Status detachDrop(const std::string& cgroupFolder);
// True where both directions carry it.
Result<bool> dropAttached(const std::string& cgroupFolder);

}  // namespace firebreak::sensor
