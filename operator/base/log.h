// JSON logs, one line each on stderr: a constant message with keys and values. The line is encoded
// here and handed to spdlog whole, since spdlog's pattern does not escape the text.
// Safe from any thread. Never pass a secret value.
#pragma once

#include <string_view>

#include "base/json.h"

namespace firebreak::log {

enum class Level { kDebug, kInfo, kWarn, kError };

// Lines below this level are dropped; default kInfo.
void setLevel(Level level);

// log::info("pod isolated", {{"pod", name}, {"ms", 12}})
void write(Level level, std::string_view message, Json fields = Json::object());
void debug(std::string_view message, Json fields = Json::object());
void info(std::string_view message, Json fields = Json::object());
void warn(std::string_view message, Json fields = Json::object());
void error(std::string_view message, Json fields = Json::object());

}  // namespace firebreak::log
