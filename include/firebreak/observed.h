// The observed world: the few fields of Kubernetes objects that detectors and planners look at.
// Filled by operator/api/projection.h, straight off the network buffer for live objects and from
// manifests for `firebreak scan`, so that both are judged by the same code. Plain values: a
// const object may be read from any thread.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "firebreak/clock.h"
#include "firebreak/object_ref.h"

namespace firebreak {

using StringMap = std::map<std::string, std::string>;

struct ObjectMeta {
  std::string ns;
  std::string name;
  std::string uid;
  std::string resourceVersion;
  StringMap labels;
  // Only for kinds whose judgement needs them (Service, Ingress, Secret, workloads); empty for pods.
  StringMap annotations;
  // The owner with controller: true; kind is empty where there is none.
  ObjectRef controller;
  bool deleting = false;  // metadata.deletionTimestamp is set
  WallTime created{};
};

struct EnvVar {
  enum class Source { kLiteral, kConfigMapKey, kSecretKey, kField, kOther };
  std::string name;
  Source source = Source::kLiteral;
  std::string value;    // only for kLiteral
  std::string refName;  // ConfigMap or Secret
  std::string refKey;
};

struct EnvFrom {
  enum class Source { kConfigMap, kSecret };
  Source source = Source::kConfigMap;
  std::string refName;
  std::string prefix;
};

struct ContainerPort {
  std::string name;
  int32_t port = 0;
  int32_t hostPort = 0;  // 0 = not published on the host
  std::string hostIP;
  std::string protocol = "TCP";
};

struct VolumeMount {
  std::string volume;
  std::string path;
  std::string subPath;
};

// A command that the kubelet runs in the container: a probe or a lifecycle hook.
struct ExecHook {
  std::string fieldPath;  // within the container: "lifecycle.postStart.exec.command"
  std::vector<std::string> command;
};

struct Container {
  enum class Role { kRegular, kInit, kEphemeral };
  Role role = Role::kRegular;
  // Where it stands in the pod spec, e.g. "containers[0]": the start of a finding's field path.
  std::string fieldPath;
  std::string name;
  std::string image;
  std::string workingDir;
  std::vector<std::string> command;
  std::vector<std::string> args;
  std::vector<EnvVar> env;
  std::vector<EnvFrom> envFrom;
  std::vector<ContainerPort> ports;
  std::vector<VolumeMount> mounts;
  std::vector<ExecHook> hooks;
  bool privileged = false;
  std::vector<std::string> addedCapabilities;
  std::string cpuLimit;  // quantity as written, empty = none
};

struct VolumeSource {
  enum class Kind { kConfigMap, kSecret, kHostPath, kEmptyDir, kServiceAccountToken, kOther };
  Kind kind = Kind::kOther;
  std::string name;  // ConfigMap or Secret name; path for kHostPath; medium for kEmptyDir
  // key -> path for ConfigMap and Secret items; empty = every key under its own name.
  std::vector<std::pair<std::string, std::string>> items;
};

struct Volume {
  std::string name;
  std::vector<VolumeSource> sources;  // more than one only for projected volumes
};

struct PodSpec {
  std::vector<Container> containers;  // regular, init and ephemeral, in this order
  std::vector<Volume> volumes;
  std::string serviceAccount;  // "default" where the spec names none
  bool hostNetwork = false;
  bool hostPID = false;
  std::vector<std::string> imagePullSecrets;
};

struct ContainerStatus {
  std::string name;
  std::string containerID;  // without the runtime's scheme
  bool running = false;
};

struct Pod {
  ObjectMeta meta;
  // Interned: pods of one template share it.
  std::shared_ptr<const PodSpec> spec;
  std::string node;
  std::string phase;  // Pending, Running, Succeeded, Failed, Unknown
  std::string podIP;
  std::string hostIP;
  bool ready = false;   // condition Ready is True
  bool mirror = false;  // a static pod's mirror (owned by a Node)
  std::vector<ContainerStatus> statuses;
};

// Anything with a pod template: Deployment, StatefulSet, DaemonSet, ReplicaSet, Job, CronJob, a bare
// Pod of a manifest, or a custom resource that embeds a template.
struct Workload {
  std::string apiVersion;
  std::string kind;
  ObjectMeta meta;
  StringMap podLabels;
  StringMap podAnnotations;
  // Where the pod spec stands in the object, e.g. "spec.template.spec".
  std::string specPath;
  std::shared_ptr<const PodSpec> spec;
};

struct ServicePort {
  std::string name;
  int32_t port = 0;
  // Number or port name as written; empty = same as port.
  std::string targetPort;
  int32_t nodePort = 0;
  std::string protocol = "TCP";
};

struct Service {
  ObjectMeta meta;
  std::string type = "ClusterIP";  // ClusterIP, NodePort, LoadBalancer, ExternalName
  std::string clusterIP;
  StringMap selector;
  std::vector<ServicePort> ports;
  std::vector<std::string> externalIPs;
  std::vector<std::string> sourceRanges;  // loadBalancerSourceRanges
  std::vector<std::string> ingressIPs;    // status.loadBalancer.ingress[].ip or hostname
};

struct IngressPath {
  std::string host;
  std::string path;
  std::string service;
  // Number or port name.
  std::string port;
  std::string fieldPath;  // e.g. "spec.rules[0].http.paths[1].backend.service"
};

struct Ingress {
  ObjectMeta meta;
  std::string className;
  std::vector<IngressPath> paths;
};

struct ConfigMap {
  ObjectMeta meta;
  StringMap data;
};

struct Node {
  ObjectMeta meta;
  std::vector<std::string> internalIPs;
};

}  // namespace firebreak
