// ResourceType: how the API server calls one kind of object, and the table of those that Firebreak
// touches. Constants; safe from any thread.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace firebreak::kube {

struct ResourceType {
  std::string_view group;  // empty for the core group
  std::string_view version;
  std::string_view plural;
  std::string_view kind;
  bool namespaced = true;

  bool operator==(const ResourceType&) const = default;
};

// "v1", "apps/v1": the apiVersion field of such an object.
std::string apiVersionOf(const ResourceType& type);
// "/apis/apps/v1/namespaces/shop/deployments/web", each part percent-encoded. An empty `ns` of a
// namespaced type means all namespaces; an empty `name` the collection.
std::string pathOf(const ResourceType& type, std::string_view ns, std::string_view name = "");
// Percent-encoding of one path segment or query value.
std::string urlEncode(std::string_view text);

// Every type below; nullptr where the pair is none of them.
const ResourceType* findResourceType(std::string_view apiVersion, std::string_view kind);
std::span<const ResourceType* const> knownResourceTypes();

inline constexpr ResourceType kPods{"", "v1", "pods", "Pod", true};
inline constexpr ResourceType kServices{"", "v1", "services", "Service", true};
inline constexpr ResourceType kConfigMaps{"", "v1", "configmaps", "ConfigMap", true};
inline constexpr ResourceType kSecrets{"", "v1", "secrets", "Secret", true};
inline constexpr ResourceType kServiceAccounts{"", "v1", "serviceaccounts", "ServiceAccount", true};
inline constexpr ResourceType kReplicationControllers{"", "v1", "replicationcontrollers",
                                                      "ReplicationController", true};
inline constexpr ResourceType kNodes{"", "v1", "nodes", "Node", false};
inline constexpr ResourceType kNamespaces{"", "v1", "namespaces", "Namespace", false};
inline constexpr ResourceType kDeployments{"apps", "v1", "deployments", "Deployment", true};
inline constexpr ResourceType kReplicaSets{"apps", "v1", "replicasets", "ReplicaSet", true};
inline constexpr ResourceType kStatefulSets{"apps", "v1", "statefulsets", "StatefulSet", true};
inline constexpr ResourceType kDaemonSets{"apps", "v1", "daemonsets", "DaemonSet", true};
inline constexpr ResourceType kJobs{"batch", "v1", "jobs", "Job", true};
inline constexpr ResourceType kCronJobs{"batch", "v1", "cronjobs", "CronJob", true};
inline constexpr ResourceType kNetworkPolicies{"networking.k8s.io", "v1", "networkpolicies",
                                               "NetworkPolicy", true};
inline constexpr ResourceType kIngresses{"networking.k8s.io", "v1", "ingresses", "Ingress", true};
inline constexpr ResourceType kEndpointSlices{"discovery.k8s.io", "v1", "endpointslices",
                                              "EndpointSlice", true};
inline constexpr ResourceType kEvents{"events.k8s.io", "v1", "events", "Event", true};
inline constexpr ResourceType kLeases{"coordination.k8s.io", "v1", "leases", "Lease", true};
inline constexpr ResourceType kRoles{"rbac.authorization.k8s.io", "v1", "roles", "Role", true};
inline constexpr ResourceType kRoleBindings{"rbac.authorization.k8s.io", "v1", "rolebindings",
                                            "RoleBinding", true};
inline constexpr ResourceType kClusterRoles{"rbac.authorization.k8s.io", "v1", "clusterroles",
                                            "ClusterRole", false};
inline constexpr ResourceType kClusterRoleBindings{
    "rbac.authorization.k8s.io", "v1", "clusterrolebindings", "ClusterRoleBinding", false};
inline constexpr ResourceType kPodDisruptionBudgets{"policy", "v1", "poddisruptionbudgets",
                                                    "PodDisruptionBudget", true};
inline constexpr ResourceType kHorizontalPodAutoscalers{
    "autoscaling", "v2", "horizontalpodautoscalers", "HorizontalPodAutoscaler", true};
inline constexpr ResourceType kCustomResourceDefinitions{
    "apiextensions.k8s.io", "v1", "customresourcedefinitions", "CustomResourceDefinition", false};
inline constexpr ResourceType kTokenReviews{"authentication.k8s.io", "v1", "tokenreviews",
                                            "TokenReview", false};
inline constexpr ResourceType kSelfSubjectReviews{"authentication.k8s.io", "v1",
                                                  "selfsubjectreviews", "SelfSubjectReview", false};
inline constexpr ResourceType kSubjectAccessReviews{
    "authorization.k8s.io", "v1", "subjectaccessreviews", "SubjectAccessReview", false};
inline constexpr ResourceType kSelfSubjectAccessReviews{
    "authorization.k8s.io", "v1", "selfsubjectaccessreviews", "SelfSubjectAccessReview", false};
// Firebreak's own kinds are all cluster-scoped: a namespace's owner can neither delete nor decide
// them.
inline constexpr ResourceType kSecurityPolicies{"firebreak.dev", "v1alpha1", "securitypolicies",
                                                "SecurityPolicy", false};
inline constexpr ResourceType kRemediations{"firebreak.dev", "v1alpha1", "remediations",
                                            "Remediation", false};
inline constexpr ResourceType kNodeGuards{"firebreak.dev", "v1alpha1", "nodeguards", "NodeGuard",
                                          false};

}  // namespace firebreak::kube
