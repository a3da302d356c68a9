// What a YAML document has in comments: a credential that was commented out lies as open as any.
// Pure; safe from any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace firebreak {

struct YamlComment {
  int line = 0;      // 1-based within the text given
  std::string text;  // the lines of one block, without their "#"
};

// Lines of comment alone, those next to each other as one. Not what block scalars hold: that is
// part of a value.
std::vector<YamlComment> commentsOf(std::string_view text);

}  // namespace firebreak
