// ObjectRef: names one Kubernetes object. Values; equality is by every field.
#pragma once

#include <compare>
#include <string>

namespace firebreak {

struct ObjectRef {
  std::string apiVersion;  // "v1", "apps/v1"
  std::string kind;        // "Pod"
  std::string ns;          // empty for cluster-scoped objects
  std::string name;
  std::string uid;  // empty where the object does not exist yet, or in a manifest

  auto operator<=>(const ObjectRef&) const = default;
};

// "Pod shop/web-1", "ClusterRoleBinding admin": for messages.
std::string describe(const ObjectRef& ref);

}  // namespace firebreak
