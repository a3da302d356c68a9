// The words of a container's command line, as the program will see them: $(VAR) expanded from the
// container's literal env, scripts given to a shell split into words without comments. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "firebreak/observed.h"

namespace firebreak::detect {

struct CommandWord {
  std::string text;
  std::string fieldPath;  // in the pod spec: "containers[0].args[3]"
};

std::vector<CommandWord> commandLine(const Container& container);
// Only the texts.
std::vector<std::string> commandWords(const Container& container);

// Every value that a flag is given, in order: `--name value`, `--name=value`; a bare flag is "true".
// Names compare without leading dashes' number ("-address" is "--address").
std::vector<CommandWord> flagValues(const std::vector<CommandWord>& words, std::string_view name);

// A shell script's words: quotes and comments understood, nothing expanded; ";" where a command ends.
std::vector<std::string> shellWords(std::string_view script);

}  // namespace firebreak::detect
