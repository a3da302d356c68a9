// Isolator: carries out one measure on one pod of this node, or undoes it. Idempotent: doing it again
// is how it is kept up. Says Verified only for what it saw itself. Owned by the Responder; called on
// several threads, but for one pod on one at a time.
#pragma once

#include <map>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "firebreak/node_guard.h"
#include "sensor/cgroup_tree.h"
#include "sensor/evidence.h"
#include "sensor/freezer.h"
#include "sensor/order_book.h"
#include "sensor/procfs.h"
#include "sensor/sock_diag.h"

namespace firebreak::sensor {

// What a Responder needs; a test puts its own in its place.
class Isolation {
 public:
  virtual ~Isolation() = default;
  virtual Outcome ensure(const IsolationOrder& order, std::string_view measure) = 0;
  virtual Outcome undo(const IsolationOrder& order, std::string_view measure) = 0;
  // Takes our drops off every pod of this node that `keep` does not want cut: what a sensor before
  // this one left behind.
  virtual void sweep(const std::vector<std::string>& keepDropped) = 0;
};

class Isolator : public Isolation {
 public:
  // `apiServer` is "address:port" as a pod sees it, empty where it is not known: what the probe tries
  // beside the pod's own peers.
  // Evidence goes to a folder of its own, if there is one.
  Isolator(const ProcFs& proc, const CgroupTree& cgroups, std::string apiServer,
           std::string evidenceFolder = "");

  Outcome ensure(const IsolationOrder& order, std::string_view measure) override;
  Outcome undo(const IsolationOrder& order, std::string_view measure) override;
  void sweep(const std::vector<std::string>& keepDropped) override;

 private:
  Outcome freeze(const IsolationOrder& order);
  Outcome cutConnections(const IsolationOrder& order);
  Outcome drop(const IsolationOrder& order);
  Outcome probe(const IsolationOrder& order);
  Outcome captureEvidence(const IsolationOrder& order);
  Outcome thaw(const std::string& podUid);
  Result<std::vector<Flow>> flows(const std::string& podUid, bool destroy);
  // Those of the pod's networks that others are in too.
  const std::set<std::string>& sharedOf(const std::string& podUid, const std::set<std::string>& networks);
  bool killPendingIn(const std::string& podUid) const;

  struct Memory {
    std::vector<std::string> peers;  // that the pod connected to, for the probe
    size_t cut = 0;
    std::vector<Flow> flows;  // as they were before the first cut
    WallTime killSeen{};
    std::set<std::string> networks, shared;  // as sharedOf() saw them last
    MonoTime sharedAsked{};
    std::set<std::string> cutBehindDrop;  // networks whose sockets were ended once the drop was on
  };
  Memory& memoryOf(const std::string& podUid);

  const ProcFs& proc_;
  const CgroupTree& cgroups_;
  const Freezer freezer_;
  const std::string apiServer_;
  const EvidenceStore evidence_;
  std::mutex mutex_;  // for the map; what is in it is its pod's
  std::map<std::string, Memory> memory_;  // by pod uid
  std::mutex evidenceMutex_;  // one folder, one quota
};

}  // namespace firebreak::sensor
