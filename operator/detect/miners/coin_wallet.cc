#include "detect/miners/coin_wallet.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <string>
#include <vector>

#include "base/digest.h"
#include "detect/miners/base58.h"
#include "detect/miners/encoded_text.h"

namespace firebreak::detect {
namespace {

// Bech32 and the like: the coin's name stands before the separator.
constexpr std::array<std::string_view, 12> kPrefixes = {
    "kaspa:", "nexa:", "karlsen:", "pyrin:", "xel:", "spectre:",
    "dero1",  "deroi1", "bitcoincash:", "ecash:", "qubic:", "waglayla:"};

bool all(std::string_view text, int (*test)(int)) {
  return std::all_of(text.begin(), text.end(), [&](unsigned char c) { return test(c) != 0; });
}

// Base58Check (en.bitcoin.it/wiki/Base58Check_encoding): Bitcoin's and its descendants' addresses, of one or
// two version bytes, 20 bytes and a checksum. A random word passes with probability 2^-32.
bool isBase58Check(std::string_view word) {
  if (word.size() < 26 || word.size() > 36) return false;
  std::vector<unsigned char> bytes;  // little end first
  for (char c : word) {
    size_t digit = kBase58.find(c);
    if (digit == std::string_view::npos) return false;
    auto carry = static_cast<unsigned>(digit);
    for (unsigned char& byte : bytes) {
      carry += 58U * byte;
      byte = static_cast<unsigned char>(carry & 0xff);
      carry >>= 8;
    }
    if (carry > 0) bytes.push_back(static_cast<unsigned char>(carry));
  }
  for (size_t i = 0; i < word.size() && word[i] == '1'; ++i) bytes.push_back(0);
  std::reverse(bytes.begin(), bytes.end());
  if (bytes.size() != 25 && bytes.size() != 26) return false;
  std::string text(bytes.begin(), bytes.end());
  std::string checksum = text.substr(text.size() - 4);
  text.resize(text.size() - 4);
  return sha256Hex(decodeHex(sha256Hex(text)).value_or("")).starts_with(hexEncode(checksum));
}

}  // namespace

WalletShape walletShape(std::string_view user) {
  for (std::string_view prefix : kPrefixes) {
    if (user.starts_with(prefix) && user.size() > 40) return WalletShape::kCoins;
  }
  size_t colon = user.find(':');  // unMineable's "COIN:address.worker#code"
  if (colon != std::string_view::npos && colon >= 2 && colon <= 6) user.remove_prefix(colon + 1);
  std::string_view account = user.substr(0, user.find_first_of(".+/#@,"));
  if (account.size() == 42 && account.starts_with("0x") && all(account.substr(2), std::isxdigit)) {
    return WalletShape::kLooksLikeOne;
  }
  if (account.starts_with("bc1") || account.starts_with("ltc1")) {
    return account.size() >= 39 ? WalletShape::kLooksLikeOne : WalletShape::kNone;
  }
  if (account.starts_with("ZEPHYR") && account.size() > 90) return WalletShape::kCoins;
  if (isBase58Check(account)) return WalletShape::kCoins;
  bool base58 = account.size() == 34 && all(account, std::isalnum) &&
                std::string_view("1357RDLtX").find(account[0]) != std::string_view::npos;
  return base58 ? WalletShape::kLooksLikeOne : WalletShape::kNone;
}

}  // namespace firebreak::detect
