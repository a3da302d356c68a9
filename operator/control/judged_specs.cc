#include "control/judged_specs.h"

#include <algorithm>

namespace firebreak::control {

bool JudgedSpecs::saysNothing(const std::shared_ptr<const PodSpec>& spec,
                              const ObjectRef& controller, const SecurityPolicy& policy) const {
  const Judged wanted{spec, controller, policy.uid, policy.generation};
  std::lock_guard lock(mutex_);
  return std::find(judged_.begin(), judged_.end(), wanted) != judged_.end();
}

void JudgedSpecs::remember(std::shared_ptr<const PodSpec> spec, const ObjectRef& controller,
                           const SecurityPolicy& policy) {
  Judged judged{std::move(spec), controller, policy.uid, policy.generation};
  std::lock_guard lock(mutex_);
  // What is let go of is destroyed once the lock is.
  std::swap(judged_[next_], judged);
  next_ = (next_ + 1) % judged_.size();
}

}  // namespace firebreak::control
