// JSON without exceptions: parsing into Result, reading members that may be absent or of the wrong
// type, and dumping text that may hold bad UTF-8. Stateless; safe from any thread.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "firebreak/result.h"

namespace firebreak {

using Json = nlohmann::json;

// `what` names the input in the error message ("policy default", "kubeconfig /root/.kube/config").
Result<Json> parseJson(std::string_view text, std::string_view what);

// One line; bytes that are not UTF-8 become U+FFFD instead of an exception.
std::string dumpJson(const Json& value);
// The same, indented by two spaces.
std::string dumpJsonPretty(const Json& value);

// The member at `path` of nested objects, or a null that lives for ever; never throws.
const Json& member(const Json& object, std::string_view key);
const Json& member(const Json& object, std::initializer_list<std::string_view> path);

// The value where it has that type, else the fallback.
std::string stringOr(const Json& value, std::string_view fallback = "");
int64_t intOr(const Json& value, int64_t fallback);
bool boolOr(const Json& value, bool fallback);
std::vector<std::string> stringsOf(const Json& array);

// "a/b~c" -> "a~1b~0c": one token of a JSON pointer (RFC 6901).
std::string escapePointerToken(std::string_view token);

}  // namespace firebreak
