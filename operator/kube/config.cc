#include "kube/config.h"

#include <yaml-cpp/yaml.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/digest.h"

namespace firebreak::kube {
namespace {

namespace fs = std::filesystem;

constexpr const char* kServiceAccount = "/var/run/secrets/kubernetes.io/serviceaccount";

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

std::string text(const YAML::Node& node, const char* key) {
  const YAML::Node value = node.IsMap() ? node[key] : YAML::Node();
  return value && value.IsScalar() ? value.Scalar() : "";
}

bool flag(const YAML::Node& node, const char* key) { return text(node, key) == "true"; }

// One kubeconfig file; its relative paths count from its own folder.
struct File {
  std::string path;
  YAML::Node root;

  std::string resolve(const std::string& name) const {
    if (name.empty() || fs::path(name).is_absolute()) return name;
    return (fs::absolute(path).parent_path() / name).lexically_normal().string();
  }
};

struct Entry {
  const File* file = nullptr;
  YAML::Node body;
};

// The first file that has the name wins, as kubectl does it.
Entry findEntry(const std::vector<File>& files, const char* list, const char* field,
                const std::string& name) {
  for (const File& file : files) {
    const YAML::Node entries = file.root[list];
    if (!entries || !entries.IsSequence()) continue;
    for (const YAML::Node& entry : entries) {
      if (entry.IsMap() && text(entry, "name") == name && entry[field]) {
        return {&file, entry[field]};
      }
    }
  }
  return {};
}

Result<std::string> decoded(const YAML::Node& node, const char* key, const std::string& path) {
  const std::string encoded = text(node, key);
  if (encoded.empty()) return std::string();
  auto bytes = base64Decode(encoded);
  if (!bytes) {
    return fail(ErrorCode::kInvalid, "read kubeconfig " + path + ": " + key + " is not base64");
  }
  return bytes;
}

Status readCluster(const Entry& cluster, ClusterConfig* out) {
  const std::string& path = cluster.file->path;
  out->server = text(cluster.body, "server");
  while (!out->server.empty() && out->server.back() == '/') out->server.pop_back();
  if (!out->server.starts_with("https://") && !out->server.starts_with("http://")) {
    return fail(ErrorCode::kInvalid, "read kubeconfig " + path +
                                         ": the cluster's server must start with https:// (is \"" +
                                         out->server + "\")");
  }
  auto ca = decoded(cluster.body, "certificate-authority-data", path);
  if (!ca) return tl::unexpected(ca.error());
  out->caPem = *ca;
  if (out->caPem.empty()) {
    out->caFile = cluster.file->resolve(text(cluster.body, "certificate-authority"));
  }
  out->tlsServerName = text(cluster.body, "tls-server-name");
  out->insecureSkipTlsVerify = flag(cluster.body, "insecure-skip-tls-verify");
  out->proxyUrl = text(cluster.body, "proxy-url");
  return {};
}

ExecPlugin readExec(const Entry& user) {
  const YAML::Node node = user.body["exec"];
  ExecPlugin exec;
  exec.apiVersion = text(node, "apiVersion");
  exec.command = text(node, "command");
  // A bare name is looked up in PATH, anything with a slash counts from the kubeconfig.
  if (exec.command.find('/') != std::string::npos) exec.command = user.file->resolve(exec.command);
  exec.installHint = text(node, "installHint");
  exec.provideClusterInfo = flag(node, "provideClusterInfo");
  if (const YAML::Node args = node["args"]; args && args.IsSequence()) {
    for (const YAML::Node& arg : args) {
      if (arg.IsScalar()) exec.args.push_back(arg.Scalar());
    }
  }
  if (const YAML::Node env = node["env"]; env && env.IsSequence()) {
    for (const YAML::Node& entry : env) {
      exec.env.emplace_back(text(entry, "name"), text(entry, "value"));
    }
  }
  return exec;
}

Status readUser(const Entry& user, ClusterConfig* out) {
  const std::string& path = user.file->path;
  auto cert = decoded(user.body, "client-certificate-data", path);
  auto key = decoded(user.body, "client-key-data", path);
  if (!cert) return tl::unexpected(cert.error());
  if (!key) return tl::unexpected(key.error());
  out->certPem = *cert;
  out->keyPem = *key;
  if (out->certPem.empty()) {
    out->certFile = user.file->resolve(text(user.body, "client-certificate"));
  }
  if (out->keyPem.empty()) out->keyFile = user.file->resolve(text(user.body, "client-key"));
  out->token = text(user.body, "token");
  // As kubectl: the file wins, since it may be renewed.
  out->tokenFile = user.file->resolve(text(user.body, "tokenFile"));
  out->username = text(user.body, "username");
  out->password = text(user.body, "password");
  out->impersonateUser = text(user.body, "as");
  if (const YAML::Node groups = user.body["as-groups"]; groups && groups.IsSequence()) {
    for (const YAML::Node& group : groups) {
      if (group.IsScalar()) out->impersonateGroups.push_back(group.Scalar());
    }
  }
  out->impersonateUid = text(user.body, "as-uid");
  if (const YAML::Node extra = user.body["as-user-extra"]; extra && extra.IsMap()) {
    for (const auto& entry : extra) {
      if (!entry.first.IsScalar() || !entry.second.IsSequence()) continue;
      for (const YAML::Node& value : entry.second) {
        if (value.IsScalar()) {
          out->impersonateExtra.emplace_back(entry.first.Scalar(), value.Scalar());
        }
      }
    }
  }
  if (user.body["auth-provider"]) {
    return fail(ErrorCode::kInvalid, "read kubeconfig " + path +
                                         ": auth-provider is gone from Kubernetes since 1.26; use "
                                         "an exec plugin instead");
  }
  if (user.body["exec"] && user.body["exec"].IsMap()) {
    out->exec = readExec(user);
    if (out->exec->command.empty()) {
      return fail(ErrorCode::kInvalid, "read kubeconfig " + path + ": exec has no command");
    }
  }
  return {};
}

Result<std::vector<File>> openFiles(const std::string& paths) {
  std::vector<File> files;
  std::stringstream list(paths);
  std::string missing;
  for (std::string path; std::getline(list, path, ':');) {
    if (path.empty()) continue;
    if (!fs::exists(path)) {
      missing += (missing.empty() ? "" : ", ") + path;
      continue;
    }
    try {
      files.push_back({path, YAML::LoadFile(path)});
    } catch (const std::exception& error) {
      return fail(ErrorCode::kInvalid, "read kubeconfig " + path + ": " + error.what());
    }
    if (!files.back().root.IsMap()) {
      return fail(ErrorCode::kInvalid, "read kubeconfig " + path + ": it is no mapping");
    }
  }
  if (files.empty()) {
    return fail(ErrorCode::kNotFound,
                "read kubeconfig " + missing + ": no such file; name one with --kubeconfig");
  }
  return files;
}

Result<ClusterConfig> resolve(const std::vector<File>& files, std::string context) {
  for (const File& file : files) {
    if (context.empty()) context = text(file.root, "current-context");
  }
  const std::string where = "read kubeconfig " + files.front().path + ": ";
  if (context.empty()) {
    return fail(ErrorCode::kInvalid, where + "it has no current-context; choose with --context");
  }
  const Entry entry = findEntry(files, "contexts", "context", context);
  if (!entry.file) {
    return fail(ErrorCode::kNotFound, where + "there is no context \"" + context + "\"");
  }
  ClusterConfig out;
  out.contextName = context;
  out.ns = text(entry.body, "namespace");
  if (out.ns.empty()) out.ns = "default";
  const std::string clusterName = text(entry.body, "cluster");
  const std::string userName = text(entry.body, "user");
  const Entry cluster = findEntry(files, "clusters", "cluster", clusterName);
  if (!cluster.file) {
    return fail(ErrorCode::kNotFound, where + "context \"" + context + "\" names cluster \"" +
                                          clusterName + "\", which is not there");
  }
  if (auto status = readCluster(cluster, &out); !status) return tl::unexpected(status.error());
  if (userName.empty()) return out;
  const Entry user = findEntry(files, "users", "user", userName);
  if (!user.file) {
    return fail(ErrorCode::kNotFound, where + "context \"" + context + "\" names user \"" +
                                          userName + "\", which is not there");
  }
  if (auto status = readUser(user, &out); !status) return tl::unexpected(status.error());
  return out;
}

bool inCluster(const std::string& root) {
  return !environment("KUBERNETES_SERVICE_HOST").empty() &&
         fs::exists(root + kServiceAccount + "/token");
}

}  // namespace

Result<ClusterConfig> loadKubeconfig(const std::string& paths, const std::string& context) {
  try {
    auto files = openFiles(paths);
    if (!files) return tl::unexpected(files.error());
    return resolve(*files, context);
  } catch (const std::exception& error) {  // yaml-cpp throws on odd shapes
    return fail(ErrorCode::kInvalid, "read kubeconfig " + paths + ": " + error.what());
  }
}

Result<ClusterConfig> inClusterConfig(const std::string& root) {
  ClusterConfig out;
  const std::string host = environment("KUBERNETES_SERVICE_HOST");
  const std::string port = environment("KUBERNETES_SERVICE_PORT");
  if (!inCluster(root)) {
    return fail(ErrorCode::kNotFound,
                std::string("read service account: ") + kServiceAccount +
                    "/token or KUBERNETES_SERVICE_HOST is not there; not inside a cluster?");
  }
  const bool v6 = host.find(':') != std::string::npos;
  out.server = "https://" + (v6 ? "[" + host + "]" : host) + ":" + (port.empty() ? "443" : port);
  out.inCluster = true;
  out.caFile = root + kServiceAccount + "/ca.crt";
  out.tokenFile = root + kServiceAccount + "/token";
  std::ifstream ns(root + kServiceAccount + "/namespace");
  std::getline(ns, out.ns);
  if (out.ns.empty()) out.ns = "default";
  return out;
}

Result<ClusterConfig> loadConfig(const ConfigSource& source) {
  if (!source.kubeconfig.empty()) return loadKubeconfig(source.kubeconfig, source.context);
  const std::string fromEnvironment = environment("KUBECONFIG");
  if (!fromEnvironment.empty()) return loadKubeconfig(fromEnvironment, source.context);
  // --context asks for a kubeconfig even inside a cluster.
  if (source.context.empty() && inCluster("")) return inClusterConfig();
  const std::string home = environment("HOME");
  const std::string standard = home + "/.kube/config";
  if (!home.empty() && fs::exists(standard)) return loadKubeconfig(standard, source.context);
  return fail(ErrorCode::kNotFound,
              "find the cluster: no --kubeconfig, no KUBECONFIG, no service account of a pod, no " +
                  standard + "; name a kubeconfig with --kubeconfig");
}

}  // namespace firebreak::kube
