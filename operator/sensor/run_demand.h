// RunDemand: how many cores a process wants, whatever a loaded node gives it. A thread that is on a core
// or in the run queue all the time never sleeps; a server's thread waits for work and so does, however
// long the queue is. Pure: times come in as arguments. Not thread-safe.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string_view>

#include "firebreak/clock.h"

namespace firebreak::sensor {

// /proc/PID/task/TID/schedstat: nanoseconds on a core and in the run queue, both together.
std::optional<uint64_t> parseRunnable(std::string_view text);

class RunDemand {
 public:
  // What each thread has been runnable for since it began.
  void add(MonoTime time, std::map<pid_t, uint64_t> threads);

  // Threads that did not sleep between the last two looks, each as the core that it wants; 0 before the
  // second look.
  double cores() const { return cores_; }

 private:
  MonoTime time_{};
  std::map<pid_t, uint64_t> threads_;
  double cores_ = 0;
};

}  // namespace firebreak::sensor
