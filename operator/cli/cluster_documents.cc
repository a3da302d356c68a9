#include "cli/cluster_documents.h"

#include <array>

#include "detect/pod_templates.h"

namespace firebreak {
namespace {

constexpr char kPlace[] = "cluster";

struct ScannedKind {
  const kube::ResourceType& type;
  // Owners that are scanned themselves: their template says the same.
  std::array<std::string_view, 6> leftOutUnder{};
};

const ScannedKind kKinds[] = {
    {kube::kNamespaces, {}},
    {kube::kConfigMaps, {}},
    {kube::kServices, {}},
    {kube::kIngresses, {}},
    {kube::kDeployments, {}},
    {kube::kStatefulSets, {}},
    {kube::kDaemonSets, {}},
    {kube::kCronJobs, {}},
    {kube::kReplicationControllers, {}},
    {kube::kReplicaSets, {"Deployment"}},
    {kube::kJobs, {"CronJob"}},
    {kube::kPods,
     {"ReplicaSet", "ReplicationController", "StatefulSet", "DaemonSet", "Job"}},
};

bool isLeftOut(const Json& object, const ScannedKind& kind) {
  for (const Json& owner : member(object, {"metadata", "ownerReferences"})) {
    if (!boolOr(member(owner, "controller"), false)) continue;
    const std::string ownerKind = stringOr(member(owner, "kind"));
    for (std::string_view made : kind.leftOutUnder) {
      if (!made.empty() && made == ownerKind) return true;
    }
  }
  return false;
}

}  // namespace

Loaded loadCluster(kube::Client& client) {
  Loaded out;
  for (const ScannedKind& kind : kKinds) {
    auto list = client.list(kind.type, "");
    if (!list) {
      out.errors.push_back({kPlace, 0, list.error().message});
      continue;
    }
    for (Json& item : (*list)["items"]) {
      if (isLeftOut(item, kind)) continue;
      // The items of a list have neither kind nor apiVersion of their own.
      item["apiVersion"] = kube::apiVersionOf(kind.type);
      item["kind"] = kind.type.kind;
      detect::Document document;
      document.ref = detect::refOf(item);
      document.object = std::move(item);
      document.file = kPlace;
      out.documents.push_back(std::move(document));
    }
  }
  return out;
}

}  // namespace firebreak
