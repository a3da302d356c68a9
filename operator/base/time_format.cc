#include "base/time_format.h"

#include <array>
#include <charconv>
#include <chrono>
#include <cstdio>

namespace firebreak {
namespace {

using std::chrono::microseconds;
using std::chrono::seconds;

std::string formatSeconds(WallTime time, const char* suffix) {
  std::time_t whole = std::chrono::system_clock::to_time_t(
      std::chrono::time_point_cast<std::chrono::system_clock::duration>(
          std::chrono::floor<seconds>(time)));
  std::tm parts{};
  gmtime_r(&whole, &parts);
  std::array<char, 32> text{};
  size_t size = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &parts);
  return std::string(text.data(), size) + suffix;
}

// The number at [at, at+digits), or -1.
int number(std::string_view text, size_t at, size_t digits) {
  if (at + digits > text.size()) return -1;
  int value = 0;
  auto [end, error] = std::from_chars(text.data() + at, text.data() + at + digits, value);
  return error == std::errc() && end == text.data() + at + digits ? value : -1;
}

}  // namespace

std::string formatTime(WallTime time) { return formatSeconds(time, "Z"); }

std::string formatMicroTime(WallTime time) {
  auto micros = std::chrono::floor<microseconds>(time) - std::chrono::floor<seconds>(time);
  std::array<char, 16> fraction{};
  std::snprintf(fraction.data(), fraction.size(), ".%06dZ", static_cast<int>(micros.count()));
  return formatSeconds(time, fraction.data());
}

std::optional<WallTime> parseTime(std::string_view text) {
  if (text.size() < 20 || text[4] != '-' || text[7] != '-' ||
      (text[10] != 'T' && text[10] != 't') || text[13] != ':' || text[16] != ':') {
    return std::nullopt;
  }
  using std::chrono::day;
  using std::chrono::month;
  using std::chrono::year;
  std::chrono::year_month_day date{year{number(text, 0, 4)},
                                   month{static_cast<unsigned>(number(text, 5, 2))},
                                   day{static_cast<unsigned>(number(text, 8, 2))}};
  int hour = number(text, 11, 2);
  int minute = number(text, 14, 2);
  int second = number(text, 17, 2);
  if (!date.ok() || hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 ||
      second > 60) {
    return std::nullopt;
  }
  size_t at = 19;
  microseconds fraction{0};
  if (text[at] == '.') {
    int64_t scale = 100000;
    for (++at; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at) {
      fraction += microseconds{(text[at] - '0') * scale};
      scale /= 10;
    }
  }
  std::chrono::minutes offset{0};
  std::string_view zone = text.substr(at);
  if (zone != "Z" && zone != "z") {
    int hours = number(zone, 1, 2);
    int minutes = number(zone, 4, 2);
    if (zone.size() != 6 || (zone[0] != '+' && zone[0] != '-') || hours < 0 || minutes < 0) {
      return std::nullopt;
    }
    offset = std::chrono::minutes{hours * 60 + minutes};
    if (zone[0] == '-') offset = -offset;
  }
  return WallTime{std::chrono::sys_days{date}} + std::chrono::hours{hour} +
         std::chrono::minutes{minute} + seconds{second} + fraction - offset;
}

}  // namespace firebreak
