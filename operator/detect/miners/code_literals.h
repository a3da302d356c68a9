// The string literals of code in any of the usual languages: what an interpreter may be told to run.
// Pure; safe from any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace firebreak::detect {

// Command lines that the code may run, in order: a literal that follows the last one after a comma is
// a further word of it, so that ["prog", "-o", "x"] stays together; literals and names of literals
// that are added to each other are one word. Literals that the code only prints, compares, searches
// for or keeps in a list of bad names are left out: a detector is made of them.
std::vector<std::vector<std::string>> literalGroups(std::string_view code);

}  // namespace firebreak::detect
