// JudgedSpecs: pod specs that were judged a moment ago and found to say nothing, so that the other pods of their
// owners need not be read: a pod takes a millisecond, and pods of one template share their spec.
// Holds a handful, and keeps them alive meanwhile. Thread-safe.
#pragma once

#include <array>
#include <memory>
#include <mutex>

#include "firebreak/observed.h"
#include "firebreak/policy.h"

namespace firebreak::control {

class JudgedSpecs {
 public:
  // Whether this spec said nothing under this policy as it is now, in pods of this controller.
  bool saysNothing(const std::shared_ptr<const PodSpec>& spec, const ObjectRef& controller,
                   const SecurityPolicy& policy) const;
  void remember(std::shared_ptr<const PodSpec> spec, const ObjectRef& controller,
                const SecurityPolicy& policy);

 private:
  struct Judged {
    std::shared_ptr<const PodSpec> spec;
    ObjectRef controller;
    std::string policyUid;
    int64_t generation = 0;

    bool operator==(const Judged&) const = default;
  };

  mutable std::mutex mutex_;
  std::array<Judged, 32> judged_;
  size_t next_ = 0;
};

}  // namespace firebreak::control
