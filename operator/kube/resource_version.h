// Order of resourceVersions. They are opaque: equal or not is always known, which of two is newer
// only where both are decimal numbers (of any length). Pure.
#pragma once

#include <compare>
#include <optional>
#include <string_view>

namespace firebreak::kube {

// Nothing where the two cannot be put in order.
std::optional<std::strong_ordering> compareVersions(std::string_view a, std::string_view b);
// True only where that is certain.
bool isOlder(std::string_view a, std::string_view b);
bool isNewer(std::string_view a, std::string_view b);

}  // namespace firebreak::kube
