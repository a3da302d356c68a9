#include "detect/miners/encoded_text.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdint>

#include "detect/inflate.h"

namespace firebreak::detect {
namespace {

// Shorter runs decode to fewer than 12 characters: no pool, wallet or command fits.
constexpr size_t kMinRun = 16;

int base64Digit(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == '+' || c == '-') return 62;
  if (c == '/' || c == '_') return 63;
  return -1;
}

int hexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool isSpace(char c) { return std::isspace(static_cast<unsigned char>(c)) != 0; }

}  // namespace

std::optional<std::string> decodeBase64(std::string_view text) {
  std::string out;
  uint32_t bits = 0;
  int held = 0;
  size_t digits = 0;
  size_t padding = 0;
  for (char c : text) {
    if (isSpace(c)) continue;
    if (c == '=') {
      ++padding;
      continue;
    }
    int digit = base64Digit(c);
    if (digit < 0 || padding > 0) return std::nullopt;
    ++digits;
    bits = (bits << 6) | static_cast<uint32_t>(digit);
    held += 6;
    if (held >= 8) {
      held -= 8;
      out += static_cast<char>((bits >> held) & 0xff);
    }
  }
  if (digits % 4 == 1 || padding > 2) return std::nullopt;
  return out;
}

std::optional<std::string> decodeHex(std::string_view text) {
  std::string out;
  int high = -1;
  for (char c : text) {
    if (isSpace(c)) continue;
    int digit = hexDigit(c);
    if (digit < 0) return std::nullopt;
    if (high < 0) {
      high = digit;
    } else {
      out += static_cast<char>(high * 16 + digit);
      high = -1;
    }
  }
  if (high >= 0) return std::nullopt;
  return out;
}

std::optional<std::string> decodeBase32(std::string_view text) {
  std::string out;
  uint32_t bits = 0;
  int held = 0;
  for (char c : text) {
    if (isSpace(c) || c == '=') continue;
    int digit = c >= 'A' && c <= 'Z' ? c - 'A' : c >= '2' && c <= '7' ? c - '2' + 26 : -1;
    if (digit < 0) return std::nullopt;
    bits = (bits << 5) | static_cast<uint32_t>(digit);
    held += 5;
    if (held < 8) continue;
    held -= 8;
    out += static_cast<char>((bits >> held) & 0xff);
  }
  return out;
}

bool isReadable(std::string_view text) {
  if (text.empty()) return false;
  return std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return (c >= 0x20 && c != 0x7f && c < 0x80) || c == '\n' || c == '\t' || c == '\r';
  });
}

std::string narrowed(std::string text) {
  if (text.size() < 4 || text.size() % 2 != 0) return text;
  for (size_t i = 1; i < text.size(); i += 2) {
    if (text[i] != '\0') return text;
  }
  std::string out;
  for (size_t i = 0; i < text.size(); i += 2) out += text[i];
  return out;
}

std::vector<std::string> encodedTexts(std::string_view word) {
  std::vector<std::string> out;
  if (word.size() >= 2 * kMinRun) {
    auto plain = decodeHex(word);
    if (plain && isReadable(*plain)) return {std::move(*plain)};
  }
  size_t pos = 0;
  while (pos < word.size()) {
    if (base64Digit(word[pos]) < 0) {
      ++pos;
      continue;
    }
    size_t end = pos;
    while (end < word.size() && base64Digit(word[end]) >= 0) ++end;
    std::string_view run = word.substr(pos, end - pos);
    // The alphabet holds '/', '-' and letters, so that what precedes may be part of the run: try
    // each of the four alignments and cut the tail to whole groups where needed.
    for (size_t skip = 0; skip < 4 && run.size() >= kMinRun + skip; ++skip) {
      std::string_view tail = run.substr(skip);
      if (tail.size() % 4 == 1) tail.remove_suffix(1);
      auto decoded = decodeBase64(tail);
      bool packed = decoded && (decoded->starts_with("\x1f\x8b") || decoded->starts_with("\x78"));
      if (packed) {
        if (auto text = inflated(*decoded, kMaxInflated)) decoded = std::move(text);
      }
      if (decoded) decoded = narrowed(std::move(*decoded));
      if (decoded && isReadable(*decoded)) {
        out.push_back(std::move(*decoded));
        break;
      }
    }
    pos = end;
  }
  return out;
}

}  // namespace firebreak::detect
