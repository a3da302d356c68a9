// Addresses of coins other than Monero. Pure; safe from any thread.
#pragma once

#include <string_view>

namespace firebreak::detect {

enum class WalletShape {
  kNone,
  kLooksLikeOne,  // a length and an alphabet that account names may have too
  kCoins,         // a prefix of the coin's own, or a checksum that holds
};

// `user` as a miner logs in: the address, perhaps with ".worker" or "/rig", a coin before it ("DOGE:D..").
WalletShape walletShape(std::string_view user);

}  // namespace firebreak::detect
