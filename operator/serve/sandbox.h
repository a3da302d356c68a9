// Takes from the process that serves HTTP whatever it does not need: environment, descriptors,
// files, outgoing connections, new programs. What can be flooded or broken into then holds no
// credential and cannot fetch one. Called once, in a process of its own, before its first thread.
#pragma once

#include "firebreak/result.h"

namespace firebreak::serve {

// Keeps stdin (as /dev/null), stdout, stderr and `keepFd`. No new privileges, no core dump, not
// traceable. Files are closed by Landlock where the kernel has it, and by a system call filter
// everywhere: both fail with EACCES.
Status dropRights(int keepFd);

// The address space that this process uses now, plus `extra`, becomes its limit; does nothing under
// the sanitizers, which reserve terabytes.
Status limitMemory(size_t extraBytes);

}  // namespace firebreak::serve
