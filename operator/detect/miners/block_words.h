// Text that speaks about mining without doing it: lists that keep pools out, and prose. Pure; safe
// from any thread.
#pragma once

#include <string_view>

namespace firebreak::detect {

// A flag's or variable's name under which pools are listed to block, match or watch them.
bool namesABlockList(std::string_view name);

// Sentences for people, in which a pool or a command is only mentioned.
bool isProse(std::string_view text);

}  // namespace firebreak::detect
