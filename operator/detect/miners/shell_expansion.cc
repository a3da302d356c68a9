// Quotes and expansions of one word.
#include <algorithm>
#include <cctype>

#include "detect/miners/shell_reader.h"

namespace firebreak::detect {
namespace {

bool isNameStart(char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0 || c == '_'; }
bool isNameChar(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

// "${name/x/y}" and "${name//x/y}" with a plain pattern.
std::string replacedIn(std::string text, std::string_view modifier) {
  bool all = modifier.starts_with("//");
  modifier.remove_prefix(all ? 2 : 1);
  size_t slash = modifier.find('/');
  std::string pattern(modifier.substr(0, slash));
  std::string with(slash == std::string_view::npos ? std::string_view() : modifier.substr(slash + 1));
  if (pattern.empty()) return text;
  for (size_t at = text.find(pattern); at != std::string::npos && text.size() <= kMaxShellWord;
       at = all ? text.find(pattern, at + with.size()) : std::string::npos) {
    text.replace(at, pattern.size(), with);
  }
  return text;
}

// "${name:2}" and "${name:2:5}": `range` is "2" or "2:5".
std::string sliceOf(const std::string& text, std::string_view range) {
  auto number = [](std::string_view digits) {
    size_t value = 0;
    for (char c : digits.substr(0, 6)) {
      if (c < '0' || c > '9') break;
      value = value * 10 + static_cast<size_t>(c - '0');
    }
    return value;
  };
  size_t colon = range.find(':');
  size_t from = std::min(number(range.substr(0, colon)), text.size());
  size_t length = colon == std::string_view::npos ? text.size() : number(range.substr(colon + 1));
  return text.substr(from, length);
}

}  // namespace

void ShellReader::appendExpanded(const std::string& value, bool quoted) {
  constexpr size_t kShort = 256;
  if (value.size() > kShort) {
    if (value.size() > *unfold_) return;
    *unfold_ -= value.size();
  }
  if (quoted) {
    inWord_ = true;
    if (word_.size() + value.size() <= kMaxShellWord) word_ += value;
    return;
  }
  for (char c : value) {  // field splitting
    if (std::isspace(static_cast<unsigned char>(c)) != 0) {
      endWord();
    } else {
      append(c);
    }
  }
}

// A here-document's expansions: like a double-quoted text, but quotes are plain characters.
std::string ShellReader::expandText(std::string_view text) {
  ShellReader inner(
      variables_, unfold_, [](ShellCommand) {}, substitute_);
  inner.text_ = text;
  while (!inner.atEnd()) {
    char c = inner.peek();
    if (c == '\\' && (inner.peek(1) == '$' || inner.peek(1) == '`' || inner.peek(1) == '\\')) {
      inner.append(inner.peek(1));
      inner.pos_ += 2;
    } else if (c == '$') {
      inner.readDollar(true);
    } else if (c == '`') {
      inner.appendExpanded(substitute_(inner.readBackticks()), true);
    } else {
      inner.append(c);
      ++inner.pos_;
    }
  }
  return inner.word_;
}

void ShellReader::readSingleQuoted() {
  inWord_ = true;
  wordQuoted_ = true;
  while (!atEnd() && peek() != '\'') append(text_[pos_++]);
  if (!atEnd()) ++pos_;
}

void ShellReader::readDoubleQuoted() {
  inWord_ = true;
  wordQuoted_ = true;
  while (!atEnd() && peek() != '"') {
    char c = peek();
    if (c == '\\' && pos_ + 1 < text_.size()) {
      char next = peek(1);
      pos_ += 2;
      if (next == '\n') continue;
      if (next != '$' && next != '`' && next != '"' && next != '\\') append('\\');
      append(next);
    } else if (c == '$') {
      readDollar(true);
    } else if (c == '`') {
      appendExpanded(substitute_(readBackticks()), true);
    } else {
      append(c);
      ++pos_;
    }
  }
  if (!atEnd()) ++pos_;
}

void ShellReader::readAnsiQuoted() {
  size_t start = pos_;
  while (!atEnd() && peek() != '\'') pos_ += peek() == '\\' ? 2u : 1u;
  pos_ = std::min(pos_, text_.size());
  appendExpanded(decodeEscapes(text_.substr(start, pos_ - start)), true);
  wordQuoted_ = true;
  if (!atEnd()) ++pos_;
}

void ShellReader::readDollar(bool quoted) {
  ++pos_;
  char c = peek();
  if (c == '(' && peek(1) == '(') {  // arithmetic: its value is never evidence
    readBalanced('(', ')');
  } else if (c == '(') {
    std::string script = readBalanced('(', ')');
    // Kubernetes leaves $(NAME) alone where it knows no such variable; a shell would run NAME.
    auto known = variables_->find(script);
    appendExpanded(known != variables_->end() ? known->second : substitute_(script), quoted);
  } else if (c == '{') {
    ++pos_;
    readBraced(quoted);
  } else if (c == '\'' && !quoted) {
    ++pos_;
    readAnsiQuoted();
  } else if (isNameStart(c)) {
    size_t start = pos_;
    while (!atEnd() && isNameChar(peek())) ++pos_;
    appendExpanded(variable(text_.substr(start, pos_ - start)), quoted);
  } else if (std::isdigit(static_cast<unsigned char>(c)) != 0) {
    appendExpanded(variable(text_.substr(pos_++, 1)), quoted);
  } else if (c == '@' || c == '*' || c == '#' || c == '?' || c == '!') {
    ++pos_;
    if (c == '@' || c == '*') appendExpanded(variable("@"), false);
  } else {
    append('$');
  }
}

void ShellReader::readBraced(bool quoted) {
  size_t start = pos_;
  while (!atEnd() && isNameChar(peek())) ++pos_;
  std::string_view name = text_.substr(start, pos_ - start);
  size_t rest = pos_;
  int depth = 1;
  while (!atEnd()) {
    char c = text_[pos_++];
    if (c == '{') ++depth;
    if (c == '}' && --depth == 0) break;
  }
  std::string_view modifier = text_.substr(rest, pos_ > rest ? pos_ - rest - 1 : 0);
  if (modifier == "[@]" || modifier == "[*]") {
    appendExpanded(variable(name), false);
    return;
  }
  if (modifier.starts_with('/')) {
    appendExpanded(replacedIn(variable(name), modifier), quoted);
    return;
  }
  bool slice = modifier.size() > 1 && modifier[0] == ':' &&
               std::isdigit(static_cast<unsigned char>(modifier[1])) != 0;
  if (slice) {
    appendExpanded(sliceOf(variable(name), modifier.substr(1)), quoted);
    return;
  }
  auto found = variables_->find(name);
  bool set = found != variables_->end() && !found->second.empty();
  if (modifier.starts_with(':')) modifier.remove_prefix(1);
  if (!set && (modifier.starts_with('-') || modifier.starts_with('='))) {
    appendExpanded(expandText(modifier.substr(1)), quoted);
  } else {
    appendExpanded(variable(name), quoted);
  }
}

// At the opening character; returns what stands between it and its partner, quotes respected.
std::string ShellReader::readBalanced(char open, char close) {
  const size_t start = ++pos_;
  const bool closed = skipPast(open, close);
  return std::string(text_.substr(start, closed ? pos_ - start - 1 : std::string_view::npos));
}

// Past the `close` that belongs to an `open` before pos_, quotes respected; false where the text ends first.
bool ShellReader::skipPast(char open, char close) {
  int depth = 1;
  char quote = '\0';
  while (!atEnd()) {
    char c = text_[pos_++];
    if (c == '\\' && quote != '\'') {
      if (!atEnd()) ++pos_;
    } else if (quote != '\0') {
      if (c == quote) quote = '\0';
    } else if (c == '\'' || c == '"') {
      quote = c;
    } else if (c == close) {
      if (--depth == 0) return true;
    } else if (c == open) {
      ++depth;
    }
  }
  return false;
}

std::string ShellReader::readBackticks() {
  std::string script;
  ++pos_;
  while (!atEnd() && peek() != '`') {
    if (peek() == '\\' && (peek(1) == '`' || peek(1) == '\\' || peek(1) == '$')) ++pos_;
    script += text_[pos_++];
  }
  if (!atEnd()) ++pos_;
  return script;
}

std::string ShellReader::variable(std::string_view name) const {
  auto found = variables_->find(name);
  if (found != variables_->end()) return found->second;
  return name == "IFS" ? " " : "";
}

std::string decodeEscapes(std::string_view text) {
  static constexpr std::string_view kLetters = "abefnrtv";
  static constexpr std::string_view kValues = "\a\b\x1b\f\n\r\t\v";
  std::string out;
  auto number = [&](size_t* i, size_t maxDigits, int base) {
    unsigned value = 0;
    for (size_t digits = 0; digits < maxDigits && *i < text.size(); ++digits, ++*i) {
      char c = text[*i];
      bool valid =
          base == 16 ? std::isxdigit(static_cast<unsigned char>(c)) != 0 : c >= '0' && c <= '7';
      if (!valid) break;
      int digit = c <= '9' ? c - '0' : (std::tolower(static_cast<unsigned char>(c)) - 'a' + 10);
      value = value * static_cast<unsigned>(base) + static_cast<unsigned>(digit);
    }
    return value;
  };
  for (size_t i = 0; i < text.size();) {
    char c = text[i++];
    if (c != '\\' || i >= text.size()) {
      out += c;
      continue;
    }
    char e = text[i++];
    size_t letter = kLetters.find(e);
    if (letter != std::string_view::npos) {
      out += kValues[letter];
    } else if (e == 'x' || e == 'u') {
      out += static_cast<char>(number(&i, e == 'x' ? 2 : 4, 16));
    } else if (e >= '0' && e <= '7') {
      --i;
      out += static_cast<char>(number(&i, text[i] == '0' ? 4 : 3, 8));
    } else {
      if (e != '\\' && e != '\'' && e != '"') out += '\\';
      out += e;
    }
  }
  return out;
}

}  // namespace firebreak::detect
