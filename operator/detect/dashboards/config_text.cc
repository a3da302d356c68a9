#include "detect/dashboards/config_text.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <vector>

namespace firebreak::detect {
namespace {

constexpr size_t kMaxText = size_t{1} << 20;  // a ConfigMap holds at most 1 MiB

std::string_view trim(std::string_view text) {
  const size_t start = text.find_first_not_of(" \t\r");
  if (start == std::string_view::npos) return {};
  return text.substr(start, text.find_last_not_of(" \t\r") - start + 1);
}

std::string unquote(std::string_view value) {
  if (value.size() >= 2 && (value[0] == '"' || value[0] == '\'')) {
    const size_t end = value.find(value[0], 1);
    if (end != std::string_view::npos) return std::string(value.substr(1, end - 1));
  }
  const size_t comment = value.find(" #");
  return std::string(trim(value.substr(0, comment)));
}

bool isComment(std::string_view line) {
  return line.empty() || line[0] == '#' || line[0] == ';' || line.starts_with("//");
}

template <typename Take>
void eachLine(std::string_view text, Take take) {
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    take(trim(text.substr(0, end)));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

// The value after "name" and a separator; nothing where the line sets something else.
std::optional<std::string> assigned(std::string_view line, std::string_view name) {
  if (isComment(line) || !line.starts_with(name)) return std::nullopt;
  const std::string_view rest = trim(line.substr(name.size()));
  if (rest.empty() || (rest[0] != '=' && rest[0] != ':')) return std::nullopt;
  if (rest.starts_with("==")) return std::nullopt;
  return unquote(trim(rest.substr(1)));
}

std::optional<std::string> walk(const YAML::Node& node, std::string_view name) {
  if (!node.IsMap()) return std::nullopt;
  for (const auto& entry : node) {
    if (!entry.first.IsScalar()) continue;
    const std::string& key = entry.first.Scalar();
    if (key == name) {
      if (entry.second.IsScalar()) return entry.second.Scalar();
      return std::nullopt;
    }
    if (name.size() > key.size() && name.starts_with(key) && name[key.size()] == '.') {
      if (auto found = walk(entry.second, name.substr(key.size() + 1))) return found;
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> iniValue(std::string_view text, std::string_view name) {
  const size_t dot = name.rfind('.');
  if (dot == std::string_view::npos) return std::nullopt;
  const std::string_view section = name.substr(0, dot);
  const std::string_view key = name.substr(dot + 1);
  bool inside = false;
  std::optional<std::string> value;
  eachLine(text, [&](std::string_view line) {
    if (line.starts_with('[') && line.find(']') != std::string_view::npos) {
      inside = trim(line.substr(1, line.find(']') - 1)) == section;
    } else if (inside) {
      if (auto found = assigned(line, key)) value = found;
    }
  });
  return value;
}

std::optional<std::string> yamlValue(std::string_view text, std::string_view name) {
  if (text.size() > kMaxText || text.find(':') == std::string_view::npos) return std::nullopt;
  try {
    return walk(YAML::Load(std::string(text)), name);
  } catch (const YAML::Exception&) {
    return std::nullopt;  // not YAML
  }
}

std::optional<std::string> hclValue(std::string_view text, std::string_view name) {
  std::vector<std::string> blocks;
  std::optional<std::string> value;
  const auto take = [&](std::string_view statement) {
    const size_t equals = statement.find('=');
    if (equals == std::string_view::npos) return;
    std::string path;
    for (const std::string& block : blocks) path += block + '.';
    path += unquote(trim(statement.substr(0, equals)));
    if (path == name) value = unquote(trim(statement.substr(equals + 1)));
  };
  eachLine(text, [&](std::string_view line) {
    if (isComment(line)) return;
    // "acl { enabled = true }" on one line is three statements.
    size_t start = 0;
    bool quoted = false;
    for (size_t i = 0; i <= line.size(); ++i) {
      const char c = i < line.size() ? line[i] : '\n';
      if (c == '"') quoted = !quoted;
      if (quoted && c != '\n') continue;
      if (c != '{' && c != '}' && c != '\n') continue;
      const std::string_view part = trim(line.substr(start, i - start));
      start = i + 1;
      if (c == '{') {
        blocks.push_back(unquote(part.substr(0, part.find_first_of(" =\t"))));
        continue;
      }
      take(part);
      if (c == '}' && !blocks.empty()) blocks.pop_back();
    }
  });
  return value;
}

std::optional<std::string> propertyValue(std::string_view text, std::string_view name) {
  const std::string opening = "<name>" + std::string(name) + "</name>";
  const size_t at = text.find(opening);
  if (at == std::string_view::npos) return std::nullopt;
  // Inside a comment where the last mark before it opens one.
  const size_t comment = text.rfind("<!--", at);
  const size_t end = text.rfind("-->", at);
  if (comment != std::string_view::npos && (end == std::string_view::npos || end < comment)) {
    return std::nullopt;
  }
  const size_t value = text.find("<value>", at);
  const size_t close = text.find("</value>", at);
  const size_t next = text.find("</property>", at);
  if (value == std::string_view::npos || close == std::string_view::npos || value > next) {
    return std::nullopt;
  }
  return std::string(trim(text.substr(value + 7, close - value - 7)));
}

std::optional<std::string> lineValue(std::string_view text, std::string_view name) {
  std::optional<std::string> value;
  eachLine(text, [&](std::string_view line) {
    if (auto found = assigned(line, name)) value = found;
  });
  return value;
}

}  // namespace firebreak::detect
