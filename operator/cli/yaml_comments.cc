#include "cli/yaml_comments.h"

#include <algorithm>

namespace firebreak {
namespace {

// "key: |", "- >-": what is indented deeper than this line is text.
bool opensBlock(std::string_view line) {
  size_t last = line.find_last_not_of(" \t\r");
  if (last == std::string_view::npos) return false;
  line = line.substr(0, last + 1);
  size_t mark = line.find_last_not_of("+-0123456789");
  if (mark == std::string_view::npos || mark == 0) return false;
  return (line[mark] == '|' || line[mark] == '>') && line[mark - 1] == ' ';
}

}  // namespace

std::vector<YamlComment> commentsOf(std::string_view text) {
  std::vector<YamlComment> comments;
  size_t blockIndent = std::string_view::npos;  // of the line that opened a block scalar
  bool inComment = false;
  int number = 0;
  for (size_t pos = 0; pos < text.size();) {
    size_t end = std::min(text.find('\n', pos), text.size());
    std::string_view line = text.substr(pos, end - pos);
    pos = end + 1;
    ++number;
    size_t indent = line.find_first_not_of(" \t\r");
    bool blank = indent == std::string_view::npos;
    bool inBlock = blockIndent != std::string_view::npos && (blank || indent > blockIndent);
    bool comment = !blank && !inBlock && line[indent] == '#';
    if (comment) {
      line.remove_prefix(indent + 1);
      if (!inComment) comments.push_back({number, ""});
      comments.back().text.append(line).push_back('\n');
    } else if (!blank && !inBlock) {
      blockIndent = opensBlock(line) ? indent : std::string_view::npos;
    }
    inComment = comment;
  }
  return comments;
}

}  // namespace firebreak
