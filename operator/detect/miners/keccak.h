// Keccak-256 as Monero (and Ethereum) use it: the original submission's padding 0x01, not the 0x06
// of FIPS 202's SHA3-256, which is why OpenSSL 3.0 has none. Stateless; safe from any thread.
#pragma once

#include <array>
#include <cstdint>
#include <span>

namespace firebreak::detect {

std::array<uint8_t, 32> keccak256(std::span<const uint8_t> data);

}  // namespace firebreak::detect
