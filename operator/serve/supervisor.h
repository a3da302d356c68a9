// The process between the operator and the one that serves HTTP. It is forked before the operator
// reads any credential, so that its children, however often they are started again, never had one
// in memory; forking them from the operator, which has threads by then, would not be safe either.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>

namespace firebreak::serve {

struct SupervisorOptions {
  int fd = -1;
  std::string address;
  std::chrono::milliseconds deadline{};
  size_t memoryBytes = 0;
  int operatorPid = 0;
};

// Never returns. Ends with the operator (whose death the kernel reports).
[[noreturn]] void supervise(const SupervisorOptions& options);

}  // namespace firebreak::serve
