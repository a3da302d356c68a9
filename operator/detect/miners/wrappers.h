// Programs that run another program given on their command line. Pure; safe from any thread.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace firebreak::detect {

// The index of the wrapped program in `words`; 0 where words[0] wraps nothing, words.size() where
// nothing follows.
size_t wrappedProgram(const std::vector<std::string>& words);

}  // namespace firebreak::detect
