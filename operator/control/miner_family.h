// MinerFamily: judges pods by their own command line and by what their node's sensor saw, and proves
// an isolation by the sensor's test from inside the pod's network.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "control/family.h"
#include "control/world.h"
#include "firebreak/clock.h"
#include "kube/client.h"

namespace firebreak::control {

class MinerFamily : public FamilyDriver {
 public:
  MinerFamily(kube::Client& client, World& world, Clock& clock);

  Family family() const override { return Family::kMiner; }
  Result<Assessment> assess(const Remediation& remediation, const SecurityPolicy* policy,
                            const remediate::JournalKeys& keys) override;
  remediate::ProofView prove(const Remediation& remediation, const SecurityPolicy* policy,
                             const remediate::JournalKeys& keys, const Step& step) override;
  UndoAdvice adviseUndo(const Remediation& remediation,
                        const remediate::BeforeImage& image) override;

  // What is known of a pod right now, from the caches alone: its text and the sensor's sightings.
  std::vector<Finding> judge(const Pod& pod, const SecurityPolicy& policy) const;

 private:
  std::vector<Finding> judgeText(const Pod& pod, const SecurityPolicy& policy) const;
  std::optional<Sighting> sightingOf(const Pod& pod) const;
  // The fresh NodeGuard of the pod's node; null where no sensor answers there.
  std::shared_ptr<const NodeGuard> guardOf(const std::string& node) const;
  bool patienceIsOver(const Remediation& remediation, const std::string& since) const;
  Status readOwner(const Pod& pod, Assessment* assessment);

  kube::Client& client_;
  World& world_;
  Clock& clock_;
};

}  // namespace firebreak::control
