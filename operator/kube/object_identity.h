// ObjectIdentity: the fields that name one version of an object, read off its raw JSON without
// building a tree. Stateless; safe from any thread.
#pragma once

#include <string>
#include <string_view>

#include "firebreak/result.h"

namespace firebreak::kube {

struct ObjectIdentity {
  std::string ns;
  std::string name;
  std::string uid;
  std::string resourceVersion;

  // "ns/name", or "name" for cluster-scoped objects.
  std::string key() const { return ns.empty() ? name : ns + "/" + name; }
};

// kInvalid where the text is no object with metadata.name.
Result<ObjectIdentity> identityOf(std::string_view objectJson);

}  // namespace firebreak::kube
