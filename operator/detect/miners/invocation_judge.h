// The signals of one program with its words. Pure; safe from any thread.
#pragma once

#include <functional>
#include <string>

#include "detect/miners/command_reader.h"
#include "detect/miners/command_signals.h"
#include "detect/miners/scorecard.h"

namespace firebreak::detect {

void judgeInvocation(const Invocation& invocation, const MinerSignatures& extra,
                     const std::function<std::string(size_t)>& pathOf, Scorecard* card);

}  // namespace firebreak::detect
