// Manifests as `firebreak scan` sees them, for the tests of this folder.
#pragma once

#include <yaml-cpp/yaml.h>

#include <string>
#include <utility>
#include <vector>

#include "detect/dashboards/scan_dashboards.h"
#include "detect/pod_templates.h"

namespace firebreak::detect {

inline Json jsonOf(const YAML::Node& node) {
  if (node.IsMap()) {
    Json object = Json::object();
    for (const auto& entry : node) object[entry.first.Scalar()] = jsonOf(entry.second);
    return object;
  }
  if (node.IsSequence()) {
    Json array = Json::array();
    for (const auto& element : node) array.push_back(jsonOf(element));
    return array;
  }
  if (!node.IsScalar()) return {};
  int number = 0;
  if (node.Tag() == "?" && YAML::convert<int>::decode(node, number)) return number;
  if (node.Tag() == "?" && (node.Scalar() == "true" || node.Scalar() == "false")) {
    return node.Scalar() == "true";
  }
  return node.Scalar();
}

inline ScanInput inputOf(const std::string& yaml, Json policySpec = Json()) {
  std::vector<Document> documents;
  for (const YAML::Node& node : YAML::LoadAll(yaml)) {
    Document document;
    document.object = jsonOf(node);
    document.ref = refOf(document.object);
    document.file = "test.yaml";
    document.line = 1;
    documents.push_back(std::move(document));
  }
  return ScanInput(std::move(documents), std::move(policySpec));
}

inline std::vector<Finding> scan(const std::string& yaml) { return scanDashboards(inputOf(yaml)); }

// A Deployment with one container, its body indented by eight, and a Service of that type.
inline std::string app(const std::string& container, const std::string& service, int port = 8080) {
  std::string yaml = R"(
apiVersion: apps/v1
kind: Deployment
metadata: {name: console, namespace: shop}
spec:
  selector: {matchLabels: {app: console}}
  template:
    metadata: {labels: {app: console}}
    spec:
      containers:
      - name: console
)" + container;
  if (!service.empty()) {
    yaml += "\n---\napiVersion: v1\nkind: Service\nmetadata: {name: console, namespace: shop}\n"
            "spec: {type: " + service + ", selector: {app: console}, ports: [{port: 80, targetPort: " +
            std::to_string(port) + "}]}\n";
  }
  return yaml;
}

}  // namespace firebreak::detect
