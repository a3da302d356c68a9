#include "detect/detectors.h"

#include "detect/miners/scan_miners.h"

namespace firebreak::detect {

const std::vector<ScanDetector>& scanDetectors() {
  static const std::vector<ScanDetector> kDetectors = {
      scanMiners,
  };
  return kDetectors;
}

}  // namespace firebreak::detect
