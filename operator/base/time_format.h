// RFC 3339 times as the Kubernetes API writes and reads them. Stateless; safe from any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "firebreak/clock.h"

namespace firebreak {

// "2026-11-22T15:04:05Z": metav1.Time.
std::string formatTime(WallTime time);
// "2026-11-22T15:04:05.123456Z", exactly 6 digits: metav1.MicroTime (eventTime, Lease).
std::string formatMicroTime(WallTime time);
// Either form, with any number of fraction digits and Z or a numeric offset.
std::optional<WallTime> parseTime(std::string_view text);

}  // namespace firebreak
