// Clock: the only source of time. The pure parts take times as arguments; the drivers hold a Clock,
// so that a test can move time without sleeping. Implementations are safe for concurrent use.
#pragma once

#include <chrono>

namespace firebreak {

// Wall time, for what people read (status fields, Events, expiries that a person wrote down).
using WallTime = std::chrono::system_clock::time_point;
// Monotonic time, for leases, delays and deadlines: never jumps.
using MonoTime = std::chrono::steady_clock::time_point;

class Clock {
 public:
  virtual ~Clock() = default;
  virtual WallTime wall() const = 0;
  virtual MonoTime mono() const = 0;
};

// The real clock of this machine; lives as long as the process.
Clock& systemClock();

}  // namespace firebreak
