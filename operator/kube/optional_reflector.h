// OptionalReflector: a Reflector for a kind that may not be there (Gateway API routes, cert-manager,
// external-secrets). Discovery is asked now and then: the kind is watched when its CRD appears, in
// the first of several versions that is served, and when it goes its objects are told as deleted.
// No restart, no right to read CRDs.
// Owned by whoever owns the sink; start and stop from any thread but the I/O thread. The sink is
// called as a Reflector calls it: on the I/O thread, one call at a time. A kind that is not there
// counts as an empty list, so that nobody waits for it.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <vector>

#include "kube/watch.h"

namespace firebreak::kube {

struct OptionalTarget {
  // The same kind in several versions, the preferred one first. Constants: the texts are not copied.
  std::vector<ResourceType> versions;
  std::string ns{};  // empty = all namespaces
  bool metadataOnly = false;
  bool readOversized = false;
};

class OptionalReflector {
 public:
  OptionalReflector(Transport& transport, OptionalTarget target, WatchSink& sink,
                    WatchOptions options = {},
                    std::chrono::milliseconds lookEvery = std::chrono::seconds(30));
  ~OptionalReflector();  // stops
  OptionalReflector(const OptionalReflector&) = delete;
  OptionalReflector& operator=(const OptionalReflector&) = delete;

  void start();
  // No call to the sink comes after this returned.
  void stop();
  // What is watched at the moment.
  std::optional<ResourceType> watched() const;

 private:
  class Driver;
  std::shared_ptr<Driver> driver_;
};

}  // namespace firebreak::kube
