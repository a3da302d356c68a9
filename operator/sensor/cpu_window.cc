#include "sensor/cpu_window.h"

#include <cmath>

namespace firebreak::sensor {
namespace {

constexpr std::chrono::seconds kWindow{60};
// Fewer intervals than this say nothing about evenness.
constexpr size_t kSamplesForVariation = 4;

double secondsBetween(MonoTime from, MonoTime to) {
  return std::chrono::duration<double>(to - from).count();
}

}  // namespace

void CpuWindow::add(MonoTime time, uint64_t ticks, int64_t perSecond) {
  const double used = static_cast<double>(ticks) / static_cast<double>(perSecond);
  // A counter that went back is another process.
  if (!samples_.empty() && used < samples_.back().cpuSeconds) samples_.clear();
  if (!samples_.empty() && time <= samples_.back().time) return;
  samples_.push_back({time, used});
  while (samples_.size() > 2 && time - samples_[1].time >= kWindow) samples_.pop_front();
}

double CpuWindow::cores() const {
  if (samples_.size() < 2) return 0;
  return (samples_.back().cpuSeconds - samples_.front().cpuSeconds) / seconds();
}

double CpuWindow::seconds() const {
  return samples_.size() < 2 ? 0 : secondsBetween(samples_.front().time, samples_.back().time);
}

double CpuWindow::variation() const {
  const double mean = cores();
  if (samples_.size() <= kSamplesForVariation || mean <= 0) return -1;
  double squares = 0;
  for (size_t i = 1; i < samples_.size(); ++i) {
    const double share = (samples_[i].cpuSeconds - samples_[i - 1].cpuSeconds) /
                         secondsBetween(samples_[i - 1].time, samples_[i].time);
    squares += (share - mean) * (share - mean);
  }
  return std::sqrt(squares / static_cast<double>(samples_.size() - 1)) / mean;
}

}  // namespace firebreak::sensor
