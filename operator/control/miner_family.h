// MinerFamily: assesses a pod that mines, by MinerJudge and OwnerBlame, and proves an isolation by the sensor's test from
// inside the pod's network.
#pragma once

#include <string>

#include "control/family.h"
#include "control/miner_judge.h"
#include "control/owner_blame.h"
#include "control/world.h"
#include "firebreak/clock.h"
#include "kube/client.h"

namespace firebreak::control {

class MinerFamily : public FamilyDriver {
 public:
  // `judge` must outlive it.
  MinerFamily(kube::Client& client, World& world, Clock& clock, const MinerJudge& judge,
              std::string operatorNamespace);

  Family family() const override { return Family::kMiner; }
  Result<Assessment> assess(const Remediation& remediation, const SecurityPolicy* policy,
                            const remediate::JournalKeys& keys) override;
  remediate::ProofView prove(const Remediation& remediation, const SecurityPolicy* policy,
                             const remediate::JournalKeys& keys, const Step& step) override;
  UndoAdvice adviseUndo(const Remediation& remediation,
                        const remediate::BeforeImage& image) override;

 private:
  bool patienceIsOver(const Remediation& remediation, const std::string& since) const;
  Status readOwner(const Pod& pod, Assessment* assessment);

  kube::Client& client_;
  World& world_;
  Clock& clock_;
  const MinerJudge& judge_;
  const OwnerBlame blame_;
  const std::string operatorNamespace_;
};

}  // namespace firebreak::control
