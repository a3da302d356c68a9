#include "detect/miners/command_output.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "detect/inflate.h"
#include "detect/miners/command_reader.h"
#include "detect/miners/encoded_text.h"
#include "detect/miners/shell_reader.h"

namespace firebreak::detect {
namespace {

using Words = std::vector<std::string>;

// "sed s/a/aaaa/g" many times over ends here.
constexpr size_t kMaxReplaced = size_t{1024} * 1024;

template <typename Table>
bool contains(const Table& table, std::string_view word) {
  return std::find(std::begin(table), std::end(table), word) != std::end(table);
}

std::string echoed(const std::vector<std::string>& words) {
  size_t i = 1;
  bool escapes = false;
  for (; i < words.size() && words[i].size() > 1 && words[i][0] == '-' &&
         words[i].find_first_not_of("neE", 1) == std::string::npos;
       ++i) {
    escapes = escapes || words[i].find('e') != std::string::npos;
  }
  std::string text = joinWords(words, i, " ");
  return (escapes ? decodeEscapes(text) : text) + "\n";
}

std::string formatted(const std::vector<std::string>& words) {
  size_t i = 1;
  if (i < words.size() && words[i] == "--") ++i;
  if (i >= words.size()) return {};
  std::string format = decodeEscapes(words[i++]);
  std::string text;
  do {  // the format is used again while arguments are left, as printf does
    size_t before = i;
    for (size_t p = 0; p < format.size(); ++p) {
      bool conversion = format[p] == '%' && p + 1 < format.size();
      if (conversion && format[p + 1] == '%') {
        text += '%';
        ++p;
      } else if (conversion) {
        p = std::min(format.find_first_of("sbdiqxcuf", p + 1), format.size() - 1);
        if (i < words.size()) text += format[p] == 'b' ? decodeEscapes(words[i]) : words[i];
        ++i;
      } else {
        text += format[p];
      }
    }
    if (i == before) break;
  } while (i < words.size());
  return text;
}

bool hasOption(const std::vector<std::string>& words, char letter, std::string_view longName) {
  return std::any_of(words.begin() + 1, words.end(), [&](const std::string& word) {
    if (word.starts_with("--")) return word == longName;
    return word.size() > 1 && word[0] == '-' && word.find(letter) != std::string::npos;
  });
}

// tr's sets: "a-zA-Z", escapes decoded.
std::string trSet(std::string_view text) {
  std::string plain = decodeEscapes(text);
  std::string set;
  for (size_t i = 0; i < plain.size(); ++i) {
    bool range = i + 2 < plain.size() && plain[i + 1] == '-' && plain[i] <= plain[i + 2];
    if (!range) {
      set += plain[i];
      continue;
    }
    for (int c = plain[i]; c <= plain[i + 2]; ++c) set += static_cast<char>(c);
    i += 2;
  }
  return set;
}

std::optional<std::string> translated(const Words& words, std::string text) {
  if (words.size() == 3 && words[1] == "-d") {
    std::string removed = trSet(words[2]);
    std::erase_if(text, [&](char c) { return removed.find(c) != std::string::npos; });
    return text;
  }
  if (words.size() != 3 || words[1].starts_with('-')) return std::nullopt;
  std::string from = trSet(words[1]);
  std::string to = trSet(words[2]);
  if (to.empty()) return std::nullopt;
  for (char& c : text) {
    size_t at = from.find(c);
    if (at != std::string::npos) c = to[std::min(at, to.size() - 1)];
  }
  return text;
}

// sed 's/x/y/g' with a pattern of plain characters; other scripts are not followed.
std::optional<std::string> substituted(const Words& words, std::string text) {
  for (size_t i = 1; i < words.size(); ++i) {
    const std::string& script = words[i];
    if (script.starts_with('-')) continue;
    if (script.size() < 4 || script[0] != 's') return std::nullopt;
    char mark = script[1];
    size_t middle = script.find(mark, 2);
    size_t end = middle == std::string::npos ? middle : script.find(mark, middle + 1);
    if (end == std::string::npos) return std::nullopt;
    std::string pattern = script.substr(2, middle - 2);
    std::string with = script.substr(middle + 1, end - middle - 1);
    if (pattern.empty() || pattern.find_first_of("\\.*[]^$+?") != std::string::npos) {
      return std::nullopt;
    }
    bool all = script.find('g', end) != std::string::npos;
    for (size_t at = text.find(pattern); at != std::string::npos;
         at = all ? text.find(pattern, at + with.size()) : std::string::npos) {
      text.replace(at, pattern.size(), with);
      if (text.size() > kMaxReplaced) return std::nullopt;
    }
  }
  return text;
}

}  // namespace

std::string joinWords(const Words& words, size_t from, std::string_view separator) {
  std::string text;
  for (size_t i = from; i < words.size(); ++i) {
    if (i > from) text += separator;
    text += words[i];
  }
  return text;
}

std::string trimmed(std::string_view text) {
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.front())) != 0) {
    text.remove_prefix(1);
  }
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back())) != 0) {
    text.remove_suffix(1);
  }
  return std::string(text);
}

CommandOutput outputOf(const Words& words, const std::optional<std::string>& input,
                       const FileText& fileText) {
  std::string name = programName(words[0]);
  if (name == "busybox" && words.size() > 1) {
    return outputOf({words.begin() + 1, words.end()}, input, fileText);
  }
  if (name == "echo") return {echoed(words)};
  if (name == "printf") return {formatted(words)};
  std::optional<std::string> text = input;
  bool decodes =
      name == "base64" && (hasOption(words, 'd', "--decode") || hasOption(words, 'D', ""));
  bool base32 = name == "base32" && hasOption(words, 'd', "--decode");
  bool openssl = name == "openssl" && contains(words, "-d") &&
                 (contains(words, "base64") || contains(words, "-base64") || contains(words, "-a"));
  bool inflates = name == "gunzip" || name == "zcat" ||
                  (name == "gzip" && hasOption(words, 'd', "--decompress"));
  bool reads = name == "cat" || decodes || base32 || name == "rev" || name == "tac" || inflates;
  if (reads && words.size() > 1 && !words.back().starts_with('-')) text = fileText(words.back());
  if (!text) return {};
  if (name == "cat" || name == "tee") return {text};
  if (decodes || openssl) return {decodeBase64(*text), true};
  if (base32) return {decodeBase32(*text), true};
  if (inflates) return {inflated(*text, kMaxInflated), true};
  if (name == "rev") {
    std::string line = trimmed(*text);
    return {std::string(line.rbegin(), line.rend()), true};
  }
  if (name == "xxd" && hasOption(words, 'r', "")) return {decodeHex(*text), true};
  if (name == "tr") return {translated(words, std::move(*text)), true};
  if (name == "sed") return {substituted(words, std::move(*text))};
  return {};
}

}  // namespace firebreak::detect
