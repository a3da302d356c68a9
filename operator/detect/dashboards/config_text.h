// One setting out of a configuration file's text. Comments do not count; text that is not of that
// format gives nothing. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace firebreak::detect {

// "section.key": the last dot parts them, as in [auth.anonymous] enabled = true.
std::optional<std::string> iniValue(std::string_view text, std::string_view name);
// "a.b.c" of a YAML or JSON document, also where the document writes it as one dotted key.
std::optional<std::string> yamlValue(std::string_view text, std::string_view name);
// "block.key" of HCL: `block { key = value }`, `block "label" { .. }` and `block = { .. }`; the last wins.
std::optional<std::string> hclValue(std::string_view text, std::string_view name);
// <name>NAME</name> followed by <value>..</value>, outside of comments.
std::optional<std::string> propertyValue(std::string_view text, std::string_view name);
// `name = value` or `name: value` on a line of its own, quotes taken off; the last one wins.
std::optional<std::string> lineValue(std::string_view text, std::string_view name);

}  // namespace firebreak::detect
