// YAML as kubectl reads it -> JSON: plain scalars get the types of YAML 1.1 as Go's yaml package
// resolves them (yes, on, 0777), quoted ones stay strings, anchors and merge keys are followed.
// Also keeps the line of every field, and of the texts that begin on another line. No exception leaves; safe from any thread.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/json.h"
#include "detect/scan_input.h"
#include "firebreak/result.h"

namespace firebreak {

struct YamlDocument {
  Json value;
  // Field path, as detect::childPath writes it -> line, 1-based within the text given.
  std::map<std::string, int, std::less<>> lines;
  std::map<std::string, detect::TextPlace, std::less<>> texts;
};

// One document. On failure *errorLine is the 1-based line of the mistake, where it is known.
Result<YamlDocument> parseYaml(std::string_view text, int* errorLine);

}  // namespace firebreak
