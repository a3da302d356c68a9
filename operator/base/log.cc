#include "base/log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include "base/time_format.h"

namespace firebreak::log {
namespace {

spdlog::logger& logger() {
  static std::shared_ptr<spdlog::logger> logger = [] {
    auto made = std::make_shared<spdlog::logger>("firebreak",
                                                 std::make_shared<spdlog::sinks::stderr_sink_mt>());
    made->set_pattern("%v");
    made->set_level(spdlog::level::info);
    made->flush_on(spdlog::level::info);
    return made;
  }();
  return *logger;
}

spdlog::level::level_enum spdlogLevel(Level level) {
  switch (level) {
    case Level::kDebug:
      return spdlog::level::debug;
    case Level::kInfo:
      return spdlog::level::info;
    case Level::kWarn:
      return spdlog::level::warn;
    case Level::kError:
      return spdlog::level::err;
  }
  return spdlog::level::err;
}

constexpr std::string_view kLevelNames[] = {"debug", "info", "warn", "error"};

}  // namespace

void setLevel(Level level) { logger().set_level(spdlogLevel(level)); }

void write(Level level, std::string_view message, Json fields) {
  if (!logger().should_log(spdlogLevel(level))) return;
  nlohmann::ordered_json line;
  line["ts"] = formatMicroTime(systemClock().wall());
  line["level"] = kLevelNames[static_cast<size_t>(level)];
  line["msg"] = message;
  if (fields.is_object()) {
    for (auto& [key, value] : fields.items()) line[key] = value;
  }
  logger().log(spdlogLevel(level), "{}",
               line.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
}

void debug(std::string_view message, Json fields) {
  write(Level::kDebug, message, std::move(fields));
}
void info(std::string_view message, Json fields) { write(Level::kInfo, message, std::move(fields)); }
void warn(std::string_view message, Json fields) { write(Level::kWarn, message, std::move(fields)); }
void error(std::string_view message, Json fields) {
  write(Level::kError, message, std::move(fields));
}

}  // namespace firebreak::log
