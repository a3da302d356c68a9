// World: every cache of the operator and the watches that fill it. Detectors and planners get what
// they need from here; nothing destructive happens before all of it has synced.
// Made once by the operator; the stores may be read from any thread.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/packed_pod.h"
#include "firebreak/node_guard.h"
#include "firebreak/observed.h"
#include "firebreak/policy.h"
#include "firebreak/remediation.h"
#include "kube/optional_reflector.h"
#include "kube/store.h"
#include "kube/watch.h"

namespace firebreak::kube {

// Of pods there are many.
template <>
struct Kept<Pod> {
  Kept() = default;
  explicit Kept(Pod&& pod) : packed(pod) {}
  std::shared_ptr<const Pod> show(std::string_view key, const std::string& uid,
                                  const std::string& resourceVersion) const;

  PackedPod packed;
};

}  // namespace firebreak::kube

namespace firebreak::control {

// A policy as it was written: typed, or why it cannot be.
struct PolicyEntry {
  std::string name;
  std::string uid;
  std::string resourceVersion;
  int64_t generation = 0;
  bool held = false;  // carries Firebreak's finalizer
  std::optional<WallTime> deletedAt;
  nlohmann::json status;
  std::optional<SecurityPolicy> policy;  // absent = bad
  std::string error;
};

struct NamespaceView {
  ObjectMeta meta;
};

struct Brake {
  std::string name;
  std::string text;  // who and why; "on" where the ConfigMap says nothing
};

// A NetworkPolicy by its marks alone.
struct PolicyMark {
  std::string ns;
  std::string name;
  std::string remediation;  // the one that made it; empty = it is not ours
};

struct WatchFailure {
  std::string resource;  // "pods"
  Error error;
};

class World {
 public:
  World(kube::Transport& transport, std::string operatorNamespace);

  kube::Store<Pod> pods;
  kube::Store<Service> services;
  kube::Store<Ingress> ingresses;
  kube::Store<Ingress> httpRoutes;  // these four where their definitions are installed
  kube::Store<Ingress> traefikRoutes;
  kube::Store<Ingress> virtualServices;
  kube::Store<Ingress> openShiftRoutes;
  kube::Store<Node> nodes;
  kube::Store<NamespaceView> namespaces;
  kube::Store<PolicyEntry> policies;
  kube::Store<Remediation> remediations;
  kube::Store<NodeGuard> nodeGuards;
  kube::Store<Brake> brakes;
  kube::Store<PolicyMark> networkPolicies;

  void start();
  void stop();
  // Every kind that judgements need; routes are not waited for.
  bool synced() const;
  // Which watches do not run at the moment, and why.
  std::vector<WatchFailure> failures() const;

  // Every kind of object that leads requests from outside to Services.
  std::vector<kube::Store<Ingress>*> routeKinds();
  // In which version HTTPRoutes are watched; nothing where there are none.
  std::optional<kube::ResourceType> httpRouteType() const { return httpRouteWatch_.watched(); }

  StringMap namespaceLabels(const std::string& ns) const;
  // Who pulled the brake and why; empty = off.
  std::string brake() const;
  std::shared_ptr<const Pod> podByUid(const std::string& uid) const;
  // Pods of that namespace whose labels the selector's labels are part of.
  std::vector<std::shared_ptr<const Pod>> podsSelectedBy(const std::string& ns,
                                                         const StringMap& selector) const;
  // Whether any pod of that namespace has no controller.
  bool hasBarePods(const std::string& ns) const;

 private:
  std::vector<std::unique_ptr<kube::Reflector>> reflectors_;
  kube::OptionalReflector httpRouteWatch_;
  kube::OptionalReflector traefikWatch_;
  kube::OptionalReflector istioWatch_;
  kube::OptionalReflector openShiftWatch_;
};

}  // namespace firebreak::control
