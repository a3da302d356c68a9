// ApiSecretStore: the Secrets of the cluster for rotators, over the API client. Values exist only in
// the calls; no error text holds one. Thread-safe.
#pragma once

#include "firebreak/rotator.h"
#include "kube/client.h"

namespace firebreak::control {

class ApiSecretStore : public SecretStore {
 public:
  explicit ApiSecretStore(kube::Client& client) : client_(client) {}

  Result<StoredSecret> get(const std::string& ns, const std::string& name) override;
  Result<StoredSecret> create(const StoredSecret& secret) override;
  Result<StoredSecret> patch(const std::string& ns, const std::string& name,
                             const SecretPrecondition& precondition,
                             const std::map<std::string, SecretValue>& keys,
                             const StringMap& annotations) override;
  Status remove(const std::string& ns, const std::string& name,
                const SecretPrecondition& precondition) override;

 private:
  kube::Client& client_;
};

}  // namespace firebreak::control
