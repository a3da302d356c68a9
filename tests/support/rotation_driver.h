// Drives the steps of one rotation as the executor does, and keeps what its errors say, so that a
// test can look for values in it. For one thread.
#pragma once

#include <algorithm>
#include <string>

#include "base/json.h"
#include "firebreak/rotator.h"
#include "support/memory_secret_store.h"

namespace firebreak::testing {

class RotationDriver {
 public:
  MemorySecretStore store;
  Plan plan;
  ClusterAccess* cluster = nullptr;
  WebIdentity* webIdentity = nullptr;
  std::string said;

  const Step& step(const std::string& name) const {
    return *std::find_if(plan.steps.begin(), plan.steps.end(),
                         [&](const Step& s) { return s.name == name; });
  }
  std::vector<std::string> names() const {
    std::vector<std::string> all;
    for (const Step& s : plan.steps) all.push_back(s.name);
    return all;
  }
  // Looks, applies what is absent, looks again.
  bool drive(const std::string& name) {
    RotationContext context{store, systemRandom(), systemClock(), cluster, webIdentity};
    const Rotator* rotator = rotatorFor(step(name));
    for (int attempt = 0; attempt < 4; ++attempt) {
      auto seen = rotator->observe(step(name), context);
      if (!seen) return told(seen.error());
      if (seen->effect == Observation::Effect::kPresent && seen->awaits.empty()) return true;
      if (seen->effect == Observation::Effect::kPresent) {
        said += seen->awaits + "\n";
        return false;
      }
      if (seen->effect == Observation::Effect::kForeign) return false;
      Status applied = rotator->apply(step(name), context);
      if (!applied && !told(applied.error()) && !isRetryable(applied.error())) return false;
    }
    return false;
  }
  bool undo(const std::string& name) {
    RotationContext context{store, systemRandom(), systemClock(), cluster, webIdentity};
    Status undone = rotatorFor(step(name))->undo(step(name), context);
    return undone || told(undone.error());
  }
  // Everything that leaves the rotator: errors, and the plan that the API shows.
  std::string toldSoFar() const {
    std::string all = said;
    for (const Step& s : plan.steps) all += s.manifest.dump() + s.name;
    for (const std::string& caveat : plan.caveats) all += caveat;
    return all;
  }

 private:
  bool told(const Error& error) {
    said += error.message + "\n";
    return false;
  }
};

}  // namespace firebreak::testing
