// The string literals of code in any of the usual languages: what an interpreter may be told to run.
// Pure; safe from any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace firebreak::detect {

// In order; a literal that follows the last one after a comma is in its group, so that
// ["prog", "-o", "x"] stays together.
std::vector<std::vector<std::string>> literalGroups(std::string_view code);

}  // namespace firebreak::detect
