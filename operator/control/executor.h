// Executor: applies, observes and undoes any step; the only place that writes to objects that are not
// Firebreak's own. Knows nothing about dashboards, secrets or miners. Thread-safe.
#pragma once

#include <functional>
#include <mutex>
#include <string>

#include "firebreak/plan.h"
#include "firebreak/remediation.h"
#include "kube/client.h"
#include "remediate/fields.h"
#include "remediate/next.h"

namespace firebreak::control {

// Carries out kExternal steps (rotators).
class ExternalSteps {
 public:
  virtual ~ExternalSteps() = default;
  virtual Result<remediate::StepView> observe(const Remediation& remediation, const Step& step) = 0;
  virtual Status apply(const Remediation& remediation, const Step& step) = 0;
  virtual Status undo(const Remediation& remediation, const Step& step) = 0;
};

class Executor {
 public:
  // `mayWrite` is asked before every write: false once the lead was lost.
  Executor(kube::Client& client, ExternalSteps& external, std::function<bool()> mayWrite);

  // In a kube::ReadScope steps on the same object ask for it once.
  Result<remediate::StepView> observe(const Remediation& remediation, const Step& step);
  Status apply(const Remediation& remediation, const Step& step, WallTime expiresAt);
  Status undo(const Remediation& remediation, const Step& step);
  // For Proof::kFieldsHold and kRolledOut.
  remediate::ProofView prove(const Remediation& remediation, const Step& step, WallTime now);

 private:
  Result<Json> live(const Step& step);
  Status writeOrder(const Step& step, WallTime expiresAt, bool remove);
  Result<remediate::StepView> observeOrder(const Step& step);
  Status create(const Step& step, const kube::ResourceType& type);

  kube::Client& client_;
  ExternalSteps& external_;
  std::function<bool()> mayWrite_;
  std::mutex orders_;  // one order at a time is read, added to the list and written
};

// The step that a sealed before-image stands for, enough to observe and undo it.
Step stepFromImage(const Remediation& remediation, const StepRecord& record,
                   const remediate::BeforeImage& image);

}  // namespace firebreak::control
