// When a console is asked again. Pure.
#pragma once

#include <chrono>
#include <string_view>

#include "firebreak/policy.h"

namespace firebreak::control {

// The policy's, within reason.
std::chrono::seconds probeInterval(const SecurityPolicy& policy);

// The policy's interval, a tenth more or less by `key`, so that a cluster's consoles are not all asked at
// once. One that did not answer `silentLooks` times in a row is asked again soon, then less and less
// often: a pod that starts or a rule that is being programmed is worth a second, a firewall is not.
std::chrono::milliseconds untilNextLook(std::chrono::seconds interval, int silentLooks,
                                        std::string_view key);

}  // namespace firebreak::control
