// No core dump: a crash must not write credentials, or values on their way between Secrets, to a node's
// disk. For the beginning of a process, before its first credential.
#pragma once

#include "firebreak/result.h"

namespace firebreak {

// Of this process and of those that it forks. Takes the right to look into its memory from everybody
// without CAP_SYS_PTRACE too.
Status forbidCoreDumps();

}  // namespace firebreak
