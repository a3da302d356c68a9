#include "detect/dashboards/console_shut.h"

#include <algorithm>
#include <array>

namespace firebreak::detect {
namespace {

using Outcome = ProbeAnswer::Outcome;

// What one path says by itself.
Verified shut(const ReaskedPath& path) {
  if (path.product == nullptr || path.before != Verdict::kOpen) return Verified::kUnknown;
  if (path.after.outcome == Outcome::kRefused || path.after.outcome == Outcome::kTimedOut) {
    return Verified::kTrue;
  }
  if (path.after.outcome != Outcome::kAnswered) return Verified::kUnknown;
  const Verdict now = judge(*path.product, path.after, path.afterControl);
  if (now == Verdict::kLocked) return Verified::kTrue;
  if (now == Verdict::kOpen || fulfilledProof(*path.product, path.after) != nullptr) {
    return Verified::kFalse;
  }
  // An ingress controller answers by itself where the route has lost its backend.
  constexpr std::array<int, 4> kNoBackend = {404, 502, 503, 504};
  const bool routed = isRouted(path.via) || path.via == Via::kLoadBalancer;
  if (routed && std::find(kNoBackend.begin(), kNoBackend.end(), path.after.status) !=
                    kNoBackend.end()) {
    return Verified::kTrue;
  }
  // A gateway's own answer for a rule without backends, as the Gateway API wants it.
  if (path.via == Via::kRoute && path.after.status == 500) return Verified::kTrue;
  return Verified::kUnknown;
}

}  // namespace

ShutVerdict consoleShut(const std::vector<ReaskedPath>& paths, bool controlRequestOk,
                        bool podReady) {
  if (paths.empty()) return {Verified::kUnknown, "no path is known to have been open"};
  std::vector<Verified> each;
  std::transform(paths.begin(), paths.end(), std::back_inserter(each), shut);
  const auto open = std::count(each.begin(), each.end(), Verified::kFalse);
  // An open answer is an open answer, whatever else works.
  if (open > 0) {
    return {Verified::kFalse, std::to_string(open) + " of " + std::to_string(paths.size()) +
                                  " paths still answer without a password"};
  }
  if (!controlRequestOk) {
    return {Verified::kUnknown, "the control request failed too: the prober's own network may be at "
                                "fault"};
  }
  if (!podReady) return {Verified::kUnknown, "no pod of the console is Ready: it may only be down"};
  if (std::find(each.begin(), each.end(), Verified::kUnknown) != each.end()) {
    return {Verified::kUnknown, "a path gave an answer that says nothing"};
  }
  return {Verified::kTrue, "every path that stood open refuses, times out or asks to log in, while a "
                           "control request works and the pod is Ready"};
}

}  // namespace firebreak::detect
