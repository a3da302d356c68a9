// Monero addresses: whether a word is one, by length, alphabet, network byte and checksum. A random
// word of the right shape passes with probability 2^-32. Pure; safe from any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace firebreak::detect {

enum class MoneroAddressKind { kStandard, kSubaddress, kIntegrated };

// Main-network addresses only: who mines for money uses no other. `word` is the address alone; text
// around it (".worker", "+difficulty") is the caller's to cut, see findMoneroAddress.
std::optional<MoneroAddressKind> moneroAddressKind(std::string_view word);

// The first valid address inside `text` that stands by itself (no letter or digit on either side);
// empty where there is none.
std::string_view findMoneroAddress(std::string_view text);

// "48edfH…W3Bd": enough for a person to tell two apart.
std::string abbreviateAddress(std::string_view address);

}  // namespace firebreak::detect
