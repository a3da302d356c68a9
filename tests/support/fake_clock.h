// FakeClock: time that a test moves. Safe for concurrent use.
#pragma once

#include <atomic>
#include <chrono>

#include "firebreak/clock.h"

namespace firebreak {

class FakeClock : public Clock {
 public:
  WallTime wall() const override {
    return WallTime(std::chrono::seconds(1'795'359'845)) +
           std::chrono::duration_cast<WallTime::duration>(std::chrono::nanoseconds(now_.load()));
  }
  MonoTime mono() const override {
    return MonoTime(std::chrono::hours(1)) + std::chrono::nanoseconds(now_.load());
  }
  void advance(std::chrono::nanoseconds by) { now_ += by.count(); }

 private:
  std::atomic<int64_t> now_{0};
};

}  // namespace firebreak
