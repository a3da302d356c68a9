#include "sensor/isolator.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <set>

#include "base/log.h"
#include "sensor/bpf_drop.h"
#include "sensor/netns_child.h"
#include "sensor/netns_probe.h"
#include "sensor/proc_text.h"

namespace firebreak::sensor {
namespace {

constexpr std::chrono::milliseconds kConnectTimeout{700};
constexpr std::chrono::milliseconds kChildDeadline{5000};
constexpr size_t kMostPeers = 4;
// How long a pod that somebody wants to kill is held: after it a node drain goes on.
constexpr std::chrono::seconds kHoldKilled{30};
constexpr std::string_view kProbeGroup = "/firebreak-probe";
// A pod's network is its own or its node's for as long as there is the pod; to be sure that nobody came in costs a look
// at every process of the node.
constexpr std::chrono::seconds kSharedKnown{120};

Outcome failedBy(const Error& error) {
  if (error.code == ErrorCode::kNotFound) return {MeasureState::kReleased, "the pod is gone from this node"};
  return {MeasureState::kFailed, error.message};
}

std::set<uint64_t> socketsOf(const ProcFs& proc, const std::vector<pid_t>& pids) {
  std::set<uint64_t> inodes;
  for (const pid_t pid : pids) {
    for (const std::string& descriptor : proc.descriptors(pid)) {
      if (const auto inode = socketInode(descriptor)) inodes.insert(*inode);
    }
  }
  return inodes;
}

std::set<std::string> namesOf(const std::vector<PodNetwork>& networks) {
  std::set<std::string> names;
  for (const PodNetwork& network : networks) names.insert(network.name);
  return names;
}

std::string list(const std::vector<std::string>& items) {
  std::string text;
  for (const std::string& item : items) text += (text.empty() ? "" : ", ") + item;
  return text;
}

}  // namespace

Isolator::Isolator(const ProcFs& proc, const CgroupTree& cgroups, std::string apiServer,
                   std::string evidenceFolder)
    : proc_(proc),
      cgroups_(cgroups),
      freezer_(cgroups),
      apiServer_(std::move(apiServer)),
      evidence_(std::move(evidenceFolder)) {}

Outcome Isolator::ensure(const IsolationOrder& order, std::string_view measure) {
  if (cgroups_.processes(order.podUid).empty()) {
    std::lock_guard lock(mutex_);
    memory_.erase(order.podUid);
    return {MeasureState::kReleased, "the pod is gone from this node"};
  }
  if (order.pid != 0) {
    // The process that was seen may have ended; one that lives in another pod is a wrong order.
    const auto pid = static_cast<pid_t>(order.pid);
    const auto text = proc_.read(pid, "stat", 4096);
    const auto stat = text ? parseStat(*text) : std::nullopt;
    const auto cgroup = proc_.read(pid, "cgroup", 16384);
    const auto place = cgroup ? podOfAnyRoot(*cgroup) : std::nullopt;
    if (stat && stat->startTime == static_cast<uint64_t>(order.startTime) && place &&
        place->podUid != order.podUid) {
      return {MeasureState::kRefused, "process " + std::to_string(pid) + " belongs to another pod"};
    }
  }
  struct Entry {
    std::string_view measure;
    Outcome (Isolator::*act)(const IsolationOrder&);
  };
  constexpr std::array<Entry, 5> kMeasures = {{{"Freeze", &Isolator::freeze},
                                               {"CutConnections", &Isolator::cutConnections},
                                               {"Drop", &Isolator::drop},
                                               {"Probe", &Isolator::probe},
                                               {"CaptureEvidence", &Isolator::captureEvidence}}};
  for (const Entry& entry : kMeasures) {
    if (entry.measure == measure) return (this->*entry.act)(order);
  }
  return {MeasureState::kRefused, "this sensor knows no measure " + std::string(measure)};
}

Outcome Isolator::undo(const IsolationOrder& order, std::string_view measure) {
  if (measure == "Drop") {
    const auto folder = cgroups_.unifiedFolder(order.podUid);
    if (!folder) return {MeasureState::kReleased, "the pod is gone from this node"};
    if (auto detached = detachDrop(*folder); !detached) return failedBy(detached.error());
    return {MeasureState::kReleased, "the drop is off"};
  }
  if (measure == "Freeze") return thaw(order.podUid);
  return {MeasureState::kReleased, ""};  // nothing was left behind
}

Isolator::Memory& Isolator::memoryOf(const std::string& podUid) {
  std::lock_guard lock(mutex_);
  return memory_[podUid];
}

void Isolator::sweep(const std::vector<std::string>& keepDropped) {
  for (const std::string& uid : cgroups_.pods()) {
    if (std::find(keepDropped.begin(), keepDropped.end(), uid) != keepDropped.end()) continue;
    const auto folder = cgroups_.unifiedFolder(uid);
    if (!folder || !dropAttached(*folder).value_or(false)) continue;
    const auto detached = detachDrop(*folder);
    log::warn("took off a drop that no order asks for",
              {{"podUID", uid}, {"result", detached ? "done" : detached.error().message}});
  }
}

Outcome Isolator::freeze(const IsolationOrder& order) {
  const std::string& podUid = order.podUid;
  Memory& memory = memoryOf(podUid);
  const auto already = freezer_.frozen(podUid);
  if (already && *already && killPendingIn(podUid)) {
    const WallTime now = systemClock().wall();
    if (memory.killSeen == WallTime{}) memory.killSeen = now;
    if (now - memory.killSeen > kHoldKilled) {
      if (auto thawed = freezer_.thaw(podUid); !thawed) return failedBy(thawed.error());
      return {MeasureState::kReleased, "thawed: somebody deletes the pod, and the node must not wait for it"};
    }
  }
  const auto frozen = freezer_.freeze(podUid);
  if (!frozen) return failedBy(frozen.error());
  if (!*frozen) return {MeasureState::kApplied, "some process is stuck in the kernel and not frozen yet"};
  return {MeasureState::kVerified, freezer_.holdsKills(podUid)
                                       ? "frozen; deleting the pod waits for the thaw"
                                       : "frozen; a failing liveness probe still kills it"};
}

Outcome Isolator::captureEvidence(const IsolationOrder& order) {
  if (!evidence_.available()) {
    return {MeasureState::kRefused, "no folder for evidence is mounted (sensor.evidencePath)"};
  }
  const Memory& memory = memoryOf(order.podUid);
  std::lock_guard lock(evidenceMutex_);
  const auto receipt = evidence_.capture(proc_, cgroups_, order, memory.flows);
  if (!receipt) return failedBy(receipt.error());
  return {MeasureState::kVerified,
          "kept on the node in " + receipt->folder + ", sha256 of its manifest " + receipt->manifestSha256};
}

Outcome Isolator::thaw(const std::string& podUid) {
  const bool kills = freezer_.holdsKills(podUid) && killPendingIn(podUid);
  if (auto thawed = freezer_.thaw(podUid); !thawed) return failedBy(thawed.error());
  memoryOf(podUid).killSeen = {};
  return {MeasureState::kReleased,
          kills ? "thawed; processes that were told to end while frozen end now" : "thawed"};
}

bool Isolator::killPendingIn(const std::string& podUid) const {
  const std::vector<pid_t> pids = cgroups_.processes(podUid);
  return std::any_of(pids.begin(), pids.end(), [this](pid_t pid) {
    const auto status = proc_.read(pid, "status", 16384);
    return status && killPending(*status);
  });
}

const std::set<std::string>& Isolator::sharedOf(const std::string& podUid,
                                                const std::set<std::string>& networks) {
  Memory& memory = memoryOf(podUid);
  const MonoTime now = systemClock().mono();
  if (networks != memory.networks || now - memory.sharedAsked > kSharedKnown) {
    memory.shared = sharedNetworks(proc_, cgroups_, podUid, networks);
    memory.networks = networks;
    memory.sharedAsked = now;
  }
  return memory.shared;
}

Result<std::vector<Flow>> Isolator::flows(const std::string& podUid, bool destroy) {
  const auto networks = podNetworks(proc_, cgroups_, podUid);
  if (!networks) return tl::unexpected<Error>(networks.error());
  const std::set<std::string>& shared = sharedOf(podUid, namesOf(*networks));
  std::vector<Flow> all;
  for (const PodNetwork& network : *networks) {
    const bool others = shared.contains(network.name);
    std::set<uint64_t> own;
    if (others) own = socketsOf(proc_, cgroups_.processes(podUid));
    const auto text = runInNetwork(network.fd.get(), "", kChildDeadline, [&]() -> std::string {
      const auto found = connectedSockets(destroy, others ? &own : nullptr);
      return found ? "+" + flowsToText(*found) : "!" + found.error().message;
    });
    if (!text) return tl::unexpected<Error>(text.error());
    if (!text->starts_with('+')) return fail(ErrorCode::kForbidden, text->substr(1));
    for (Flow& flow : flowsFromText(std::string_view(*text).substr(1))) all.push_back(std::move(flow));
  }
  return all;
}

Outcome Isolator::cutConnections(const IsolationOrder& order) {
  const std::string& podUid = order.podUid;
  const auto found = flows(podUid, true);
  if (!found) return failedBy(found.error());
  Memory& memory = memoryOf(podUid);
  if (memory.flows.empty()) memory.flows = *found;
  size_t left = 0;
  for (const Flow& flow : *found) {
    // One that is only asked for (again and again, under a drop) is ended too, but is no connection.
    if (!flow.destroyed) ++left;
    if (flow.destroyed && flow.established) ++memory.cut;
    const bool known = std::find(memory.peers.begin(), memory.peers.end(), flow.remote) != memory.peers.end();
    if (flow.outgoing && flow.protocol == "tcp" && !known && memory.peers.size() < kMostPeers) {
      memory.peers.push_back(flow.remote);
    }
  }
  const std::string message = std::to_string(memory.cut) + " connections were cut";
  if (left > 0) return {MeasureState::kFailed, message + ", " + std::to_string(left) + " could not be"};
  return {MeasureState::kVerified, message};
}

Outcome Isolator::drop(const IsolationOrder& order) {
  const std::string& podUid = order.podUid;
  const auto folder = cgroups_.unifiedFolder(podUid);
  if (!folder) {
    return {MeasureState::kFailed, "the pod has no cgroup v2 folder, which the drop needs; mount the node's"};
  }
  const auto attached = attachDrop(*folder);
  if (!attached) return failedBy(attached.error());
  const Result<bool> there = *attached ? dropAttached(*folder) : Result<bool>(true);
  if (!there) return failedBy(there.error());
  // What the pod makes behind it goes nowhere; what it made before, or in a network that it did not have then, is cut.
  Memory& memory = memoryOf(podUid);
  const auto networks = podNetworks(proc_, cgroups_, podUid);
  std::set<std::string> names = networks ? namesOf(*networks) : std::set<std::string>{};
  const bool anew = *attached || names != memory.cutBehindDrop;
  if (anew) {
    (void)flows(podUid, true);
    memory.cutBehindDrop = std::move(names);
  }
  return {*there ? MeasureState::kVerified : MeasureState::kApplied,
          "every packet of the pod is dropped, in and out", anew};
}

Outcome Isolator::probe(const IsolationOrder& order) {
  const std::string& podUid = order.podUid;
  const auto networks = podNetworks(proc_, cgroups_, podUid);
  if (!networks) return failedBy(networks.error());
  const Memory& memory = memoryOf(podUid);
  std::vector<std::string> targets = memory.peers;
  if (!apiServer_.empty()) targets.push_back(apiServer_);
  if (targets.empty()) return {MeasureState::kApplied, "nothing is known that the pod could be tried against"};

  const auto unified = cgroups_.unifiedFolder(podUid);
  const bool dropped = unified && dropAttached(*unified).value_or(false);
  // Under a drop the probe's sockets have to be the pod's, in a group of their own since a group with
  // controllers takes no processes itself. In a frozen group of v2 the probe would freeze too.
  std::string group;
  if (dropped && (freezer_.holdsKills(podUid) || !freezer_.frozen(podUid).value_or(false))) {
    group = *unified + std::string(kProbeGroup);
    mkdir(group.c_str(), 0755);
  }
  std::vector<std::string> open, blocked;
  bool proven = false;
  bool outside = dropped && group.empty();  // the probe's sockets are not treated like the pod's
  for (const PodNetwork& network : *networks) {
    const auto connects = [&] { return answersToText(tryConnects(targets, kConnectTimeout)); };
    auto text = runInNetwork(network.fd.get(), group, kChildDeadline, connects);
    if (!text && !group.empty() && text.error().code == ErrorCode::kForbidden) {
      outside = true;
      text = runInNetwork(network.fd.get(), "", kChildDeadline, connects);
    }
    if (!text) {
      if (!group.empty()) rmdir(group.c_str());
      // That it reaches something is another thing to say.
      return {MeasureState::kApplied, "not proven: " + text.error().message};
    }
    for (const ProbeAnswer& answer : answersFromText(*text)) {
      if (answer.reach == Reach::kOpen) {
        open.push_back(answer.target);
        continue;
      }
      blocked.push_back(answer.target);
      // A pool that refuses is perhaps only down; the API server is not.
      proven = proven || answer.reach == Reach::kBlocked || answer.target == apiServer_;
    }
  }
  if (!group.empty()) rmdir(group.c_str());
  if (!open.empty() && outside) {
    return {MeasureState::kApplied,
            "the drop is attached to the pod, but the probe could not join its cgroup to prove it"};
  }
  if (!open.empty()) return {MeasureState::kFailed, "from inside the pod's network can be reached: " + list(open)};
  if (!dropped) {  // else what is left carries nothing
    const auto left = flows(podUid, false);
    const bool established = left && std::any_of(left->begin(), left->end(), [](const Flow& flow) {
      return flow.established;
    });
    if (established) {
      return {MeasureState::kFailed, std::to_string(left->size()) + " connections are still there, one with " +
                                         left->front().remote};
    }
  }
  if (!proven) return {MeasureState::kApplied, "not proven: refused by " + list(blocked)};
  return {MeasureState::kVerified, "from inside the pod's network cannot be reached: " + list(blocked)};
}

}  // namespace firebreak::sensor
