// ClusterAccess over the API client: what rotators ask beyond Secrets. Thread-safe.
#pragma once

#include "firebreak/rotator.h"
#include "kube/client.h"

namespace firebreak::control {

class ApiClusterAccess : public ClusterAccess {
 public:
  explicit ApiClusterAccess(kube::Client& client) : client_(client) {}

  Result<std::string> userOf(const SecretValue& token) override;
  Result<Json> get(const ApiKind& kind, const std::string& ns, const std::string& name) override;
  Status merge(const ApiKind& kind, const std::string& ns, const std::string& name,
               const std::string& subresource, const Json& patch) override;

 private:
  kube::Client& client_;
};

}  // namespace firebreak::control
