// `firebreak report`: one page for the people who ask afterwards what happened: every Remediation
// with what was seen, what was done step by step, who decided, and how it ended. Reads Firebreak's
// own objects only, which hold no secret's value. Exit: 0 written, 1 refused, 2 bad usage.
#pragma once

#include <string>
#include <vector>

#include "firebreak/clock.h"
#include "firebreak/remediation.h"

namespace firebreak {

int runReport(int argc, char** argv);

// The page; newest Remediation first.
std::string reportPage(std::vector<Remediation> remediations, WallTime now);

}  // namespace firebreak
