#include "detect/miners/monero_address.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdint>
#include <vector>

#include "detect/miners/base58.h"
#include "detect/miners/keccak.h"

namespace firebreak::detect {
namespace {

// Monero encodes base58 block by block (cryptonote src/common/base58.cpp): 8 bytes become 11
// characters; a last, shorter block of n characters holds kBytesOfBlock[n] bytes, -1 = impossible.
constexpr size_t kFullBlock = 11;
constexpr std::array<int, kFullBlock + 1> kBytesOfBlock = {0, -1, 1, 2, -1, 3, 4, 5, -1, 6, 7, 8};

// Network bytes of cryptonote_config.h, main network.
constexpr uint8_t kStandardByte = 18;
constexpr uint8_t kIntegratedByte = 19;
constexpr uint8_t kSubaddressByte = 42;

constexpr size_t kStandardLength = 95;     // 1 + 32 + 32 + 4 bytes
constexpr size_t kIntegratedLength = 106;  // 8 more for the payment id
constexpr size_t kChecksumBytes = 4;

bool decodeBlock(std::string_view block, std::vector<uint8_t>* out) {
  int size = kBytesOfBlock.at(block.size());
  if (size <= 0) return false;
  uint64_t value = 0;
  for (char c : block) {
    size_t digit = kBase58.find(c);
    if (digit == std::string_view::npos) return false;
    // What does not fit is not an encoder's output.
    if (value > (UINT64_MAX - digit) / 58) return false;
    value = value * 58 + digit;
  }
  if (size < 8 && (value >> (8 * size)) != 0) return false;
  for (int i = size - 1; i >= 0; --i) out->push_back(static_cast<uint8_t>(value >> (8 * i)));
  return true;
}

bool isAlnum(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; }

}  // namespace

std::optional<MoneroAddressKind> moneroAddressKind(std::string_view word) {
  if (word.size() != kStandardLength && word.size() != kIntegratedLength) return std::nullopt;
  if (word[0] != '4' && word[0] != '8') return std::nullopt;
  std::vector<uint8_t> bytes;
  for (size_t i = 0; i < word.size(); i += kFullBlock) {
    if (!decodeBlock(word.substr(i, kFullBlock), &bytes)) return std::nullopt;
  }
  if (bytes.size() <= kChecksumBytes) return std::nullopt;
  size_t body = bytes.size() - kChecksumBytes;
  auto digest = keccak256({bytes.data(), body});
  if (!std::equal(bytes.begin() + static_cast<std::ptrdiff_t>(body), bytes.end(), digest.begin())) {
    return std::nullopt;
  }
  if (word.size() == kIntegratedLength) {
    if (bytes[0] != kIntegratedByte) return std::nullopt;
    return MoneroAddressKind::kIntegrated;
  }
  if (bytes[0] == kStandardByte) return MoneroAddressKind::kStandard;
  if (bytes[0] == kSubaddressByte) return MoneroAddressKind::kSubaddress;
  return std::nullopt;
}

std::string_view findMoneroAddress(std::string_view text) {
  size_t start = 0;
  while (start < text.size()) {
    while (start < text.size() && !isAlnum(text[start])) ++start;
    size_t end = start;
    while (end < text.size() && isAlnum(text[end])) ++end;
    std::string_view word = text.substr(start, end - start);
    if (moneroAddressKind(word)) return word;
    start = end;
  }
  return {};
}

std::string abbreviateAddress(std::string_view address) {
  if (address.size() < 12) return std::string(address);
  return std::string(address.substr(0, 6)) + "..." +
         std::string(address.substr(address.size() - 4));
}

}  // namespace firebreak::detect
