#include "detect/miners/shell_reader.h"

#include <algorithm>
#include <array>
#include <cctype>

namespace firebreak::detect {
namespace {

// Longer texts are cut: a pod's arguments are at most 128 KiB a word on Linux (MAX_ARG_STRLEN).
constexpr size_t kMaxText = 256 * 1024;
constexpr size_t kMaxWord = 128 * 1024;

bool isNameStart(char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0 || c == '_'; }
bool isNameChar(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

// "NAME=value" -> length of NAME; 0 where the word is no assignment.
size_t assignmentName(std::string_view word) {
  if (word.empty() || !isNameStart(word[0])) return 0;
  size_t i = 1;
  while (i < word.size() && isNameChar(word[i])) ++i;
  return i < word.size() && word[i] == '=' ? i : 0;
}

bool isKeyword(std::string_view word) {
  static constexpr std::array<std::string_view, 13> kWords = {
      "if", "then", "elif", "else", "fi", "while", "until", "do", "done", "{", "}", "!", "esac"};
  return std::find(kWords.begin(), kWords.end(), word) != kWords.end();
}

}  // namespace

ShellReader::ShellReader(Variables* variables, Sink sink, Substitute substitute)
    : variables_(variables), sink_(std::move(sink)), substitute_(std::move(substitute)) {}

void ShellReader::read(std::string_view text) {
  text_ = text.substr(0, kMaxText);
  pos_ = 0;
  while (!atEnd()) {
    char c = peek();
    if (c == '\\') {
      if (peek(1) == '\n') {
        pos_ += 2;
      } else {
        ++pos_;
        if (!atEnd()) append(text_[pos_++]);
      }
    } else if (c == '\'') {
      ++pos_;
      readSingleQuoted();
    } else if (c == '"') {
      ++pos_;
      readDoubleQuoted();
    } else if (c == '$') {
      readDollar(false);
    } else if (c == '`') {
      appendExpanded(substitute_(readBackticks()), false);
    } else if (c == '\n') {
      ++pos_;
      endCommand(false);
      endLine();
    } else if (c == ' ' || c == '\t' || c == '\r') {
      ++pos_;
      endWord();
    } else if (c == '#' && !inWord_) {
      while (!atEnd() && peek() != '\n') ++pos_;
    } else if (c == '<' || c == '>' || (c == '&' && peek(1) == '>')) {
      readRedirect();
    } else if (c == '|' || c == '&' || c == ';' || c == '(' || c == ')') {
      bool pipe = c == '|' && peek(1) != '|';
      ++pos_;
      if (!atEnd() && (peek() == c || (c == '|' && peek() == '&')) && c != '(' && c != ')') ++pos_;
      endCommand(pipe);
    } else {
      append(c);
      ++pos_;
    }
  }
  endCommand(false);
  endLine();
}

void ShellReader::append(char c) {
  inWord_ = true;
  if (word_.size() < kMaxWord) word_ += c;
}

void ShellReader::appendExpanded(const std::string& value, bool quoted) {
  if (quoted) {
    inWord_ = true;
    if (word_.size() + value.size() <= kMaxWord) word_ += value;
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

void ShellReader::endWord() {
  if (!inWord_) return;
  std::string word = std::move(word_);
  bool quoted = wordQuoted_;
  word_.clear();
  inWord_ = false;
  wordQuoted_ = false;
  Want want = want_;
  want_ = Want::kWord;
  switch (want) {
    case Want::kOutput:
      current_.outputs.push_back(std::move(word));
      return;
    case Want::kInput:
      current_.inputs.push_back(std::move(word));
      return;
    case Want::kHereString:
      current_.input = std::move(word);
      return;
    case Want::kHereDoc:
      hereDocs_.push_back({line_.size(), std::move(word), quoted, hereDocStripsTabs_});
      return;
    case Want::kIgnore:
      return;
    case Want::kWord:
      break;
  }
  if (current_.words.empty() && !quoted && isKeyword(word)) return;
  current_.words.push_back(std::move(word));
}

void ShellReader::endCommand(bool pipe) {
  endWord();
  want_ = Want::kWord;
  size_t assignments = 0;
  while (assignments < current_.words.size() && assignmentName(current_.words[assignments]) > 0) {
    ++assignments;
  }
  bool exports =
      !current_.words.empty() && (current_.words[0] == "export" ||
                                  current_.words[0] == "readonly" || current_.words[0] == "local");
  if (assignments == current_.words.size() || exports) {
    for (const std::string& word : current_.words) {
      size_t name = assignmentName(word);
      if (name > 0) (*variables_)[word.substr(0, name)] = word.substr(name + 1);
    }
  }
  // Of "A=b cmd" the words are those of cmd; A reaches only its environment, which we take as set.
  if (assignments > 0 && assignments < current_.words.size()) {
    for (size_t i = 0; i < assignments; ++i) {
      size_t name = assignmentName(current_.words[i]);
      (*variables_)[current_.words[i].substr(0, name)] = current_.words[i].substr(name + 1);
    }
    current_.words.erase(current_.words.begin(),
                         current_.words.begin() + static_cast<std::ptrdiff_t>(assignments));
  }
  // "for x in a b": the body is read once, with the first value.
  if (current_.words.size() > 3 && current_.words[0] == "for" && current_.words[2] == "in") {
    (*variables_)[current_.words[1]] = current_.words[3];
    current_.words.clear();
  }
  bool empty = current_.words.empty() && current_.outputs.empty() && !current_.input;
  bool waitsForHereDoc = !hereDocs_.empty() && hereDocs_.back().command == line_.size();
  current_.fromPipe = pipeBefore_;
  current_.toPipe = pipe;
  pipeBefore_ = pipe;
  if (!empty || waitsForHereDoc) line_.push_back(std::move(current_));
  current_ = ShellCommand();
  if (hereDocs_.empty()) {
    for (ShellCommand& command : line_) sink_(std::move(command));
    line_.clear();
  }
}

void ShellReader::endLine() {
  if (hereDocs_.empty()) return;
  readHereDocs();
  for (ShellCommand& command : line_) sink_(std::move(command));
  line_.clear();
}

void ShellReader::readHereDocs() {
  std::vector<PendingHereDoc> docs = std::move(hereDocs_);
  hereDocs_.clear();
  for (const PendingHereDoc& doc : docs) {
    std::string body;
    while (!atEnd()) {
      size_t end = text_.find('\n', pos_);
      std::string_view line = text_.substr(pos_, end == std::string_view::npos ? end : end - pos_);
      pos_ = end == std::string_view::npos ? text_.size() : end + 1;
      if (line.ends_with('\r')) line.remove_suffix(1);
      if (doc.stripTabs) {
        while (line.starts_with('\t')) line.remove_prefix(1);
      }
      // Indented manifests often indent the end mark too, which a shell would not accept.
      std::string_view mark = line;
      while (mark.starts_with(' ')) mark.remove_prefix(1);
      if (mark == doc.delimiter) break;
      body.append(line).append("\n");
    }
    if (doc.command < line_.size()) {
      line_[doc.command].input = doc.quoted ? body : expandText(body);
    }
  }
}

// A here-document's expansions: like a double-quoted text, but quotes are plain characters.
std::string ShellReader::expandText(std::string_view text) {
  ShellReader inner(
      variables_, [](ShellCommand) {}, substitute_);
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
  auto found = variables_->find(name);
  bool set = found != variables_->end() && !found->second.empty();
  if (modifier.starts_with(':')) modifier.remove_prefix(1);
  if (!set && (modifier.starts_with('-') || modifier.starts_with('='))) {
    appendExpanded(expandText(modifier.substr(1)), quoted);
  } else {
    appendExpanded(variable(name), quoted);
  }
}

void ShellReader::readRedirect() {
  // "2>" and "1<": digits that touch the operator are a descriptor, no word.
  if (inWord_ && !wordQuoted_ && !word_.empty() &&
      std::all_of(word_.begin(), word_.end(),
                  [](unsigned char c) { return std::isdigit(c) != 0; })) {
    word_.clear();
    inWord_ = false;
  }
  endWord();
  if (peek() == '&') ++pos_;
  char c = text_[pos_++];
  if (c == '>') {
    want_ = Want::kOutput;
    if (peek() == '>' || peek() == '|') ++pos_;
    if (peek() == '&') {
      ++pos_;
      want_ = Want::kIgnore;
    }
    return;
  }
  want_ = Want::kInput;
  if (peek() == '<' && peek(1) == '<') {
    pos_ += 2;
    want_ = Want::kHereString;
  } else if (peek() == '<') {
    ++pos_;
    hereDocStripsTabs_ = peek() == '-';
    if (hereDocStripsTabs_) ++pos_;
    want_ = Want::kHereDoc;
  } else if (peek() == '&') {
    ++pos_;
    want_ = Want::kIgnore;
  } else if (peek() == '(') {
    substitute_(readBalanced('(', ')'));
    want_ = Want::kWord;
  }
}

// At the opening character; returns what stands between it and its partner, quotes respected.
std::string ShellReader::readBalanced(char open, char close) {
  size_t start = ++pos_;
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
    } else if (c == open) {
      ++depth;
    } else if (c == close && --depth == 0) {
      return std::string(text_.substr(start, pos_ - start - 1));
    }
  }
  return std::string(text_.substr(start));
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
  return {};
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
