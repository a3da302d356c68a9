// The alphabet of base58, as Bitcoin and Monero write it: without 0, O, I and l.
#pragma once

#include <string_view>

namespace firebreak::detect {

inline constexpr std::string_view kBase58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

}  // namespace firebreak::detect
