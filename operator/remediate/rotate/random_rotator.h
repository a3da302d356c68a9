// The Random rotator: a shared token that nobody outside the cluster knows gets a new random value.
// Only for keys that the policy declares `nature: SharedToken`. There is nothing to revoke outside:
// the old value is gone when every consumer runs with the new one and the staging Secret is removed.
#pragma once

#include "firebreak/rotator.h"

namespace firebreak::rotate {

const Rotator& randomRotator();

}  // namespace firebreak::rotate
