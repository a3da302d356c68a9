#include "base/digest.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <vector>

namespace firebreak {
namespace {

const unsigned char* bytes(std::string_view data) {
  return reinterpret_cast<const unsigned char*>(data.data());
}

}  // namespace

std::string hexEncode(std::string_view data) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string hex;
  hex.reserve(data.size() * 2);
  for (char c : data) {
    auto byte = static_cast<unsigned char>(c);
    hex += kDigits[byte >> 4];
    hex += kDigits[byte & 15U];
  }
  return hex;
}

std::string sha256Hex(std::string_view data) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  if (EVP_Digest(data.data(), data.size(), digest.data(), &size, EVP_sha256(), nullptr) != 1) {
    std::abort();
  }
  return hexEncode({reinterpret_cast<const char*>(digest.data()), size});
}

std::string hmacSha256Hex(std::string_view key, std::string_view data) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  if (HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), bytes(data), data.size(),
           digest.data(), &size) == nullptr) {
    std::abort();
  }
  return hexEncode({reinterpret_cast<const char*>(digest.data()), size});
}

bool equalDigests(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::string base64Encode(std::string_view data) {
  std::vector<unsigned char> out(4 * ((data.size() + 2) / 3) + 1);
  int size = EVP_EncodeBlock(out.data(), bytes(data), static_cast<int>(data.size()));
  return {reinterpret_cast<const char*>(out.data()), static_cast<size_t>(size)};
}

Result<std::string> base64Decode(std::string_view text) {
  std::string compact;
  compact.reserve(text.size());
  std::copy_if(text.begin(), text.end(), std::back_inserter(compact),
               [](char c) { return c != '\n' && c != '\r' && c != ' ' && c != '\t'; });
  if (compact.size() % 4 != 0) return fail(ErrorCode::kInvalid, "not base64: length");
  if (compact.empty()) return std::string();
  std::vector<unsigned char> out(compact.size() / 4 * 3);
  int size = EVP_DecodeBlock(out.data(), bytes(compact), static_cast<int>(compact.size()));
  if (size < 0) return fail(ErrorCode::kInvalid, "not base64: alphabet");
  // EVP_DecodeBlock counts the padding as zero bytes.
  auto padding = static_cast<size_t>(std::count(compact.end() - 2, compact.end(), '='));
  return std::string(reinterpret_cast<const char*>(out.data()),
                     static_cast<size_t>(size) - padding);
}

std::string randomBytes(size_t count) {
  std::string random(count, '\0');
  if (count > 0 && RAND_bytes(reinterpret_cast<unsigned char*>(random.data()),
                              static_cast<int>(count)) != 1) {
    std::abort();
  }
  return random;
}

}  // namespace firebreak
