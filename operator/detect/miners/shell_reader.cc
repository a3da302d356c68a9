#include "detect/miners/shell_reader.h"

#include <algorithm>
#include <array>
#include <cctype>

namespace firebreak::detect {
namespace {

constexpr size_t kMaxText = 256 * 1024;

bool isNameStart(char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0 || c == '_'; }
bool isNameChar(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

// "NAME=value" and "NAME+=value" -> length of NAME; 0 where the word is no assignment.
size_t assignmentName(std::string_view word) {
  if (word.empty() || !isNameStart(word[0])) return 0;
  size_t i = 1;
  while (i < word.size() && isNameChar(word[i])) ++i;
  std::string_view rest = word.substr(i);
  return rest.starts_with('=') || rest.starts_with("+=") ? i : 0;
}

void assign(std::string_view word, Variables* variables) {
  size_t name = assignmentName(word);
  if (name == 0) return;
  std::string& value = (*variables)[std::string(word.substr(0, name))];
  bool adds = word[name] == '+';
  std::string_view given = word.substr(name + (adds ? 2 : 1));
  if (!adds) value.clear();
  if (value.size() + given.size() <= kMaxShellWord) value += given;
}

bool isKeyword(std::string_view word) {
  static constexpr std::array<std::string_view, 13> kWords = {
      "if", "then", "elif", "else", "fi", "while", "until", "do", "done", "{", "}", "!", "esac"};
  return std::find(kWords.begin(), kWords.end(), word) != kWords.end();
}

}  // namespace

ShellReader::ShellReader(Variables* variables, size_t* unfold, Sink sink, Substitute substitute)
    : variables_(variables), unfold_(unfold), sink_(std::move(sink)), substitute_(std::move(substitute)) {}

void ShellReader::read(std::string_view text) {
  text_ = text.substr(0, kMaxText);
  pos_ = 0;
  while (!atEnd()) {
    if (inPatterns_) {
      readPatterns();
      continue;
    }
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
    } else if (c == '(' && inWord_ && word_.ends_with('=') && assignmentName(word_) > 0) {
      readArray();
    } else if (c == '|' || c == '&' || c == ';' || c == '(' || c == ')') {
      bool pipe = c == '|' && peek(1) != '|';
      bool nextCase = c == ';' && (peek(1) == ';' || peek(1) == '&') && caseDepth_ > 0;
      ++pos_;
      if (!atEnd() && (peek() == c || (c == '|' && peek() == '&')) && c != '(' && c != ')') ++pos_;
      if (c == ')') {  // of a group that is piped on, the last command's output is what counts
        size_t next = text_.find_first_not_of(" \t", pos_);
        pipe = next != std::string_view::npos && text_[next] == '|' &&
               (next + 1 >= text_.size() || text_[next + 1] != '|');
        if (pipe) pos_ = next + 1;
      }
      endCommand(pipe);
      inPatterns_ = nextCase;
    } else {
      append(c);
      ++pos_;
    }
  }
  endCommand(false);
  endLine();
}

// "case $x in a|b) command;; esac": at the patterns of one branch, or at esac.
void ShellReader::readPatterns() {
  endCommand(false);
  inPatterns_ = false;
  while (!atEnd() && std::isspace(static_cast<unsigned char>(peek())) != 0) ++pos_;
  std::string_view rest = text_.substr(pos_);
  if (rest.starts_with("esac") && (rest.size() == 4 || !isNameChar(rest[4]))) return;
  skipPast(')', ')');  // a branch's patterns may begin with a parenthesis that counts for nothing
}

void ShellReader::append(char c) {
  inWord_ = true;
  if (word_.size() < kMaxShellWord) word_ += c;
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
  if (current_.words.empty() && !quoted && isKeyword(word)) {
    if (word == "esac") caseDepth_ = std::max(0, caseDepth_ - 1);
    return;
  }
  bool branches = current_.words.size() == 2 && current_.words[0] == "case" && word == "in";
  current_.words.push_back(std::move(word));
  if (branches) {
    ++caseDepth_;
    inPatterns_ = true;
  }
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
    for (const std::string& word : current_.words) assign(word, variables_);
  }
  // Of "A=b cmd" the words are those of cmd; A reaches only its environment, which we take as set.
  if (assignments > 0 && assignments < current_.words.size()) {
    for (size_t i = 0; i < assignments; ++i) assign(current_.words[i], variables_);
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

// "name=(a b c)": kept as one text, which "${name[@]}" splits again.
void ShellReader::readArray() {
  std::string elements = readBalanced('(', ')');
  std::replace(elements.begin(), elements.end(), '\n', ' ');
  // What is added to an array stands apart from what it held.
  std::string joined = word_.ends_with("+=") ? " " : "";
  ShellReader inner(
      variables_, unfold_,
      [&](ShellCommand command) {
        for (size_t i = 1; i < command.words.size(); ++i) {
          if (!joined.empty()) joined += ' ';
          joined += command.words[i];
        }
      },
      substitute_);
  inner.read("_ " + elements);
  appendExpanded(joined, true);
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
    // What a process substitution prints is read as the command's input.
    std::string text = substitute_(readBalanced('(', ')'));
    if (!text.empty() && !current_.input) current_.input = std::move(text);
    want_ = Want::kWord;
  }
}

}  // namespace firebreak::detect
