// Open dashboards in manifests: what `firebreak scan` runs for this family. Pure; safe from any thread.
//
// Three judgements, each from the text alone: a container runs a known console (image or command line),
// its settings switch authentication off, and a Service or Ingress of the same input leads to it with no
// layer in front that asks for a login. Where the text does not tell, nothing is found: a live probe
// has to ask.
#pragma once

#include <vector>

#include "detect/scan_input.h"

namespace firebreak::detect {

// `resource` is the workload that runs the console.
std::vector<Finding> scanDashboards(const ScanInput& input);

}  // namespace firebreak::detect
