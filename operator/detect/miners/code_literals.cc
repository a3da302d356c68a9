#include "detect/miners/code_literals.h"

#include <algorithm>
#include <array>

#include "detect/miners/shell_reader.h"

namespace firebreak::detect {

namespace {

// The code before a literal ends in a call that only prints or logs.
bool isPrinted(std::string_view before) {
  static constexpr std::array<std::string_view, 15> kCalls = {
      "print(", "print ", "println(", "printf(", ".log(", ".info(", ".debug(", ".warn(",
      ".warning(", ".error(", ".critical(", "puts ", "puts(", "echo ", "warn("};
  while (!before.empty() && std::string_view("frbu").find(before.back()) != std::string_view::npos) {
    std::string_view cut = before.substr(0, before.size() - 1);
    if (!cut.ends_with('(') && !cut.ends_with(' ')) break;
    before = cut;
  }
  return std::any_of(kCalls.begin(), kCalls.end(),
                     [&](std::string_view call) { return before.ends_with(call); });
}

}  // namespace

std::vector<std::vector<std::string>> literalGroups(std::string_view code) {
  std::vector<std::vector<std::string>> groups;
  bool together = false;
  for (size_t i = 0; i < code.size(); ++i) {
    char quote = code[i];
    if (quote != '\'' && quote != '"' && quote != '`') {
      together = together && (quote == ',' || quote == ' ' || quote == '\n' ||
                              quote == '[');  // spawn("a", ["b"]) runs one command line
      continue;
    }
    size_t start = i + 1;
    size_t end = start;
    while (end < code.size() && code[end] != quote) end += code[end] == '\\' ? 2u : 1u;
    end = std::min(end, code.size());
    if (!together && isPrinted(code.substr(0, i))) {
      i = end;
      continue;
    }
    if (!together || groups.empty()) groups.emplace_back();
    groups.back().push_back(decodeEscapes(code.substr(start, end - start)));
    together = true;
    i = end;
  }
  return groups;
}


}  // namespace firebreak::detect
