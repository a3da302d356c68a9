#include "detect/secrets/decode.h"

#include <openssl/crypto.h>

#include <algorithm>
#include <array>
#include <cstdint>

#include "detect/inflate.h"

namespace firebreak::detect {
namespace {

// Shorter runs are names and paths.
constexpr size_t kMinEmbedded = 40;
constexpr size_t kMaxEmbedded = 64;

// 0-63, 64 for white space, 65 for the padding, 255 for what is no base64.
constexpr std::array<uint8_t, 256> makeAlphabet() {
  std::array<uint8_t, 256> table{};
  for (auto& entry : table) entry = 255;
  for (uint8_t i = 0; i < 26; ++i) {
    table[static_cast<size_t>('A') + i] = i;
    table[static_cast<size_t>('a') + i] = static_cast<uint8_t>(26 + i);
  }
  for (uint8_t i = 0; i < 10; ++i)
    table[static_cast<size_t>('0') + i] = static_cast<uint8_t>(52 + i);
  table['+'] = table['-'] = 62;
  table['/'] = table['_'] = 63;
  table[' '] = table['\n'] = table['\r'] = table['\t'] = 64;
  table['='] = 65;
  return table;
}
constexpr auto kAlphabet = makeAlphabet();

uint8_t codeOf(char c) { return kAlphabet.at(static_cast<unsigned char>(c)); }

bool isReadable(std::string_view text) {
  if (text.size() < 6) return false;
  size_t odd = 0;
  for (char c : text) {
    auto byte = static_cast<unsigned char>(c);
    if (byte == 0) return false;
    if (byte < 0x20 && c != '\n' && c != '\t' && c != '\r') ++odd;
    if (byte >= 0x7f) ++odd;
  }
  return odd * 50 <= text.size();
}

bool isGzip(std::string_view bytes) {
  return bytes.size() > 18 && bytes[0] == '\x1f' && bytes[1] == '\x8b' && bytes[2] == '\x08';
}

// No digest is the hexadecimal form of printable text by chance.
std::string decodeHex(std::string_view value) {
  std::string out;
  if (value.size() % 2 != 0 || value.size() < 24 || value.size() > kMaxDecoded) return out;
  auto digit = [](char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
  };
  out.reserve(value.size() / 2);
  for (size_t i = 0; i < value.size(); i += 2) {
    int high = digit(value[i]);
    int low = digit(value[i + 1]);
    if (high < 2 || high > 7 || low < 0) {
      OPENSSL_cleanse(out.data(), out.size());
      return {};
    }
    out += static_cast<char>(high * 16 + low);
  }
  return out;
}

}  // namespace

std::string decodeBase64Loosely(std::string_view text) {
  std::string out;
  if (text.size() > kMaxDecoded) return out;
  out.reserve(text.size() / 4 * 3 + 3);
  uint32_t bits = 0;
  unsigned count = 0;
  size_t symbols = 0;
  bool padded = false;
  for (char c : text) {
    uint8_t code = codeOf(c);
    if (code == 64) continue;
    if (code == 65) {
      padded = true;
      continue;
    }
    if (code == 255 || padded) return {};
    ++symbols;
    bits = bits << 6U | code;
    count += 6;
    if (count >= 8) {
      count -= 8;
      out += static_cast<char>(bits >> count & 0xffU);
    }
  }
  if (symbols % 4 == 1) return {};
  return out;
}

std::optional<std::string> textOfBytes(std::string_view bytes) {
  if (isGzip(bytes)) {
    auto plain = inflated(bytes, kMaxDecoded);
    if (plain && isReadable(*plain)) return plain;
    return std::nullopt;
  }
  if (isReadable(bytes)) return std::string(bytes);
  return std::nullopt;
}

std::optional<std::string> decodeToText(std::string_view value) {
  // Eight characters of base64 are no text by chance.
  if (value.size() < 12 && value.size() != 8) return std::nullopt;
  std::string plain = decodeHex(value);
  if (!plain.empty() && isReadable(plain)) return plain;
  OPENSSL_cleanse(plain.data(), plain.size());
  std::string bytes = decodeBase64Loosely(value);
  if (bytes.empty()) return std::nullopt;
  return textOfBytes(bytes);
}

std::vector<EmbeddedText> embeddedTexts(std::string_view text) {
  std::vector<EmbeddedText> found;
  for (size_t at = 0; at < text.size() && found.size() < kMaxEmbedded;) {
    size_t end = at;
    while (end < text.size() && codeOf(text[end]) < 64) ++end;
    size_t letters = end;
    while (end < text.size() && text[end] == '=' && end - letters < 2) ++end;
    if (letters - at >= kMinEmbedded) {
      if (auto plain = decodeToText(text.substr(at, end - at))) {
        found.push_back({at, end - at, std::move(*plain)});
      }
    }
    at = std::max(end, at + 1);
  }
  return found;
}

}  // namespace firebreak::detect
