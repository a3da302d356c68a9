// metav1.LabelSelector: parsed from JSON, matched against labels. Pure.
#pragma once

#include <string_view>

#include "base/json.h"
#include "firebreak/policy.h"

namespace firebreak {

// `path` names the field in the error: "spec.exclude[0].selector". Null parses as the empty selector.
Result<LabelSelector> selectorFromJson(const Json& json, std::string_view path);

// Whether a selector, as an object holds it, selects these labels. Null and {} select everything, one that
// cannot be read selects nothing.
bool selectorSelects(const Json& selector, const StringMap& labels);

}  // namespace firebreak
