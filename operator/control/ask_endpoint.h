// Asks one way to a console: every product that is worth it, in both schemes, at the root and under the
// console's own base path, until one answers. Blocking; safe from any thread.
#pragma once

#include <chrono>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "control/prober.h"
#include "detect/dashboards/detect_dashboards.h"

namespace firebreak::control {

// What one endpoint answers. Several products share paths; each path is asked only once. Used by one
// thread for one look; endpoint and addresses are the caller's and outlive it.
class Asker {
 public:
  Asker(Prober& prober, const detect::Endpoint& endpoint, const Prober::Addresses& allowed,
        std::chrono::milliseconds timeout)
      : prober_(prober), endpoint_(endpoint), allowed_(allowed), timeout_(timeout) {}

  // The answer's path is `path`, the product's own, without the endpoint's prefix and `base`.
  detect::ProbeAnswer ask(const std::string& scheme, const std::string& path,
                          const std::string& base = "");
  // The front page, in the scheme that the port lets expect, else in the other, and where it leads to
  // within the host; one step, no further.
  std::vector<detect::ProbeAnswer> askFrontPage();

  // Nothing more will come: a firewall's silence costs the whole time limit and is not asked for twice.
  bool silent() const { return silent_ || refused_.size() > 1; }
  // Refused one question and answered another: a node port that was being programmed meanwhile. What
  // was refused may have been the one that tells.
  bool cameUpMeanwhile() const;
  // Base paths that redirects within the host pointed to.
  const std::vector<std::string>& shownBases() const { return shownBases_; }

 private:
  Prober& prober_;
  const detect::Endpoint& endpoint_;
  const Prober::Addresses& allowed_;
  std::chrono::milliseconds timeout_;
  bool silent_ = false;
  std::set<std::string> refused_;   // schemes
  std::set<std::string> answered_;  // schemes
  std::vector<std::string> shownBases_;
  std::map<std::pair<std::string, std::string>, detect::ProbeAnswer> answers_;
};

// The strongest verdict over the candidates, the surest hints first. Where none of them answers at the
// root, they are asked once more under the paths that `pods` set or a redirect showed; the result's
// endpoint then has that path in its prefix.
detect::ProbedPath askEndpoint(Asker& asker, const detect::Endpoint& endpoint,
                               const std::vector<const detect::Product*>& candidates,
                               const std::vector<Pod>& pods);

}  // namespace firebreak::control
