#include "detect/secrets/key_material.h"

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cstdint>
#include <memory>
#include <string>

#include "base/json.h"
#include "detect/secrets/decode.h"
#include "detect/secrets/value_shape.h"

namespace firebreak::detect {
namespace {

// One PEM line after the other, without what a YAML, JSON or shell text put around them.
std::string plainPem(std::string_view block) {
  std::string text;
  for (size_t i = 0; i < block.size(); ++i) {
    if (block[i] == '\\' && i + 1 < block.size()) {
      char next = block[i + 1];
      if (next == 'n') text += '\n';
      // "\\n" within a JSON text inside a JSON text; "\r" and "\/" are dropped.
      if (next == '/') text += '/';
      if (next != '\\') ++i;
      continue;
    }
    if (block[i] != '\r' && block[i] != '"' && block[i] != '\'') text += block[i];
  }
  std::string pem;
  for (size_t at = 0; at < text.size();) {
    size_t end = std::min(text.find('\n', at), text.size());
    std::string_view line = std::string_view(text).substr(at, end - at);
    size_t first = line.find_first_not_of(" \t#|>");
    size_t last = line.find_last_not_of(" \t,;");
    if (first != std::string_view::npos && last >= first) {
      pem.append(line.substr(first, last - first + 1)).append("\n");
    }
    at = end + 1;
  }
  OPENSSL_cleanse(text.data(), text.size());
  return pem;
}

int noPassphrase(char*, int, int, void*) { return -1; }

bool parsesAsPrivateKey(const std::string& pem) {
  std::unique_ptr<BIO, decltype(&BIO_free)> bio(
      BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), &BIO_free);
  std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(
      PEM_read_bio_PrivateKey(bio.get(), nullptr, &noPassphrase, nullptr), &EVP_PKEY_free);
  ERR_clear_error();
  return key != nullptr;
}

// The base64 between the two marks.
std::string bodyOf(std::string_view pem) {
  std::string body;
  size_t at = pem.find('\n');
  size_t end = pem.rfind("-----END");
  if (at == std::string_view::npos) {
    // All on one line, as an environment variable may hold it.
    at = pem.find("-----", 11);
    at = at == std::string_view::npos ? 0 : at + 5;
  }
  for (; at < std::min(end, pem.size()); ++at) {
    if (pem[at] != '\n' && pem[at] != ' ') body += pem[at];
  }
  return body;
}

std::string rewrapped(std::string_view pem, std::string_view body) {
  size_t open = pem.find("-----", 11);
  size_t close = pem.rfind("-----END");
  if (open == std::string_view::npos || close == std::string_view::npos) return {};
  std::string text(pem.substr(0, open + 5));
  for (size_t at = 0; at < body.size(); at += 64) text.append("\n").append(body.substr(at, 64));
  return text.append("\n").append(pem.substr(close));
}

// The length-prefixed string at *at of the OpenSSH format (PROTOCOL.key), or empty.
std::string_view sshString(std::string_view data, size_t* at) {
  if (*at + 4 > data.size()) return {};
  uint32_t size = 0;
  for (size_t i = 0; i < 4; ++i) size = size << 8U | static_cast<unsigned char>(data[*at + i]);
  *at += 4;
  if (size > data.size() - *at) return {};
  std::string_view value = data.substr(*at, size);
  *at += size;
  return value;
}

KeyVerdict judgeOpenSsh(std::string_view body) {
  constexpr std::string_view kMagic{"openssh-key-v1\0", 15};
  std::string data = decodeBase64Loosely(body);
  KeyVerdict verdict = KeyVerdict::kUnproven;
  if (!data.starts_with(kMagic)) {
    verdict = looksRandom(body) ? KeyVerdict::kUnproven : KeyVerdict::kNotAKey;
  } else {
    size_t at = kMagic.size();
    std::string_view cipher = sshString(data, &at);
    sshString(data, &at);  // kdf
    sshString(data, &at);  // kdf options
    at += 4;               // number of keys
    std::string_view publicPart = sshString(data, &at);
    std::string_view privatePart = sshString(data, &at);
    if (cipher == "none" && !publicPart.empty() && privatePart.size() >= 64) {
      verdict = KeyVerdict::kPrivateKey;
    }
  }
  OPENSSL_cleanse(data.data(), data.size());
  return verdict;
}

std::string base62(uint32_t value, size_t width) {
  constexpr std::string_view kAlphabet =
      "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  std::string text(width, '0');
  for (size_t i = width; i-- > 0; value /= 62) text[i] = kAlphabet[value % 62];
  return text;
}

uint32_t crc32Of(std::string_view text) {
  return static_cast<uint32_t>(
      crc32(0, reinterpret_cast<const Bytef*>(text.data()), static_cast<uInt>(text.size())));
}

// BIP 173: the checksum of an upper-case bech32 text.
bool bech32Holds(std::string_view text) {
  constexpr std::string_view kAlphabet = "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L";
  constexpr std::array<uint32_t, 5> kGenerator = {0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd,
                                                  0x2a1462b3};
  size_t split = text.rfind('1');
  if (split == std::string_view::npos) return false;
  uint32_t sum = 1;
  auto add = [&](uint32_t value) {
    uint32_t top = sum >> 25U;
    sum = (sum & 0x1ffffffU) << 5U ^ value;
    for (size_t i = 0; i < kGenerator.size(); ++i) {
      if ((top >> i & 1U) != 0) sum ^= kGenerator.at(i);
    }
  };
  std::string_view prefix = text.substr(0, split);
  auto folded = [](char c) { return static_cast<uint32_t>(c >= 'A' && c <= 'Z' ? c + 32 : c); };
  for (char c : prefix) add(folded(c) >> 5U);
  add(0);
  for (char c : prefix) add(folded(c) & 31U);
  for (char c : text.substr(split + 1)) {
    size_t value = kAlphabet.find(c);
    if (value == std::string_view::npos) return false;
    add(static_cast<uint32_t>(value));
  }
  return sum == 1;
}

// XMODEM: polynomial 0x1021, the last two bytes low byte first.
bool nkeyHolds(std::string_view text) {
  constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  std::string bytes;
  uint32_t held = 0;
  unsigned bits = 0;
  for (char c : text) {
    size_t value = kAlphabet.find(c);
    if (value == std::string_view::npos) return false;
    held = held << 5U | static_cast<uint32_t>(value);
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      bytes += static_cast<char>(held >> bits & 0xffU);
    }
  }
  uint32_t sum = 0;
  for (size_t i = 0; i + 2 < bytes.size(); ++i) {
    sum ^= static_cast<uint32_t>(static_cast<unsigned char>(bytes[i])) << 8U;
    for (int bit = 0; bit < 8; ++bit) {
      sum = ((sum & 0x8000U) != 0 ? sum << 1U ^ 0x1021U : sum << 1U) & 0xffffU;
    }
  }
  auto byteAt = [&](size_t fromEnd) {
    return static_cast<uint32_t>(static_cast<unsigned char>(bytes[bytes.size() - fromEnd]));
  };
  bool holds = bytes.size() > 2 && sum == (byteAt(2) | byteAt(1) << 8U);
  OPENSSL_cleanse(bytes.data(), bytes.size());
  return holds;
}

bool isMixed(std::string_view text) {
  auto any = [&](int (*kind)(int)) {
    return std::any_of(text.begin(), text.end(),
                       [&](char c) { return kind(static_cast<unsigned char>(c)) != 0; });
  };
  return any(std::isdigit) && any(std::isupper) && any(std::islower);
}

bool isDiscordId(std::string_view token) {
  std::string id = decodeBase64Loosely(token.substr(0, token.find('.')));
  return id.size() >= 17 && id.size() <= 20 &&
         std::all_of(id.begin(), id.end(), [](char c) { return c >= '0' && c <= '9'; });
}

CheckVerdict holdsIf(bool holds, std::string_view credential) {
  if (holds) return CheckVerdict::kHolds;
  return entropyOf(credential) >= 3.0 ? CheckVerdict::kUnproven : CheckVerdict::kFailed;
}

}  // namespace

KeyVerdict judgePrivateKey(std::string_view block) {
  std::string pem = plainPem(block);
  std::string body = bodyOf(pem);
  KeyVerdict verdict = KeyVerdict::kNotAKey;
  if (pem.find("BEGIN OPENSSH PRIVATE KEY") != std::string::npos) {
    verdict = judgeOpenSsh(body);
  } else if (parsesAsPrivateKey(pem) || parsesAsPrivateKey(rewrapped(pem, body))) {
    verdict = KeyVerdict::kPrivateKey;
  } else if (body.size() >= 100 && body.find("...") == std::string::npos && looksRandom(body) &&
             !isSample(body.substr(0, 64))) {
    verdict = KeyVerdict::kUnproven;
  }
  OPENSSL_cleanse(pem.data(), pem.size());
  OPENSSL_cleanse(body.data(), body.size());
  return verdict;
}

JwtVerdict judgeJwt(std::string_view token) {
  size_t first = token.find('.');
  size_t second = token.find('.', first + 1);
  if (first == std::string_view::npos || second == std::string_view::npos) return JwtVerdict::kNone;
  auto header = parseJson(decodeBase64Loosely(token.substr(0, first)), "token header");
  auto claims =
      parseJson(decodeBase64Loosely(token.substr(first + 1, second - first - 1)), "token claims");
  if (!header || !header->is_object() || !claims || !claims->is_object()) return JwtVerdict::kNone;
  std::string algorithm = stringOr(member(*header, "alg"));
  // "none" is no signature; the others here are the samples of jwt.io, a console's public key to
  // its own database, and demonstration issuers.
  std::string subject = stringOr(member(*claims, "sub"));
  std::string issuer = stringOr(member(*claims, "iss"));
  if (algorithm.empty() || algorithm == "none" || subject == "1234567890" ||
      stringOr(member(*claims, "role")) == "anon" || issuer == "supabase-demo" ||
      isSample(token.substr(second + 1)) || isSample(subject)) {
    return JwtVerdict::kNone;
  }
  bool serviceAccount = issuer == "kubernetes/serviceaccount" ||
                        claims->contains("kubernetes.io") ||
                        subject.starts_with("system:serviceaccount:");
  return serviceAccount ? JwtVerdict::kServiceAccount : JwtVerdict::kToken;
}

CheckVerdict runCheck(SecretCheck check, std::string_view whole, std::string_view credential) {
  if (isSample(credential)) return CheckVerdict::kFailed;
  switch (check) {
    case SecretCheck::kRandom: {
      // Half of what a generator gives: below it only sequences and fillers are found.
      double wanted = credential.size() >= 60 ? 3.0 : 2.6;
      return entropyOf(credential) >= wanted ? CheckVerdict::kHolds : CheckVerdict::kFailed;
    }
    case SecretCheck::kBase62Crc32: {
      std::string_view body = credential.substr(credential.rfind('_') + 1);
      std::string_view random = body.substr(0, body.size() - 6);
      return holdsIf(base62(crc32Of(random), 6) == body.substr(body.size() - 6), random);
    }
    case SecretCheck::kHexCrc32: {
      size_t split = credential.rfind('_');
      uint32_t sum = 0;
      std::from_chars(credential.data() + split + 1, credential.data() + credential.size(), sum,
                      16);
      // Written least significant byte first.
      sum = sum >> 24U | (sum >> 8U & 0xff00U) | (sum << 8U & 0xff0000U) | sum << 24U;
      return holdsIf(crc32Of(credential.substr(0, split)) == sum, credential);
    }
    case SecretCheck::kMixed:
      return isMixed(credential) && looksRandom(credential) ? CheckVerdict::kHolds
                                                            : CheckVerdict::kFailed;
    case SecretCheck::kNkey:
      return nkeyHolds(credential) ? CheckVerdict::kHolds : CheckVerdict::kFailed;
    case SecretCheck::kBech32:
      return holdsIf(bech32Holds(credential), credential.substr(16));
    case SecretCheck::kDiscordToken:
      return isDiscordId(credential) ? CheckVerdict::kHolds : CheckVerdict::kFailed;
    case SecretCheck::kJsonInBase64: {
      auto json = parseJson(decodeBase64Loosely(credential), "token body");
      return json && json->is_object() ? CheckVerdict::kHolds : CheckVerdict::kFailed;
    }
  }
  return whole.empty() ? CheckVerdict::kFailed : CheckVerdict::kUnproven;
}

}  // namespace firebreak::detect
