#include "kube/exec_plugin.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>
#include <utility>
#include <vector>

#include "base/digest.h"
#include "base/json.h"
#include "base/time_format.h"

extern char** environ;

namespace firebreak::kube {
namespace {

constexpr size_t kMaxOutput = size_t{1} << 20;
constexpr const char* kGroup = "client.authentication.k8s.io/";

std::string readText(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  if (file) text << file.rdbuf();
  return text.str();
}

// What the kubeconfig sets wins over what is there.
std::vector<std::string> environmentWith(
    const std::vector<std::pair<std::string, std::string>>& more) {
  std::vector<std::string> env;
  for (char** entry = environ; *entry; ++entry) env.emplace_back(*entry);
  for (const auto& [name, value] : more) {
    std::erase_if(env, [&](const std::string& entry) { return entry.starts_with(name + "="); });
    env.push_back(name + "=" + value);
  }
  return env;
}

std::string execInfo(const ClusterConfig& config) {
  Json info = {{"kind", "ExecCredential"},
               {"apiVersion", config.exec->apiVersion},
               {"spec", {{"interactive", false}}}};
  if (config.exec->provideClusterInfo) {
    Json cluster = {{"server", config.server}};
    if (!config.tlsServerName.empty()) cluster["tls-server-name"] = config.tlsServerName;
    if (config.insecureSkipTlsVerify) cluster["insecure-skip-tls-verify"] = true;
    const std::string ca = config.caPem.empty() ? readText(config.caFile) : config.caPem;
    if (!ca.empty()) cluster["certificate-authority-data"] = base64Encode(ca);
    if (!config.proxyUrl.empty()) cluster["proxy-url"] = config.proxyUrl;
    info["spec"]["cluster"] = std::move(cluster);
  }
  return dumpJson(info);
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> all;
  for (std::string& text : texts) all.push_back(text.data());
  all.push_back(nullptr);
  return all;
}

// Everything the child writes until it closes its end; false where the deadline came first.
bool readAll(int fd, std::chrono::steady_clock::time_point deadline, std::string* out) {
  char chunk[4096];
  for (;;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0 || out->size() > kMaxOutput) return false;
    pollfd wait{fd, POLLIN, 0};
    const int ready = poll(&wait, 1, static_cast<int>(left.count()));
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0) return false;
    const ssize_t size = read(fd, chunk, sizeof chunk);
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) return size == 0;
    out->append(chunk, static_cast<size_t>(size));
  }
}

}  // namespace

Result<ExecCredential> parseExecCredential(const std::string& output, const std::string& command) {
  const std::string what = "run credential plugin " + command + ": ";
  auto json = parseJson(output, "output");
  // The parser's message is left out: it may quote what the plugin printed.
  if (!json) return fail(ErrorCode::kUnauthorized, what + "its output is no JSON");
  if (!stringOr(member(*json, "apiVersion")).starts_with(kGroup)) {
    return fail(ErrorCode::kUnauthorized, what + "its output is no ExecCredential");
  }
  const Json& status = member(*json, "status");
  ExecCredential out;
  out.token = stringOr(member(status, "token"));
  out.certPem = stringOr(member(status, "clientCertificateData"));
  out.keyPem = stringOr(member(status, "clientKeyData"));
  out.expires = parseTime(stringOr(member(status, "expirationTimestamp")));
  if (out.token.empty() && (out.certPem.empty() || out.keyPem.empty())) {
    return fail(ErrorCode::kUnauthorized,
                what + "it gave neither a token nor a certificate with its key");
  }
  return out;
}

Result<ExecCredential> runExecPlugin(const ClusterConfig& config,
                                     std::chrono::milliseconds timeout) {
  const ExecPlugin& exec = *config.exec;
  const std::string what = "run credential plugin " + exec.command + ": ";
  const std::string hint = exec.installHint.empty() ? "" : "; " + exec.installHint;
  std::vector<std::string> args{exec.command};
  args.insert(args.end(), exec.args.begin(), exec.args.end());
  auto variables = exec.env;
  variables.emplace_back("KUBERNETES_EXEC_INFO", execInfo(config));
  std::vector<std::string> env = environmentWith(variables);

  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return fail(ErrorCode::kInternal, what + std::strerror(errno));
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  // What this process ignores is no business of the plugin's.
  posix_spawnattr_t attributes;
  sigset_t broken;
  sigemptyset(&broken);
  sigaddset(&broken, SIGPIPE);
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setsigdefault(&attributes, &broken);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
  pid_t child = 0;
  const int error = posix_spawnp(&child, exec.command.c_str(), &actions, &attributes,
                                 pointers(args).data(), pointers(env).data());
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  close(ends[1]);
  if (error != 0) {
    close(ends[0]);
    return fail(ErrorCode::kUnauthorized, what + std::strerror(error) + hint);
  }
  std::string output;
  const bool complete = readAll(ends[0], std::chrono::steady_clock::now() + timeout, &output);
  close(ends[0]);
  if (!complete) kill(child, SIGKILL);
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (!complete) return fail(ErrorCode::kUnauthorized, what + "no complete answer in time" + hint);
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    return fail(ErrorCode::kUnauthorized, what + "it failed (its own output says why)" + hint);
  }
  return parseExecCredential(output, exec.command);
}

}  // namespace firebreak::kube
