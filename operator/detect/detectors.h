// The detectors of `firebreak scan`: one line each, in the order in which they run. All are pure.
#pragma once

#include <vector>

#include "detect/scan_input.h"

namespace firebreak::detect {

using ScanDetector = std::vector<Finding> (*)(const ScanInput&);

const std::vector<ScanDetector>& scanDetectors();

}  // namespace firebreak::detect
