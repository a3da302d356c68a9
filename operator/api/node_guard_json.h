// NodeGuard <-> JSON, as the schema in crds/ has it.
#pragma once

#include "base/json.h"
#include "firebreak/node_guard.h"

namespace firebreak {

Result<NodeGuard> nodeGuardFromJson(const Json& object);
Json orderToJson(const IsolationOrder& order);
IsolationOrder orderFromJson(const Json& json);
Json sightingToJson(const Sighting& sighting);
Json reportToJson(const MeasureReport& report);

}  // namespace firebreak
