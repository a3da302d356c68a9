// The policy of `firebreak scan --policy`: its file read, and what it takes out of the findings.
// One thread; reads one file.
#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "detect/scan_input.h"
#include "firebreak/policy.h"

namespace firebreak {

struct ScanPolicy {
  SecurityPolicy policy;
  Json spec;  // as written, for the detectors
};

// The first SecurityPolicy of the file.
Result<ScanPolicy> readScanPolicy(const std::string& path);

// True where the policy leaves the finding out: its family is Disabled, or an exclusion that has
// not expired covers the object.
bool isLeftOut(const Finding& finding, const SecurityPolicy& policy, const detect::ScanInput& input,
               WallTime now);

}  // namespace firebreak
