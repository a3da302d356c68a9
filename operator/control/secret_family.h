// SecretFamily: Secrets that the pods of an open console hold or that a person marked as exposed:
// plans their rotation by the policy's rotators and carries out the rotators' steps. Objects that
// hold a credential as a literal: says the place and the change to make. Values never leave the
// rotator's calls.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "control/api_cluster_access.h"
#include "control/api_secret_store.h"
#include "control/executor.h"
#include "control/family.h"
#include "control/web_identity_file.h"
#include "control/world.h"
#include "firebreak/rotator.h"
#include "kube/client.h"
#include "remediate/rotate/consumers.h"

namespace firebreak::control {

// One Secret that a console's pods hold.
struct Consequence {
  ObjectRef secret;
  std::vector<Finding> findings;
};

class SecretFamily : public FamilyDriver, public ExternalSteps {
 public:
  SecretFamily(kube::Client& client, World& world, Clock& clock,
               std::vector<std::string> protectedNamespaces, std::string operatorNamespace,
               std::function<bool(const Remediation&)> isOurs);

  Family family() const override { return Family::kExposedSecret; }
  Result<Assessment> assess(const Remediation& remediation, const SecurityPolicy* policy,
                            const remediate::JournalKeys& keys) override;
  remediate::ProofView prove(const Remediation& remediation, const SecurityPolicy* policy,
                             const remediate::JournalKeys& keys, const Step& step) override;

  Result<remediate::StepView> observe(const Remediation& remediation, const Step& step) override;
  Status apply(const Remediation& remediation, const Step& step) override;
  Status undo(const Remediation& remediation, const Step& step) override;

  // The Secrets that the pods behind this open console mount or get by environment. An error of
  // kForbidden where the operator may not read Secrets of that namespace.
  Result<std::vector<Consequence>> consequencesOf(const Remediation& console);

 private:
  std::vector<Finding> findingsFor(const Remediation& remediation);
  Result<Assessment> assessLiterals(const Remediation& remediation);
  Result<std::vector<rotate::Consumer>> consumers(const Remediation& remediation,
                                                  const remediate::JournalKeys& keys);
  RotationContext rotationContext();
  // What names the Secret without having it in a container.
  Result<std::vector<rotate::Consumer>> references(const ObjectRef& secret);

  kube::Client& client_;
  World& world_;
  Clock& clock_;
  const std::vector<std::string> protected_;
  const std::string operatorNamespace_;
  const std::function<bool(const Remediation&)> isOurs_;
  ApiSecretStore store_;
  ApiClusterAccess cluster_;
  std::optional<WebIdentityFile> webIdentity_;
};

}  // namespace firebreak::control
