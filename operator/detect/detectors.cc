#include "detect/detectors.h"

#include "detect/dashboards/scan_dashboards.h"
#include "detect/miners/scan_miners.h"
#include "detect/secrets/scan_secrets.h"

namespace firebreak::detect {

const std::vector<ScanDetector>& scanDetectors() {
  static const std::vector<ScanDetector> kDetectors = {
      scanDashboards,
      scanMiners,
      scanSecrets,
  };
  return kDetectors;
}

}  // namespace firebreak::detect
