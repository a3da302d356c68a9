#include "remediate/rotate/windows.h"

#include <algorithm>
#include <array>
#include <cstdio>

namespace firebreak::rotate {
namespace {

using std::chrono::days;
using std::chrono::seconds;

constexpr std::array<const char*, 7> kDays = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                              "Thursday", "Friday", "Saturday"};

bool beginsOn(const Json& window, std::chrono::sys_days day) {
  auto wanted = stringsOf(member(window, "days"));
  const char* name = kDays.at(std::chrono::weekday(day).c_encoding());
  return wanted.empty() || std::find(wanted.begin(), wanted.end(), name) != wanted.end();
}

// "HH:MM" after midnight; the API server has checked its form.
std::optional<seconds> startOf(const Json& window) {
  int hour = 0;
  int minute = 0;
  std::string text = stringOr(member(window, "start"));
  if (std::sscanf(text.c_str(), "%2d:%2d", &hour, &minute) != 2) return std::nullopt;
  return std::chrono::hours(hour) + std::chrono::minutes(minute);
}

}  // namespace

std::optional<WallTime> nextWindow(const Json& windows, WallTime now) {
  std::optional<WallTime> next;
  auto today = std::chrono::floor<days>(now);
  for (const Json& window : windows) {
    auto start = startOf(window);
    seconds length(intOr(member(window, "durationSeconds"), 0));
    if (!start || length <= seconds(0)) continue;
    // One that began a week ago may still be open; the next begins within a week.
    for (int offset = -7; offset <= 7; ++offset) {
      auto day = today + days(offset);
      if (!beginsOn(window, day)) continue;
      WallTime opens = day + *start;
      if (opens <= now && now < opens + length) return std::nullopt;
      if (opens > now && (!next || opens < *next)) next = opens;
    }
  }
  return next;
}

}  // namespace firebreak::rotate
