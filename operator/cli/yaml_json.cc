#include "cli/yaml_json.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <optional>

namespace firebreak {
namespace {

// Bounds how deep a hostile file nests, and what its aliases can unfold to ("billion laughs"): without them a text
// has no more values than bytes, and what people share by anchors is not ten times the file.
constexpr size_t kMaxNodes = 2'000'000;
constexpr size_t kNodesOfAnyFile = 100'000;
constexpr size_t kNodesPerByte = 10;
constexpr int kMaxDepth = 200;

struct TooLarge {};
struct KeyIsNoText {
  int line;
};

// gopkg.in/yaml.v2 resolve.go, which sigs.k8s.io/yaml (kubectl) builds on.
constexpr std::array<std::string_view, 11> kTrue = {"y",    "Y",    "yes", "Yes", "YES", "true",
                                                    "True", "TRUE", "on",  "On",  "ON"};
constexpr std::array<std::string_view, 11> kFalse = {"n",     "N",     "no",  "No",  "NO", "false",
                                                     "False", "FALSE", "off", "Off", "OFF"};
constexpr std::array<std::string_view, 5> kNull = {"", "~", "null", "Null", "NULL"};

template <size_t N>
bool contains(const std::array<std::string_view, N>& table, std::string_view text) {
  return std::find(table.begin(), table.end(), text) != table.end();
}

std::optional<Json> integer(std::string_view text) {
  std::string digits;
  for (char c : text) {
    if (c != '_') digits += c;
  }
  bool negative = digits.starts_with('-');
  if (negative || digits.starts_with('+')) digits.erase(0, 1);
  int base = 10;
  if (digits.starts_with("0x") || digits.starts_with("0X")) {
    base = 16;
  } else if (digits.starts_with("0b")) {
    base = 2;
  } else if (digits.starts_with("0o")) {
    base = 8;
  }
  if (base != 10) {
    digits.erase(0, 2);
  } else if (digits.size() > 1 && digits[0] == '0') {
    base = 8;
    digits.erase(0, 1);
  }
  if (digits.empty()) return std::nullopt;
  uint64_t value = 0;
  auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  if (!negative) return Json(value);
  if (value > static_cast<uint64_t>(INT64_MAX)) return std::nullopt;
  return Json(-static_cast<int64_t>(value));
}

std::optional<Json> floating(std::string_view text) {
  // Only digits, sign, point and exponent: strtod would also take "nan", "inf" and hexadecimal.
  if (text.find_first_of("0123456789") == std::string_view::npos ||
      text.find_first_not_of("0123456789+-.eE_") != std::string_view::npos) {
    return std::nullopt;
  }
  std::string digits;
  for (char c : text) {
    if (c != '_') digits += c;
  }
  char* end = nullptr;
  double value = std::strtod(digits.c_str(), &end);
  if (end != digits.c_str() + digits.size() || !std::isfinite(value)) return std::nullopt;
  return Json(value);
}

Json plainScalar(const std::string& text) {
  if (contains(kNull, text)) return nullptr;
  if (contains(kTrue, text)) return true;
  if (contains(kFalse, text)) return false;
  char first = text[0];
  bool numeric = (first >= '0' && first <= '9') || first == '-' || first == '+' || first == '.';
  if (!numeric) return text;
  if (auto value = integer(text)) return *value;
  if (auto value = floating(text)) return *value;
  return text;
}

// The quote that ends the scalar which begins with one at `at`; npos where there is none.
size_t closingQuote(std::string_view text, size_t at) {
  const char quote = text[at];
  for (++at; at < text.size(); ++at) {
    if (quote == '"' && text[at] == '\\') {
      ++at;
    } else if (text[at] == quote) {
      // '' is a quote within.
      if (quote == '"' || at + 1 >= text.size() || text[at + 1] != quote) return at;
      ++at;
    }
  }
  return std::string_view::npos;
}

// Where a folded scalar ends that begins at `at`: the same text but for its white space.
size_t endOfFolded(std::string_view text, size_t at, std::string_view scalar) {
  auto isBlank = [](char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; };
  for (size_t j = 0; at < text.size() && j < scalar.size();) {
    if (text[at] == scalar[j]) {
      ++at;
      ++j;
    } else if (isBlank(text[at])) {
      ++at;
    } else if (isBlank(scalar[j])) {
      ++j;
    } else {
      break;
    }
  }
  return at;
}

class Converter {
 public:
  Converter(std::string_view text, YamlDocument* out)
      : text_(text),
        out_(*out),
        mostNodes_(std::min(kMaxNodes, kNodesOfAnyFile + kNodesPerByte * text.size())) {}

  // Where the last quoted text begins; nothing where there is none.
  std::optional<YAML::Mark> lastQuote() const { return lastQuote_; }

  Json convert(const YAML::Node& node, const std::string& path, int depth) {
    if (depth > kMaxDepth || ++nodes_ > mostNodes_) throw TooLarge();
    switch (node.Type()) {
      case YAML::NodeType::Scalar:
        keepText(path, node);
        return scalar(node);
      case YAML::NodeType::Sequence:
        return sequence(node, path, depth);
      case YAML::NodeType::Map:
        return map(node, path, depth);
      default:
        return nullptr;
    }
  }

 private:
  Json scalar(const YAML::Node& node) {
    const std::string& tag = node.Tag();
    if (tag == "!" && (!lastQuote_ || node.Mark().pos > lastQuote_->pos)) lastQuote_ = node.Mark();
    if (tag == "?" || tag.empty()) return plainScalar(node.Scalar());
    if (tag == "tag:yaml.org,2002:int" || tag == "tag:yaml.org,2002:float" ||
        tag == "tag:yaml.org,2002:bool" || tag == "tag:yaml.org,2002:null") {
      return plainScalar(node.Scalar());
    }
    return node.Scalar();  // quoted, block, !!str, or a tag that is nobody's
  }

  Json sequence(const YAML::Node& node, const std::string& path, int depth) {
    Json array = Json::array();
    size_t index = 0;
    for (const YAML::Node& element : node) {
      std::string child = detect::childPath(path, index++);
      keepLine(child, element);
      array.push_back(convert(element, child, depth + 1));
    }
    return array;
  }

  Json map(const YAML::Node& node, const std::string& path, int depth) {
    Json object = Json::object();
    for (const auto& entry : node) {
      // kubectl refuses it too; "{{ .Values.name }}" left alone reads as such.
      if (!entry.first.IsScalar()) throw KeyIsNoText{entry.first.Mark().line};
      const std::string& key = entry.first.Scalar();
      if (key == "<<" && entry.first.Tag() == "?") {
        merge(entry.second, path, depth, &object);
        continue;
      }
      std::string child = detect::childPath(path, key);
      keepLine(child, entry.first);
      object[key] = convert(entry.second, child, depth + 1);
    }
    return object;
  }

  // Keys of the map itself win over merged ones, whichever stands first.
  void merge(const YAML::Node& from, const std::string& path, int depth, Json* into) {
    if (from.IsSequence()) {
      for (const YAML::Node& element : from) merge(element, path, depth + 1, into);
      return;
    }
    Json merged = convert(from, path, depth + 1);
    if (!merged.is_object()) return;
    for (auto& [key, value] : merged.items()) {
      if (!into->contains(key)) (*into)[key] = value;
    }
  }

  void keepLine(const std::string& path, const YAML::Node& node) {
    int line = node.Mark().line;
    if (line >= 0) out_.lines[path] = line + 1;
  }

  void keepText(const std::string& path, const YAML::Node& node) {
    const YAML::Mark mark = node.Mark();
    auto at = static_cast<size_t>(mark.pos);
    if (mark.is_null() || at >= text_.size()) return;
    const std::string& scalar = node.Scalar();
    const char first = text_[at];
    int line = mark.line + 1;
    size_t end = 0;
    if (first == '|' || first == '>') {
      // Below the indicator.
      at = std::min(text_.find('\n', at), text_.size() - 1) + 1;
      ++line;
      end = first == '|' ? at : endOfFolded(text_, at, scalar);
    } else if (first == '"' || first == '\'') {
      end = closingQuote(text_, at);
      if (end == std::string_view::npos) return;
    } else {
      end = endOfFolded(text_, at, scalar);
    }
    std::string_view source = text_.substr(at, end - at);
    bool several = source.find('\n') != std::string_view::npos;
    auto key = out_.lines.find(path);
    if (!several && key != out_.lines.end() && key->second == line) return;
    out_.texts[path] = {line, several ? std::string(source) : std::string()};
  }

  std::string_view text_;
  YamlDocument& out_;
  const size_t mostNodes_;
  size_t nodes_ = 0;
  std::optional<YAML::Mark> lastQuote_;
};

// yaml-cpp takes the end of the text for the end of a quoted scalar; kubectl refuses the file.
bool isUnterminated(std::string_view text, const YAML::Mark& mark) {
  size_t at = static_cast<size_t>(mark.pos);
  if (at >= text.size() || (text[at] != '"' && text[at] != '\'')) return false;
  return closingQuote(text, at) == std::string_view::npos;
}

}  // namespace

Result<YamlDocument> parseYaml(std::string_view text, int* errorLine) {
  *errorLine = 0;
  try {
    YamlDocument document;
    YAML::Node node = YAML::Load(std::string(text));
    Converter converter(text, &document);
    document.value = converter.convert(node, "", 0);
    auto quote = converter.lastQuote();
    if (quote && isUnterminated(text, *quote)) {
      *errorLine = quote->line + 1;
      return fail(ErrorCode::kInvalid, "the quote that begins here has no end");
    }
    return document;
  } catch (const TooLarge&) {
    return fail(ErrorCode::kInvalid, "nests too deep or unfolds to too many values");
  } catch (const KeyIsNoText& key) {
    *errorLine = key.line + 1;
    return fail(ErrorCode::kInvalid, "has a key that is no text");
  } catch (const YAML::Exception& error) {
    *errorLine = error.mark.is_null() ? 0 : error.mark.line + 1;
    return fail(ErrorCode::kInvalid, error.msg);
  } catch (const std::exception& error) {
    return fail(ErrorCode::kInvalid, error.what());
  }
}

}  // namespace firebreak
