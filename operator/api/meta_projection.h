// Metadata: names, labels, owner. Internal to the projections. Stateless.
#pragma once

#include "api/json_cursor.h"
#include "firebreak/observed.h"

namespace firebreak {

ObjectMeta readMeta(JsonCursor& cursor, JsonValue value, bool withAnnotations);

}  // namespace firebreak
