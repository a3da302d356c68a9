// Expressions whose last groups are alternatives (a value quoted in one way or another): which of
// them matched. Pure; safe from any thread.
#pragma once

#include <re2/stringpiece.h>

#include <string_view>

namespace firebreak::detect {

// The first of groups[first] to groups[count - 1] that matched, the last where none did.
inline std::string_view matchedGroup(const re2::StringPiece* groups, int first, int count) {
  int side = first;
  while (side + 1 < count && groups[side].data() == nullptr) ++side;
  return {groups[side].data(), groups[side].size()};
}

}  // namespace firebreak::detect
