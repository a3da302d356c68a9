// Text out of gzip or zlib, bounded. Pure; safe from any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace firebreak::detect {

// At most a mebibyte of what is packed; nothing where it is neither gzip nor zlib.
std::optional<std::string> inflated(std::string_view packed);

}  // namespace firebreak::detect
