// UTF-16 with a byte-order mark, as PowerShell's ">" writes files and YAML allows them. Pure.
#pragma once

#include <string>
#include <string_view>

namespace firebreak {

// The text in UTF-8 where it begins with a UTF-16 mark of either order; empty where it does not, or is
// not valid.
std::string utf8OfUtf16(std::string_view text);

}  // namespace firebreak
