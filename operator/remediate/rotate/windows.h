// When restarts may begin: spec.secrets.restart.windows, stretches of time that come back every week, in
// UTC. Pure; safe from any thread.
#pragma once

#include <optional>

#include "base/json.h"
#include "firebreak/clock.h"

namespace firebreak::rotate {

// When the next window opens; nothing where one is open now, or where there is none: always.
std::optional<WallTime> nextWindow(const Json& windows, WallTime now);

}  // namespace firebreak::rotate
