#include "control/look_pace.h"

#include <algorithm>
#include <cstdint>

namespace firebreak::control {
namespace {

using std::chrono::milliseconds;

// The same text gives the same number in every process.
uint32_t fnv1a(std::string_view text) {
  uint32_t hash = 2166136261U;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619U;
  return hash;
}

}  // namespace

std::chrono::seconds probeInterval(const SecurityPolicy& policy) {
  constexpr int64_t kLeast = 5;
  return std::chrono::seconds(std::max(kLeast, policy.dashboards.probeIntervalSeconds));
}

milliseconds untilNextLook(std::chrono::seconds interval, int silentLooks, std::string_view key) {
  constexpr int kSoon = 10;          // looks, a second apart
  constexpr int kMostDoublings = 9;  // far beyond any interval that is sensible
  // 900 to 1100 thousandths.
  const milliseconds usual = milliseconds(interval) * (900 + fnv1a(key) % 201) / 1000;
  if (silentLooks == 0) return usual;
  const int doublings = std::clamp(silentLooks - kSoon, 0, kMostDoublings);
  return std::min(usual, milliseconds(1000) * (1 << doublings));
}

}  // namespace firebreak::control
