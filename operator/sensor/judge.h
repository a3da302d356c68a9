// From what the sensor saw of a process to the words of the miner signatures (detect/miners), which
// are the only place that knows what a miner looks like. Pure; safe from any thread.
#pragma once

#include "sensor/observation.h"

namespace firebreak::sensor {

Verdict judgeProcess(const ProcessObservation& process);

}  // namespace firebreak::sensor
