// Text out of gzip or zlib, bounded. Pure; safe from any thread.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace firebreak::detect {

// What is packed, cut off soon after `enough` bytes: a decompression bomb ends there. Of a damaged one what came
// before; nothing where it is neither gzip nor zlib.
std::optional<std::string> inflated(std::string_view packed, size_t enough);

}  // namespace firebreak::detect
