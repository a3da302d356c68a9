// Which pods are ingress controllers. Pure.
#pragma once

#include "firebreak/observed.h"

namespace firebreak::detect {

// By its image.
bool isIngressController(const Pod& pod);

}  // namespace firebreak::detect
