// What of a process may leave the node: its command line without credentials, as printable UTF-8 of
// bounded length. Everybody who may read NodeGuards reads this, so that it is scored before it is
// scrubbed and never after. Pure; safe from any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace firebreak::sensor {

// Control characters and bytes that are not UTF-8 become '?'; cut with an ellipsis at `limit` bytes.
std::string printable(std::string_view text, size_t limit);

// The arguments, joined by blanks. Values of flags and variables that are called like a password,
// user information in URLs and tokens long enough to be a key become "***"; a wallet address keeps
// its first and last four characters, so that people can compare it.
std::string scrubCommandLine(const std::vector<std::string>& arguments, size_t limit);
// The same for a sentence that may quote arguments.
std::string scrubText(std::string_view text, size_t limit);

}  // namespace firebreak::sensor
