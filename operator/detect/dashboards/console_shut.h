// Is the console shut? The judgement behind Proof::kConsoleShut: the same questions from the same
// vantage before and after, and something that must still work. Pure.
#pragma once

#include <string>
#include <vector>

#include "detect/dashboards/detect_dashboards.h"

namespace firebreak::detect {

enum class Verified { kTrue, kFalse, kUnknown };

// One way that stood open: asked again through the same address, scheme, host and path.
struct ReaskedPath {
  const Product* product = nullptr;
  Via via = Via::kNodePort;
  Verdict before = Verdict::kOpen;
  ProbeAnswer after;         // to the proof path
  ProbeAnswer afterControl;  // to the made-up path, where `after` was an answer
};

struct ShutVerdict {
  Verified verified = Verified::kUnknown;
  std::string reason;  // one clause for the condition's message
};

// `controlRequestOk`: a request from the same prober to something that the steps do not touch worked
// after them, so that silence is not the prober's own. `podReady`: a pod of the console is Ready, so
// that silence is not its crash.
ShutVerdict consoleShut(const std::vector<ReaskedPath>& paths, bool controlRequestOk, bool podReady);

}  // namespace firebreak::detect
