// What a piece of code does with a literal: hands it to a shell or to the kernel, decodes it, prints
// it, compares it. Told by the words around it, for any of the usual languages at once; a parser for
// each would not see more. Pure; safe from any thread.
#pragma once

#include <string_view>

namespace firebreak::detect {

// `statement` (code without its literals) has a call that runs what it is given.
bool runsSomething(std::string_view statement, bool knowsProcesses);
// `statement` has a call that decodes what it is given.
bool decodesSomething(std::string_view statement);
// The code loads a library of processes, so that `.run(` and `.call(` are its.
bool knowsProcesses(std::string_view code);
// Somewhere a call runs what a variable or an expression holds: then any literal may be it.
bool runsVariables(std::string_view code);

// The code before a literal ends in a call that only prints or logs.
bool isPrinted(std::string_view before);
// The literal between the two is looked for in something, or compared with it.
bool isCompared(std::string_view before, std::string_view after);
// The name that the statement gives a value to says that the values are bad names, not commands.
bool isListOfNames(std::string_view statement, bool severalWords);

}  // namespace firebreak::detect
