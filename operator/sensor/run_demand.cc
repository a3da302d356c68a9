#include "sensor/run_demand.h"

#include <charconv>
#include <utility>

namespace firebreak::sensor {
namespace {

// Measured: three loops at nice 19 that got 2 % of a core each were runnable for 100.5 % of the time. The
// kernel books a wait when it ends, so that the last one may be missing.
constexpr double kNeverSleeps = 0.9;

}  // namespace

std::optional<uint64_t> parseRunnable(std::string_view text) {
  uint64_t onCore = 0, waited = 0;
  const char* end = text.data() + text.size();
  auto [space, error] = std::from_chars(text.data(), end, onCore);
  if (error != std::errc() || space == end || *space != ' ') return std::nullopt;
  const auto second = std::from_chars(space + 1, end, waited);
  if (second.ec != std::errc()) return std::nullopt;
  return onCore + waited;
}

void RunDemand::add(MonoTime time, std::map<pid_t, uint64_t> threads) {
  const double nanos = std::chrono::duration<double, std::nano>(time - time_).count();
  cores_ = 0;
  for (const auto& [thread, runnable] : threads) {
    const auto before = threads_.find(thread);
    if (before == threads_.end() || runnable < before->second || nanos <= 0) continue;
    if (static_cast<double>(runnable - before->second) >= kNeverSleeps * nanos) ++cores_;
  }
  time_ = time;
  threads_ = std::move(threads);
}

}  // namespace firebreak::sensor
