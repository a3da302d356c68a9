// metav1.LabelSelector: parsed from JSON, matched against labels. Pure.
#pragma once

#include <string_view>

#include "base/json.h"
#include "firebreak/policy.h"

namespace firebreak {

// `path` names the field in the error: "spec.exclude[0].selector". Null parses as the empty selector.
Result<LabelSelector> selectorFromJson(const Json& json, std::string_view path);

}  // namespace firebreak
