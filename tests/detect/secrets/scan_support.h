// Scans one object written as JSON; the values of a test are put in with fmt-like "$1".
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "detect/pod_templates.h"
#include "detect/secrets/scan_secrets.h"

namespace firebreak::testing {

inline std::vector<Finding> scanObject(const Json& object) {
  std::vector<detect::Document> documents(1);
  documents[0].object = object;
  documents[0].ref = detect::refOf(object);
  documents[0].file = "test.yaml";
  documents[0].line = 1;
  detect::ScanInput input(std::move(documents));
  return detect::scanSecrets(input);
}

inline Json deployment(const Json& container) {
  return {{"apiVersion", "apps/v1"},
          {"kind", "Deployment"},
          {"metadata", {{"name", "web"}, {"namespace", "shop"}}},
          {"spec", {{"template", {{"spec", {{"containers", Json::array({container})}}}}}}}};
}

inline Json withEnv(const std::string& name, const std::string& value) {
  return deployment({{"name", "main"},
                     {"image", "registry.internal/web:1.0"},
                     {"env", Json::array({{{"name", name}, {"value", value}}})}});
}

inline Json configMap(const std::string& key, const std::string& text) {
  return {{"apiVersion", "v1"},
          {"kind", "ConfigMap"},
          {"metadata", {{"name", "settings"}, {"namespace", "shop"}}},
          {"data", {{key, text}}}};
}

inline std::string listed(const std::vector<Finding>& findings) {
  std::string text;
  for (const Finding& f : findings) {
    text += f.rule + " " + std::string(toString(f.tier)) + " " + f.fieldPath + "; ";
  }
  return text;
}

}  // namespace firebreak::testing
