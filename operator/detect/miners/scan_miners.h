// Miners in manifests: what `firebreak scan` runs for this family. Pure; safe from any thread.
#pragma once

#include <vector>

#include "detect/scan_input.h"

namespace firebreak::detect {

std::vector<Finding> scanMiners(const ScanInput& input);

}  // namespace firebreak::detect
