// RandomRotator: a shared token that nobody outside the cluster knows gets a new random value. Only
// for keys that the policy declares `nature: SharedToken`. There is nothing to revoke outside: the
// old value is gone when every consumer runs with the new one and the staging Secret is removed.
// Stateless; see rotator.h for who may call it.
#pragma once

#include "firebreak/rotator.h"

namespace firebreak::rotate {

class RandomRotator : public Rotator {
 public:
  std::string_view type() const override { return "Random"; }
  Status apply(const Step& step, RotationContext& context) const override;
  Result<Observation> observe(const Step& step, RotationContext& context) const override;
  Status undo(const Step& step, RotationContext& context) const override;
};

}  // namespace firebreak::rotate
