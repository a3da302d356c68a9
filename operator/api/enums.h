// The string enums of the CRDs: one table per enum, read in both directions.
#pragma once

#include <string_view>

#include "firebreak/plan.h"
#include "firebreak/policy.h"
#include "firebreak/remediation.h"

namespace firebreak {

// Exact case, as the schema demands. False leaves *out alone.
bool parse(std::string_view text, Mode* out);
bool parse(std::string_view text, Phase* out);
bool parse(std::string_view text, Outcome* out);
bool parse(std::string_view text, StepState* out);

}  // namespace firebreak
