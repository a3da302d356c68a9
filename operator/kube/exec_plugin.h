// Exec plugins (client.authentication.k8s.io): runs the program that a kubeconfig names and reads
// the credential that it prints. Blocking, up to a minute; any thread but the I/O thread.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "firebreak/clock.h"
#include "firebreak/result.h"
#include "kube/config.h"

namespace firebreak::kube {

struct ExecCredential {
  std::string token;
  std::string certPem;
  std::string keyPem;
  std::optional<WallTime> expires;
};

Result<ExecCredential> runExecPlugin(const ClusterConfig& config,
                                     std::chrono::milliseconds timeout = std::chrono::minutes(1));
// What the plugin printed, as a credential; pure.
Result<ExecCredential> parseExecCredential(const std::string& output, const std::string& command);

}  // namespace firebreak::kube
