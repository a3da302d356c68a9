// What is kept of an open console while it is being locked: which product, which Service ports, and the
// very requests that stood open, so that the same questions are asked again afterwards. Sealed in the
// journal's first before-image. Pure.
#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "detect/dashboards/detect_dashboards.h"

namespace firebreak::control {

struct OpenPath {
  detect::Via via = detect::Via::kNodePort;
  std::string scheme;
  std::string address;
  int32_t port = 0;
  std::string host;
  std::string path;         // the proof request
  std::string controlPath;  // the made-up neighbour
};

struct ConsoleContext {
  std::string product;
  std::vector<int32_t> servicePorts;
  std::vector<OpenPath> paths;
};

ConsoleContext contextOf(const detect::OpenConsole& console);
Json toJson(const ConsoleContext& context);
ConsoleContext consoleContextFromJson(const Json& json);
// Null where this version does not know it.
const detect::Product* productNamed(const std::string& id);

}  // namespace firebreak::control
