#include "base/json.h"

#include "base/json_depth.h"

namespace firebreak {

Result<Json> parseJson(std::string_view text, std::string_view what) {
  if (nestsDeeperThan(text, kMaxJsonDepth)) {
    return fail(ErrorCode::kInvalid, std::string(what) + " nests too deep");
  }
  Json value = Json::parse(text.begin(), text.end(), nullptr, /*allow_exceptions=*/false);
  if (value.is_discarded()) {
    return fail(ErrorCode::kInvalid, std::string(what) + " is not valid JSON");
  }
  return value;
}

std::string dumpJson(const Json& value) {
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string dumpJsonPretty(const Json& value) {
  return value.dump(2, ' ', false, Json::error_handler_t::replace);
}

const Json& member(const Json& object, std::string_view key) {
  static const Json kNull;
  if (!object.is_object()) return kNull;
  auto found = object.find(key);
  return found == object.end() ? kNull : *found;
}

const Json& member(const Json& object, std::initializer_list<std::string_view> path) {
  const Json* value = &object;
  for (std::string_view key : path) value = &member(*value, key);
  return *value;
}

std::string stringOr(const Json& value, std::string_view fallback) {
  return value.is_string() ? value.get<std::string>() : std::string(fallback);
}

int64_t intOr(const Json& value, int64_t fallback) {
  return value.is_number_integer() ? value.get<int64_t>() : fallback;
}

bool boolOr(const Json& value, bool fallback) {
  return value.is_boolean() ? value.get<bool>() : fallback;
}

std::vector<std::string> stringsOf(const Json& array) {
  std::vector<std::string> strings;
  if (!array.is_array()) return strings;
  for (const Json& element : array) {
    if (element.is_string()) strings.push_back(element.get<std::string>());
  }
  return strings;
}

std::string escapePointerToken(std::string_view token) {
  std::string escaped;
  for (char c : token) {
    if (c == '~') {
      escaped += "~0";
    } else if (c == '/') {
      escaped += "~1";
    } else {
      escaped += c;
    }
  }
  return escaped;
}

}  // namespace firebreak
