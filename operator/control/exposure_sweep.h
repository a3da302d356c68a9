// ExposureSweep: looks for credentials that lie open in one namespace: Secrets that a person marked
// with firebreak.dev/exposed, and literals in workloads, ConfigMaps and bare pods. Reads only; keeps
// no value. Called from worker threads; thread-safe.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "base/json.h"
#include "firebreak/finding.h"
#include "firebreak/policy.h"
#include "kube/client.h"

namespace firebreak::control {

struct Exposed {
  ObjectRef target;
  std::vector<Finding> findings;
};

class ExposureSweep {
 public:
  ExposureSweep(kube::Client& client, Clock& clock) : client_(client), clock_(clock) {}

  // Marked Secrets: all of the namespace where the operator may list them, else those that the
  // policy's rotators name, where it may read them.
  Result<std::vector<Exposed>> marked(const std::string& ns, const SecurityPolicy& policy);
  // Only what is certain (tier Remediate); templates are judged at their topmost owner. Pods are read only
  // where the caller knows of one without an owner.
  Result<std::vector<Exposed>> literals(const std::string& ns, bool barePods);
  // Bindings of the whole cluster by which nobody in particular reads Secrets; all of tier Alert.
  Result<std::vector<Exposed>> publicReaders();

 private:
  bool mayAsk(const std::string& ns);
  void refused(const std::string& ns);

  kube::Client& client_;
  Clock& clock_;
  std::mutex mutex_;
  std::map<std::string, WallTime> askAgain_;  // by namespace, where a list was refused
};

// The kinds that are looked at for literals; null for any other.
const kube::ResourceType* literalHolder(const std::string& kind);
// What is certain in one live object. A list's items carry no kind: it is the type's.
std::vector<Finding> literalsIn(const kube::ResourceType& type, Json object);
// A person's mark on a Secret that was stripped by withoutValues().
std::optional<Finding> markedIn(const Json& secret);

}  // namespace firebreak::control
