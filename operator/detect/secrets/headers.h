// Credentials in HTTP headers: Authorization with its value, written in a file, a command or as the
// name and value of an entry. Pure; safe from any thread.
#pragma once

#include <string_view>
#include <vector>

#include "detect/secrets/text_scan.h"

namespace firebreak::detect {

// "Authorization: Bearer x", "proxy_set_header Authorization \"Bearer x\"".
void scanHeaders(std::string_view text, std::vector<SecretHit>& hits);

// The value of a header of that name: {name: Authorization, value: Bearer x}.
void scanHeaderValue(std::string_view name, std::string_view value, std::vector<SecretHit>& hits);

}  // namespace firebreak::detect
