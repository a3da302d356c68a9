#include "detect/miners/scan_miners.h"

namespace firebreak::detect {

std::vector<Finding> scanMiners(const ScanInput& /*input*/) { return {}; }

}  // namespace firebreak::detect
