// ClusterConnection: the way to the API server that the commands of people share: --kubeconfig and
// --context, a transport and a client. Owned by the command, used on its one thread.
#pragma once

#include <CLI/CLI.hpp>
#include <memory>
#include <optional>
#include <string>

#include "firebreak/result.h"
#include "kube/client.h"
#include "kube/config.h"
#include "kube/transport.h"

namespace firebreak {

class ClusterConnection {
 public:
  // Adds the options; call before the command line is parsed.
  void addOptions(CLI::App& app);
  // Parses the command line and connects; the exit code where the command is over with that: 0 help
  // was asked for, 2 bad usage, 1 no way to the API server.
  std::optional<int> open(CLI::App& app, int argc, char** argv);
  // Says on stderr, in the command's name, why there is no way; then false.
  bool connect(const CLI::App& app);
  kube::Client& client() { return *client_; }
  // Who the API server takes us for: whatever the kubeconfig calls the user, this counts.
  Result<std::string> user();

 private:
  kube::ConfigSource source_;
  std::unique_ptr<kube::Transport> transport_;
  std::optional<kube::Client> client_;
};

}  // namespace firebreak
