// Digests and encodings: SHA-256, HMAC-SHA256, base64, hexadecimal, random bytes (OpenSSL).
// A credential is only ever named by a keyed hash made here. Stateless; safe from any thread.
#pragma once

#include <string>
#include <string_view>

#include "firebreak/result.h"

namespace firebreak {

// Lower-case hexadecimal, 64 characters.
std::string sha256Hex(std::string_view data);
std::string hmacSha256Hex(std::string_view key, std::string_view data);
// Equal in constant time.
bool equalDigests(std::string_view a, std::string_view b);

std::string base64Encode(std::string_view data);
// Standard alphabet, padding required, white space ignored.
Result<std::string> base64Decode(std::string_view text);

std::string hexEncode(std::string_view data);
// From the operating system's generator; crashes where there is none (cannot happen).
std::string randomBytes(size_t count);

}  // namespace firebreak
