// ClusterConfig: where the API server is and who we are: from a kubeconfig or from the service
// account that is mounted into a pod. Plain values; reading is done once at the start, files named
// here (token, certificates) are read again by the transport when they change.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "firebreak/result.h"

namespace firebreak::kube {

// client.authentication.k8s.io: a program that prints a credential.
struct ExecPlugin {
  std::string apiVersion;
  std::string command;
  std::vector<std::string> args;
  std::vector<std::pair<std::string, std::string>> env;
  std::string installHint;
  bool provideClusterInfo = false;
};

struct ClusterConfig {
  std::string contextName;  // "" in a cluster
  std::string ns;           // the context's namespace or the pod's own; "default" where none is set
  std::string server;       // "https://10.96.0.1:443", no trailing slash
  bool inCluster = false;

  // TLS. PEM text where the kubeconfig has *-data, else a path; both empty = the system's CAs.
  std::string caPem;
  std::string caFile;
  std::string certPem;
  std::string certFile;
  std::string keyPem;
  std::string keyFile;
  std::string tlsServerName;
  bool insecureSkipTlsVerify = false;

  // One of these, or none (client certificate only, or anonymous).
  std::string token;
  std::string tokenFile;
  std::string username;
  std::string password;
  std::optional<ExecPlugin> exec;

  std::string proxyUrl;  // empty = HTTPS_PROXY and NO_PROXY of the environment
  std::string impersonateUser;
  std::string impersonateUid;
  std::vector<std::string> impersonateGroups;
  std::vector<std::pair<std::string, std::string>> impersonateExtra;
};

struct ConfigSource {
  std::string kubeconfig;  // --kubeconfig; several paths with ':' are merged, the first one wins
  std::string context;     // --context; empty = current-context
};

// --kubeconfig, else $KUBECONFIG, else in-cluster where a service account is mounted, else
// ~/.kube/config. The error says which were tried.
Result<ClusterConfig> loadConfig(const ConfigSource& source);
Result<ClusterConfig> loadKubeconfig(const std::string& paths, const std::string& context);
// `root` is prepended to /var/run/secrets/...: for tests.
Result<ClusterConfig> inClusterConfig(const std::string& root = "");

}  // namespace firebreak::kube
