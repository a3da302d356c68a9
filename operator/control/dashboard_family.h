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
#include "control/optional_lists.h"
#include "control/prober_console.h"
#include "control/publisher.h"
#include "control/rbac_reach.h"
#include "control/world.h"
#include "firebreak/clock.h"
#include "kube/client.h"
#include "remediate/plan/cluster_admin.h"

namespace firebreak::control {

// What is asked and locked: a Service and the pods behind it, or pods that publish themselves, with what
// stands in for their Service (detect/dashboards/host_publication.h).
struct Subject {
  ObjectRef target;
  Service service;
  std::vector<Pod> pods;
  // The Service has no selector: its pods are those that its EndpointSlices name, and both carry a label
  // that is in this process alone.
  bool byEndpoints = false;
};

// What one look at a subject brought.
struct ConsoleLook {
  std::vector<Finding> findings;
  detect::OpenConsole console;
  // A candidate's answer said nothing, if one came at all: what was found before still stands.
  bool silent = false;
  // Looks in a row at which one did not answer at all: worth another soon (a pod that starts, a port
  // that is being programmed).
  int silentLooks = 0;
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

  UndoAdvice adviseUndo(const Remediation& remediation,
                        const remediate::BeforeImage& image) override;

  Result<Subject> subjectOf(const Service& service);
  Subject subjectOf(const Publisher& publisher, const SecurityPolicy* policy) const;

  // Asks the console now.
  ConsoleLook look(const Subject& subject, const SecurityPolicy& policy);

  // Something around this locked console changed: its next assessment is due for another question.
  void askSoon(const std::string& remediation);

 private:
  // The target as it is now, and the object as the API server holds it; nothing where it is gone.
  struct Live {
    Subject subject;
    Json object;
  };
  Result<std::optional<Live>> readLive(const Remediation& remediation,
                                       const SecurityPolicy* policy,
                                       const remediate::JournalKeys& keys);
  // The same out of the caches where they have it.
  Result<std::optional<Subject>> subjectAt(const ObjectRef& target, const SecurityPolicy* policy);
  Status endpointsBehind(const Service& service, Subject* subject);
  // What was answered a moment ago, so that one finding is not a burst of questions.
  ConsoleLook recentLook(const Subject& subject, const SecurityPolicy& policy);
  ConsoleQuestion questionFor(const Subject& subject, const SecurityPolicy* policy) const;
  // The built-in products and the policy's own; alive as long as this object.
  const std::vector<detect::Product>& productsOf(const SecurityPolicy* policy) const;
  std::vector<detect::IngressDoor> doors() const;
  // The root controller of the console's pods; null where there is none.
  Result<Json> rootController(const Subject& subject) const;
  Result<AdminGrants> adminGrants(const Remediation& remediation,
                                  const std::vector<remediate::BeforeImage>& images,
                                  const Subject& subject);
  // The line that the plan shows for what was deleted.
  static std::string undoByHand(const Remediation& remediation, const ObjectRef& object);
  Status readForPlan(const Remediation& remediation, const remediate::JournalKeys& keys,
                     const detect::OpenConsole& console, const Live& live,
                     const SecurityPolicy* policy, Plan* plan);

  kube::Client& client_;
  World& world_;
  Prober& prober_;
  Clock& clock_;
  OptionalLists optional_;
  RbacReach reach_;
  struct Recent {
    std::string version;
    MonoTime at{};
    ConsoleLook look;
  };
  // When this locked console is asked again; nothing where the policy does not say.
  std::optional<WallTime> askAgainAt(const Remediation& remediation, const SecurityPolicy* policy);

  mutable std::mutex mutex_;
  std::map<std::string, WallTime> asked_;  // by Remediation: when the proof was last asked for
  std::map<std::string, Recent> recent_;  // by the target's uid
  // By the policy's products as text. Findings point into them, so that a list that was once in use stays;
  // there are as many as a policy's products were ever edited.
  mutable std::map<std::string, std::vector<detect::Product>> products_;
  mutable std::mutex doorsMutex_;  // held while they are looked for: one worker does, the others wait
  mutable std::vector<detect::IngressDoor> doors_;
  mutable std::optional<MonoTime> doorsAt_;
};

}  // namespace firebreak::control
