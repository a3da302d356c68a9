// Who wrote this journal? A Remediation is a journal, not a command: one that this operator did not make
// or seal is shown as such and never followed, whatever the admission policies let through. Pure.
#pragma once

#include <string>

#include "remediate/next.h"

namespace firebreak::remediate {

// Why the Remediation is not followed; empty where it is the operator's own.
std::string distrust(const Situation& situation);
// Says so in the conditions, once; nothing else is written, no Event either.
Move ignore(const Situation& situation, const std::string& why);

}  // namespace firebreak::remediate
