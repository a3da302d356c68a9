// CpuWindow: how much CPU one process used over the last minute or so, and how evenly. A miner is
// flat: the same share in every interval. Pure: times come in as arguments. Not thread-safe.
#pragma once

#include <cstdint>
#include <deque>

#include "firebreak/clock.h"

namespace firebreak::sensor {

class CpuWindow {
 public:
  // `ticks` is what stat counts (user + system), `perSecond` its unit (sysconf(_SC_CLK_TCK)).
  void add(MonoTime time, uint64_t ticks, int64_t perSecond);

  // Cores used on average over the window; 0 before the second sample.
  double cores() const;
  // Standard deviation over mean of the samples' shares; 0 = perfectly flat, -1 = unknown yet.
  double variation() const;
  // Seconds that the window covers.
  double seconds() const;

 private:
  struct Sample {
    MonoTime time;
    double cpuSeconds;
  };
  std::deque<Sample> samples_;
};

}  // namespace firebreak::sensor
