// Why a Secret must not be rotated in place: something else is its source and would put the exposed
// value back, or its type has a procedure of its own. Pure. Safe from any thread.
#pragma once

#include <string>

#include "base/json.h"

namespace firebreak::rotate {

struct SourceMark {
  std::string what;  // "Helm release shop", "owner ExternalSecret db", "immutable: true"
  std::string todo;  // what to do instead
};

// Empty `what` where nothing stands against it. `secret` needs metadata, type and immutable only.
SourceMark sourceOf(const Json& secret);

// What a person does with a Secret of this type; for Opaque the general procedure.
std::string procedureFor(const std::string& type, const std::string& ns, const std::string& name);

}  // namespace firebreak::rotate
