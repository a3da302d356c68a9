// A PodSpec as written in a manifest -> the observed PodSpec. Tolerates every wrong type, since the
// text may come from a template that was never applied. Pure; safe from any thread.
#pragma once

#include "base/json.h"
#include "firebreak/observed.h"

namespace firebreak::detect {

PodSpec podSpecOf(const Json& spec);
// One container; `fieldPath` is where it stands in the pod spec.
Container containerOf(const Json& container, Container::Role role, std::string fieldPath);

}  // namespace firebreak::detect
