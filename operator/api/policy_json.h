// SecurityPolicy from JSON. The schema refuses most bad input at the API server; what gets past it
// (a file given to `firebreak scan --policy`, an older CRD) is refused here with the field's path.
#pragma once

#include "base/json.h"
#include "firebreak/policy.h"

namespace firebreak {

Result<SecurityPolicy> policyFromJson(const Json& object);

// The actions each family knows, in the order in which they are carried out.
const std::vector<std::string_view>& knownActions(Family family);

}  // namespace firebreak
