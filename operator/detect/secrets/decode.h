// Looking through encodings: base64 in either alphabet, gzip. Bounded: a decoded text is at most
// kMaxDecoded bytes. Pure; safe from any thread.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace firebreak::detect {

inline constexpr size_t kMaxDecoded = 4U << 20U;

// Either alphabet, with or without padding; empty where it is no base64.
std::string decodeBase64Loosely(std::string_view text);

// What a whole value says once base64 and gzip are taken off: readable text, or nothing.
std::optional<std::string> decodeToText(std::string_view value);
// Bytes that may be gzip: readable text, or nothing.
std::optional<std::string> textOfBytes(std::string_view bytes);

// Base64 runs inside a longer text that decode to readable text, with the offset of each.
struct EmbeddedText {
  size_t offset = 0;
  size_t size = 0;  // of the encoded run
  std::string text;
};
std::vector<EmbeddedText> embeddedTexts(std::string_view text);

}  // namespace firebreak::detect
