// Exposure by consequence: the Secrets that the pods of an open console mount or get by
// environment. Whoever can use the console can read them, so that each becomes a finding of its
// own, judged by the policy that covers its namespace. What is reachable only through RBAC is not
// listed here. Pure; no value of a Secret is needed or read. Safe from any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "firebreak/finding.h"
#include "firebreak/observed.h"

namespace firebreak::detect {

struct SecretUse {
  enum class How { kEnv, kEnvFrom, kVolume, kProjected, kImagePull };
  std::string secret;  // name, in the pod's namespace
  How how = How::kVolume;
  std::string key;        // the one key that is used, empty = all
  std::string container;  // empty for volumes that nothing mounts, and for image pull secrets
  std::string fieldPath;  // within the pod spec: "containers[0].env[TOKEN]", "volumes[creds]"
  bool subPath = false;   // a mount by subPath: never updated in a running pod
};

std::string_view toString(SecretUse::How how);  // "environment variable"

// Every use, in the order of the pod spec. A Secret may turn up more than once.
std::vector<SecretUse> secretsReachableBy(const PodSpec& spec);

// A Secret without its data.
struct SecretObject {
  ObjectMeta meta;
  std::string type;
};

// The console, and the Remediation that says so.
struct ExposureCause {
  std::string remediation;       // name
  ObjectRef console;             // the workload whose pods hold the Secrets
  Tier tier = Tier::kRemediate;  // of the console's finding
};

struct CausedFinding {
  Finding finding;  // resource = the Secret
  std::string cause;
};

// Never: helm.sh/release.v1, bootstrap tokens, protected namespaces, Firebreak's own staging.
// `secrets` are those of the pods' namespace; a use of one that is not there is no finding.
std::vector<CausedFinding> exposedByConsequence(
    const PodSpec& spec, const ExposureCause& cause, const std::vector<SecretObject>& secrets,
    const std::vector<std::string>& protectedNamespaces);

// A person said so: annotation firebreak.dev/exposed on the Secret, "<where it leaked>".
std::optional<Finding> markedExposed(const SecretObject& secret);

}  // namespace firebreak::detect
