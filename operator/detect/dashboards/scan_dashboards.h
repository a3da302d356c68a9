// Open dashboards in manifests: what `firebreak scan` runs for this family. Pure; safe from any thread.
//
// Three judgements, each from the text alone: a container runs a known console (image or command line),
// its settings switch authentication off, and a Service or Ingress of the same input leads to it with no
// layer in front that asks for a login. Where the text does not tell, nothing is found: such consoles are
// listed apart, since only asking them tells.
#pragma once

#include <string>
#include <vector>

#include "detect/scan_input.h"

namespace firebreak::detect {

// `resource` is the workload that runs the console.
std::vector<Finding> scanDashboards(const ScanInput& input);

// A console that is published and of which the input does not say whether it asks for a login.
struct Undecided {
  ObjectRef resource;
  std::string product;
  std::string file;
  int line = 0;
  std::string fieldPath;
  std::string message;
};

// Consoles of the policy's own `products` among them: they have no settings to read.
std::vector<Undecided> undecidedDashboards(const ScanInput& input);

}  // namespace firebreak::detect
