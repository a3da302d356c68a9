// MinerFamily: judges pods by their own command line and by what their node's sensor saw, and proves
// an isolation by the sensor's test from inside the pod's network.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "control/config_map_cache.h"
#include "control/family.h"
#include "control/judged_specs.h"
#include "control/world.h"
#include "firebreak/clock.h"
#include "kube/client.h"
#include "remediate/plan/miners.h"

namespace firebreak::control {

class MinerFamily : public FamilyDriver {
 public:
  MinerFamily(kube::Client& client, World& world, Clock& clock, std::string operatorNamespace);

  Family family() const override { return Family::kMiner; }
  Result<Assessment> assess(const Remediation& remediation, const SecurityPolicy* policy,
                            const remediate::JournalKeys& keys) override;
  remediate::ProofView prove(const Remediation& remediation, const SecurityPolicy* policy,
                             const remediate::JournalKeys& keys, const Step& step) override;
  UndoAdvice adviseUndo(const Remediation& remediation,
                        const remediate::BeforeImage& image) override;

  // What is known of a pod right now: its text, from the caches but for ConfigMaps that a suspicious
  // container mounts, and the sensor's sightings.
  std::vector<Finding> judge(const Pod& pod, const SecurityPolicy& policy) const;

  // It speaks by its behaviour alone, which has to last: each later look at it counts.
  static bool needsTime(const Sighting& sighting);

 private:
  std::vector<Finding> judgeText(const Pod& pod, const SecurityPolicy& policy) const;
  Finding judgeSighting(const Pod& pod, const Sighting& sighting,
                        const SecurityPolicy& policy) const;
  bool isSuspiciousPlace(const Pod& pod) const;
  // The ConfigMap's data as it was within the last minute; null where there is none or the operator may
  // not read it. Never Secrets.
  // Other episodes of the same owner that began within `since` and were not taken back.
  int episodesOfOwner(const Remediation& remediation, const ObjectRef& owner,
                      std::chrono::seconds since) const;
  Status weighOwner(const Remediation& remediation, const SecurityPolicy* policy,
                    const remediate::JournalKeys& keys, const Pod& pod,
                    const std::vector<Finding>& findings, remediate::MinerTarget* plan) const;
  bool isOverLimit(const Remediation& remediation, const ObjectRef& owner) const;
  std::optional<Sighting> sightingOf(const Pod& pod) const;
  // The fresh NodeGuard of the pod's node; null where no sensor answers there.
  std::shared_ptr<const NodeGuard> guardOf(const std::string& node) const;
  bool patienceIsOver(const Remediation& remediation, const std::string& since) const;
  Status readOwner(const Pod& pod, Assessment* assessment);

  kube::Client& client_;
  World& world_;
  Clock& clock_;
  const std::string operatorNamespace_;
  mutable ConfigMapCache configMaps_;
  mutable JudgedSpecs judged_;
};

}  // namespace firebreak::control
