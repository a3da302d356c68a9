// Projections: raw JSON of Kubernetes objects -> the few fields of firebreak/observed.h, by
// simdjson on-demand, without a tree. A field that is missing, null or of the wrong type is
// skipped; only text that is no JSON object is an error. Stateless but for a table that shares
// equal pod specs; safe from any thread.
#pragma once

#include <string_view>

#include "firebreak/observed.h"
#include "firebreak/result.h"

namespace firebreak {

Result<Pod> projectPod(std::string_view json);
// A PodSpec alone: `json` is the object that has "containers". Pods of one template get the same
// one.
Result<std::shared_ptr<const PodSpec>> projectPodSpec(std::string_view json);
// Pod: "spec"; CronJob: "spec.jobTemplate.spec.template.spec"; every other kind:
// "spec.template.spec".
Result<Workload> projectWorkload(std::string_view json);
// A custom resource that embeds a pod template: `templatePath` is the dotted path of the object
// with metadata and spec ("spec.template"); array elements by index ("spec.workers[0].template").
Result<Workload> projectTemplateAt(std::string_view json, std::string_view templatePath);
Result<Service> projectService(std::string_view json);
Result<Ingress> projectIngress(std::string_view json);
Result<ConfigMap> projectConfigMap(std::string_view json);
Result<Node> projectNode(std::string_view json);
// Any kind: metadata with annotations (Secrets and others of which no value may be kept).
Result<ObjectMeta> projectMeta(std::string_view json);

}  // namespace firebreak
