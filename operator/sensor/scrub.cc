#include "sensor/scrub.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>

namespace firebreak::sensor {
namespace {

constexpr std::string_view kMask = "***";

bool isAlnum(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; }

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

// "--db-password", "API_TOKEN", "-p" and the like: what follows is nobody's business.
bool namesSecret(std::string_view name) {
  constexpr std::array<std::string_view, 9> kWords = {"pass", "pwd",  "secret",     "token", "key",
                                                      "auth", "cred", "private", "cookie"};
  if (name == "-p" || name == "-P") return true;
  const std::string folded = lower(name);
  return std::any_of(kWords.begin(), kWords.end(),
                     [&](std::string_view word) { return folded.find(word) != folded.npos; });
}

// How many bytes at the start of `text` make one valid UTF-8 character; 0 = none.
size_t utf8Length(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  const size_t length = first < 0x80 ? 1 : first < 0xC2 ? 0 : first < 0xE0 ? 2 : first < 0xF0 ? 3
                        : first < 0xF5                                                      ? 4
                                                                                            : 0;
  if (length == 0 || text.size() < length) return 0;
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
  }
  // Overlong forms, surrogates and what is beyond Unicode.
  if (length == 3 && ((first == 0xE0 && byte(1) < 0xA0) || (first == 0xED && byte(1) >= 0xA0))) {
    return 0;
  }
  if (length == 4 && ((first == 0xF0 && byte(1) < 0x90) || (first == 0xF4 && byte(1) >= 0x90))) {
    return 0;
  }
  return length;
}

// scheme://user:password@host -> scheme://***@host, at every place in `text`.
std::string maskUserInformation(std::string_view text) {
  std::string out;
  while (true) {
    const size_t scheme = text.find("://");
    if (scheme == text.npos) return out.append(text);
    out.append(text.substr(0, scheme + 3));
    text.remove_prefix(scheme + 3);
    const std::string_view authority = text.substr(0, text.find_first_of("/?# \t\"'"));
    const size_t at = authority.rfind('@');
    if (at == authority.npos) continue;
    out.append(kMask);
    text.remove_prefix(at);
  }
}

// A word of letters and digits: a wallet keeps its ends, what looks like a key goes.
std::string maskWord(std::string_view word) {
  constexpr size_t kKeyLength = 24;
  if (word.size() < kKeyLength) return std::string(word);
  const bool digits = std::any_of(word.begin(), word.end(), [](char c) { return c >= '0' && c <= '9'; });
  const bool letters = std::any_of(word.begin(), word.end(), [](char c) { return !(c >= '0' && c <= '9'); });
  if (!digits || !letters) return std::string(word);
  const bool wallet = word.size() == 95 || word.size() == 106 ||
                      (word.size() >= 26 && word.size() <= 64 && (word[0] == '1' || word[0] == '3' ||
                       word.starts_with("bc1") || word.starts_with("0x")));
  if (!wallet) return std::string(kMask);
  return std::string(word.substr(0, 4)) + "..." + std::string(word.substr(word.size() - 4));
}

std::string maskLongWords(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const size_t length = static_cast<size_t>(
        std::find_if_not(text.begin(), text.end(), [](char c) { return isAlnum(c) || c == '_' || c == '+'; }) -
        text.begin());
    if (length == 0) {
      out += text[0];
      text.remove_prefix(1);
      continue;
    }
    out += maskWord(text.substr(0, length));
    text.remove_prefix(length);
  }
  return out;
}

// One argument on its own: NAME=value, --name=value, a header, JSON.
std::string scrubArgument(std::string_view argument) {
  const size_t equals = argument.find_first_of("=:");
  if (equals != argument.npos && equals > 0 && equals < 64 && !argument.substr(equals).starts_with("://")) {
    const std::string_view name = argument.substr(0, equals);
    if (name.find(' ') == name.npos && namesSecret(name)) {
      return std::string(argument.substr(0, equals + 1)) + std::string(kMask);
    }
  }
  return maskLongWords(maskUserInformation(argument));
}

}  // namespace

std::string printable(std::string_view text, size_t limit) {
  std::string out;
  while (!text.empty()) {
    if (out.size() + 7 > limit) return out + "...";
    const size_t length = utf8Length(text);
    const auto first = static_cast<unsigned char>(text[0]);
    if (length == 0 || first < 0x20 || first == 0x7F) {
      out += first == '\n' || first == '\t' ? ' ' : '?';
      text.remove_prefix(1);
      continue;
    }
    out.append(text.substr(0, length));
    text.remove_prefix(length);
  }
  return out;
}

std::string scrubText(std::string_view text, size_t limit) {
  return printable(maskLongWords(maskUserInformation(text.substr(0, 4 * limit))), limit);
}

std::string scrubCommandLine(const std::vector<std::string>& arguments, size_t limit) {
  std::string line;
  bool secretFollows = false;
  for (const std::string& argument : arguments) {
    if (line.size() > limit) break;
    if (!line.empty()) line += ' ';
    const std::string_view head = std::string_view(argument).substr(0, 4 * limit);
    if (secretFollows) {
      line += kMask;
      secretFollows = false;
      continue;
    }
    secretFollows = head.starts_with('-') && head.find('=') == head.npos &&
                    head.find(' ') == head.npos && namesSecret(head);
    // A shell's script may hold anything, word by word.
    if (head.find(' ') == head.npos) {
      line += scrubArgument(head);
      continue;
    }
    std::vector<std::string> words;
    for (std::string_view rest = head; !rest.empty();) {
      const std::string_view word = rest.substr(0, rest.find_first_of(" \n\t"));
      if (!word.empty()) words.emplace_back(word);
      rest.remove_prefix(std::min(rest.size(), word.size() + 1));
    }
    // A header: "Authorization: Bearer ...": the value is the rest of the argument.
    const auto header = std::find_if(words.begin(), words.end(), [](std::string_view word) {
      return word.ends_with(':') && namesSecret(word);
    });
    const bool cut = header != words.end();
    if (cut) words.erase(header + 1, words.end());
    line += scrubCommandLine(words, limit);
    if (cut) line += " " + std::string(kMask);
  }
  return printable(line, limit);
}

}  // namespace firebreak::sensor
