#include "kube/resource_types.h"

#include <array>

namespace firebreak::kube {
namespace {

// Of the Gateway API, where it is installed; older ones serve v1beta1 alone.
constexpr ResourceType kHttpRoutes{"gateway.networking.k8s.io", "v1", "httproutes", "HTTPRoute",
                                   true};
constexpr ResourceType kHttpRoutesBeta{"gateway.networking.k8s.io", "v1beta1", "httproutes",
                                       "HTTPRoute", true};

constexpr std::array kKnown{&kPods,
                            &kServices,
                            &kConfigMaps,
                            &kSecrets,
                            &kServiceAccounts,
                            &kReplicationControllers,
                            &kNodes,
                            &kNamespaces,
                            &kDeployments,
                            &kReplicaSets,
                            &kStatefulSets,
                            &kDaemonSets,
                            &kJobs,
                            &kCronJobs,
                            &kNetworkPolicies,
                            &kIngresses,
                            &kHttpRoutes,
                            &kHttpRoutesBeta,
                            &kEndpointSlices,
                            &kEvents,
                            &kLeases,
                            &kRoles,
                            &kRoleBindings,
                            &kClusterRoles,
                            &kClusterRoleBindings,
                            &kPodDisruptionBudgets,
                            &kHorizontalPodAutoscalers,
                            &kCustomResourceDefinitions,
                            &kTokenReviews,
                            &kSelfSubjectReviews,
                            &kSubjectAccessReviews,
                            &kSelfSubjectAccessReviews,
                            &kSecurityPolicies,
                            &kRemediations,
                            &kNodeGuards};

}  // namespace

std::string apiVersionOf(const ResourceType& type) {
  std::string text(type.group);
  if (!text.empty()) text += '/';
  text += type.version;
  return text;
}

std::string urlEncode(std::string_view text) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '.' || c == '_' || c == '~';
    if (plain) {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out += '%';
    out += kHex[byte >> 4];
    out += kHex[byte & 15];
  }
  return out;
}

std::string pathOf(const ResourceType& type, std::string_view ns, std::string_view name) {
  std::string path = type.group.empty() ? "/api/" : "/apis/" + std::string(type.group) + "/";
  path += type.version;
  if (type.namespaced && !ns.empty()) path += "/namespaces/" + urlEncode(ns);
  path += '/';
  path += type.plural;
  if (!name.empty()) path += "/" + urlEncode(name);
  return path;
}

const ResourceType* findResourceType(std::string_view apiVersion, std::string_view kind) {
  for (const ResourceType* type : kKnown) {
    if (type->kind == kind && apiVersionOf(*type) == apiVersion) return type;
  }
  return nullptr;
}

std::span<const ResourceType* const> knownResourceTypes() { return kKnown; }

}  // namespace firebreak::kube
