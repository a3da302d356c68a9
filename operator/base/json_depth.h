// How deep a JSON text nests, told without parsing it: what is parsed is walked by recursion, so that a
// hostile text could exhaust the stack. Pure.
#pragma once

#include <cstddef>
#include <string_view>

namespace firebreak {

// More than any object of Kubernetes needs (schemas of custom resources nest deepest).
inline constexpr int kMaxJsonDepth = 500;

// Calls `at` with the index of each bracket that stands outside of strings and the depth behind it, until
// it answers false.
template <typename At>
void eachJsonBracket(std::string_view text, At at) {
  int depth = 0;
  bool quoted = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted) {
      if (c == '\\') ++i;
      quoted = c != '"';
    } else if (c == '"') {
      quoted = true;
    } else if (c == '{' || c == '[') {
      if (!at(i, ++depth)) return;
    } else if (c == '}' || c == ']') {
      if (!at(i, --depth)) return;
    }
  }
}

inline bool nestsDeeperThan(std::string_view text, int most) {
  bool tooDeep = false;
  eachJsonBracket(text, [&](size_t, int depth) {
    tooDeep = depth > most;
    return !tooDeep;
  });
  return tooDeep;
}

}  // namespace firebreak
