// Which rules a text may match at all: one pass over it looks for the literals of every rule at
// once, so that the expressions run only where their literal stands. Safe from any thread.
#pragma once

#include <string_view>
#include <vector>

namespace firebreak::detect {

// Indices into secretRules(), ascending.
std::vector<int> candidateRules(std::string_view text);

}  // namespace firebreak::detect
