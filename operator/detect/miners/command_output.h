// What a program would print, for the few that scripts hide their real command behind: echo, printf,
// cat, base64 -d, gunzip, rev, tr, sed. Nothing is ever run. Pure; safe from any thread.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace firebreak::detect {

struct CommandOutput {
  std::optional<std::string> text;  // nothing where it is not known
  bool decoded = false;             // came out of an encoding
};

using FileText = std::function<std::optional<std::string>(std::string_view path)>;

// `input` is what stands on its standard input, where that is known.
CommandOutput outputOf(const std::vector<std::string>& words,
                       const std::optional<std::string>& input, const FileText& fileText);

std::string joinWords(const std::vector<std::string>& words, size_t from,
                      std::string_view separator);
std::string trimmed(std::string_view text);

}  // namespace firebreak::detect
