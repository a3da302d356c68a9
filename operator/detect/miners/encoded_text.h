// Texts hidden in words by base64 or hexadecimal, found by decoding them. Pure; safe from any
// thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace firebreak::detect {

// Decodes the whole text as base64 (either alphabet, padding optional, white space ignored);
// nothing where it is none.
std::optional<std::string> decodeBase64(std::string_view text);
// "xxd -r -p": pairs of hexadecimal digits, white space ignored.
std::optional<std::string> decodeHex(std::string_view text);

// Of what stands packed in a command line no more is read.
inline constexpr size_t kMaxInflated = size_t{1024} * 1024;

// Every readable text that stands in `word` as base64 (packed or not), whatever precedes it, or as hexadecimal
// ("data:...;base64,", "PAYLOAD="). Readable means printable UTF-8 or ASCII; binaries and random
// bytes give nothing.
std::vector<std::string> encodedTexts(std::string_view word);

// RFC 4648's alphabet, padding optional, white space ignored.
std::optional<std::string> decodeBase32(std::string_view text);

bool isReadable(std::string_view text);
// UTF-16LE of ASCII characters, as PowerShell encodes its commands, as ASCII; anything else as it is.
std::string narrowed(std::string text);

}  // namespace firebreak::detect
