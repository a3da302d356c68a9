// Writes one Event under its fixed name: what exists already was written before and is taken as done.
// Blocking, from a worker.
#pragma once

#include <string>

#include "kube/client.h"
#include "kube/events.h"

namespace firebreak::control {

// An error only where trying again may help: a namespace that goes away takes no Events.
Status writeEvent(kube::Client& client, const std::string& instance, const kube::EventSpec& spec);

}  // namespace firebreak::control
