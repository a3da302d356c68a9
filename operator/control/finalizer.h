// Firebreak's finalizer on its own cluster-scoped objects.
#pragma once

#include <string>

#include "base/json.h"
#include "kube/client.h"

namespace firebreak::control {

// Reads the object and writes only where something changes, never one of another uid. The object as
// it is afterwards; a null where it is gone.
Result<Json> setFinalizer(kube::Client& client, const kube::ResourceType& type,
                          const std::string& name, const std::string& uid, bool present);

}  // namespace firebreak::control
