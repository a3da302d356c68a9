// The secrets detector: credentials that lie open in manifests and objects, with the exact field. A
// Secret's own data is where secrets belong and is no finding.
// Pure: no I/O, no clock, no log. A finding never holds the value nor any part of it. Safe from any
// thread.
#pragma once

#include <vector>

#include "detect/scan_input.h"

namespace firebreak::detect {

std::vector<Finding> scanSecrets(const ScanInput& input);

// One object; what scanSecrets does for each document.
std::vector<Finding> scanSecretsIn(const Document& document);

}  // namespace firebreak::detect
