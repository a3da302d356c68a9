// DashboardFamily: asks consoles whether they answer without a password, plans their lock, and proves
// it by asking the same questions again. The questions go out on the calling worker.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "control/console_context.h"
#include "control/family.h"
#include "control/prober_console.h"
#include "control/world.h"
#include "firebreak/clock.h"
#include "kube/client.h"

namespace firebreak::control {

// What one look at a Service brought.
struct ConsoleLook {
  std::vector<Finding> findings;
  detect::OpenConsole console;
  // A candidate did not answer at all: worth another look soon (a pod that starts, a port that is
  // being programmed).
  bool silent = false;
  bool candidate = false;  // something here might be a console
};

class DashboardFamily : public FamilyDriver {
 public:
  DashboardFamily(kube::Client& client, World& world, Prober& prober, Clock& clock);

  Family family() const override { return Family::kOpenDashboard; }
  Result<Assessment> assess(const Remediation& remediation, const SecurityPolicy* policy,
                            const remediate::JournalKeys& keys) override;
  remediate::ProofView prove(const Remediation& remediation, const SecurityPolicy* policy,
                             const remediate::JournalKeys& keys, const Step& step) override;

  // Asks the console now.
  ConsoleLook look(const Service& service, const SecurityPolicy& policy);

 private:
  // What was answered a moment ago, so that one finding is not a burst of questions.
  ConsoleLook recentLook(const Service& service, const SecurityPolicy& policy);
  ConsoleQuestion questionFor(const Service& service, const SecurityPolicy* policy) const;
  // The built-in products and the policy's own; alive as long as this object.
  const std::vector<detect::Product>& productsOf(const SecurityPolicy* policy) const;
  std::vector<detect::IngressDoor> doors() const;
  // The root controller of the console's pods; null where there is none.
  Result<Json> rootController(const Service& service) const;
  Status readForPlan(const Remediation& remediation, const remediate::JournalKeys& keys,
                     const detect::OpenConsole& console, const Service& service,
                     const Json& serviceJson,
                     const SecurityPolicy* policy, Plan* plan);

  kube::Client& client_;
  World& world_;
  Prober& prober_;
  Clock& clock_;
  struct Recent {
    std::string version;
    MonoTime at{};
    ConsoleLook look;
  };
  mutable std::mutex mutex_;
  std::map<std::string, Recent> recent_;  // by Service uid
  // By the policy's products as text. Findings point into them, so that a list that was once in use stays;
  // there are as many as a policy's products were ever edited.
  mutable std::map<std::string, std::vector<detect::Product>> products_;
  mutable std::mutex doorsMutex_;  // held while they are looked for: one worker does, the others wait
  mutable std::vector<detect::IngressDoor> doors_;
  mutable std::optional<MonoTime> doorsAt_;
};

}  // namespace firebreak::control
