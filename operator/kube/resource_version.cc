#include "kube/resource_version.h"

namespace firebreak::kube {
namespace {

bool isNumber(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos &&
         (text.size() == 1 || text.front() != '0');
}

}  // namespace

std::optional<std::strong_ordering> compareVersions(std::string_view a, std::string_view b) {
  if (!isNumber(a) || !isNumber(b)) {
    if (a == b) return std::strong_ordering::equal;
    return std::nullopt;
  }
  if (a.size() != b.size()) return a.size() <=> b.size();
  return a.compare(b) <=> 0;
}

bool isOlder(std::string_view a, std::string_view b) {
  const auto order = compareVersions(a, b);
  return order && *order < 0;
}

bool isNewer(std::string_view a, std::string_view b) { return isOlder(b, a); }

}  // namespace firebreak::kube
