#include "detect/miners/code_literals.h"

#include <algorithm>
#include <cctype>
#include <map>
#include <optional>

#include "detect/miners/code_calls.h"
#include "detect/miners/shell_reader.h"

namespace firebreak::detect {
namespace {

// Of what a statement says before a literal only its end is of interest.
constexpr size_t kMaxStatement = 1024;
// Bounds the work on hostile code, whose literals name each other.
constexpr size_t kMaxNames = 64;
constexpr size_t kMaxTotalText = size_t{4} * 1024 * 1024;

bool isQuote(char c) { return c == '\'' || c == '"' || c == '`'; }
bool isNameChar(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

class LiteralReader {
 public:
  explicit LiteralReader(std::string_view code)
      : code_(code), processes_(knowsProcesses(code)), variables_(runsVariables(code)) {}

  std::vector<std::vector<std::string>> read() {
    while (pos_ < code_.size() && total_ <= kMaxTotalText) {
      char c = code_[pos_];
      if (isQuote(c)) {
        readGroup();
        continue;
      }
      if (c == '#' && (statement_.empty() || statement_.back() == ' ') && !inBrackets()) {
        pos_ = std::min(code_.find('\n', pos_), code_.size());  // a comment of scripts
        continue;
      }
      if (c == '(' || c == '[') ++depth_;
      if (c == ')' || c == ']') depth_ = std::max(0, depth_ - 1);
      bool ends = c == ';' || (c == '\n' && !inBrackets());
      if (ends) {
        statement_.clear();
      } else if (statement_.size() < kMaxStatement) {
        statement_ += c == '\n' ? ' ' : c;
      }
      ++pos_;
    }
    return std::move(groups_);
  }

 private:
  bool inBrackets() const { return depth_ > 0; }

  size_t skipSpace(size_t at) const {
    while (at < code_.size() && std::isspace(static_cast<unsigned char>(code_[at])) != 0) ++at;
    return at;
  }

  // The literal at pos_; variables that it names in braces are filled in.
  std::string readLiteral() {
    char quote = code_[pos_];
    size_t start = pos_ + 1;
    size_t end = start;
    while (end < code_.size() && code_[end] != quote) end += code_[end] == '\\' ? 2u : 1u;
    end = std::min(end, code_.size());
    pos_ = std::min(end + 1, code_.size());
    std::string text = filled(decodeEscapes(code_.substr(start, end - start)));
    if (code_.substr(pos_).starts_with("[::-1]")) {
      pos_ += 6;
      std::reverse(text.begin(), text.end());
    }
    return text;
  }

  std::string filled(std::string text) const {
    for (const auto& [name, value] : names_) {
      const std::string mark = "{" + name + "}";
      for (size_t at = text.find(mark); at != std::string::npos && text.size() < kMaxShellWord;
           at = text.find(mark, at + value.size())) {
        size_t from = at > 0 && (text[at - 1] == '$' || text[at - 1] == '#') ? at - 1 : at;
        text.replace(from, at - from + mark.size(), value);
        at = from;
      }
    }
    return text;
  }

  // A literal, or a name that was given one, from `at` on.
  std::optional<std::string> readOperand(size_t at) {
    size_t end = at;
    while (end < code_.size() && isNameChar(code_[end])) ++end;
    if (end < code_.size() && isQuote(code_[end]) && end - at <= 2) {  // f"..", rb".."
      pos_ = end;
      return readLiteral();
    }
    auto known = names_.find(code_.substr(at, end - at));
    if (end == at || known == names_.end()) return std::nullopt;
    pos_ = end;
    return known->second;
  }

  void readGroup() {
    const std::string before = statement_;
    const size_t start = pos_;
    std::vector<std::string> words = {readLiteral()};
    while (true) {
      size_t at = skipSpace(pos_);
      if (at >= code_.size()) break;
      bool adds = code_[at] == '+' || (code_[at] == '.' && at + 1 < code_.size() &&
                                       (isQuote(code_[at + 1]) || code_[at + 1] == ' '));
      if (!adds && code_[at] != ',') break;
      at = skipSpace(at + 1);
      bool opens = at < code_.size() && code_[at] == '[' && !adds;  // spawn("a", ["b"]) is one line
      if (opens) {
        at = skipSpace(at + 1);
        ++depth_;
      }
      size_t kept = pos_;
      auto operand = readOperand(at);
      if (!operand) {
        pos_ = std::max(kept, at);
        break;
      }
      if (adds) {
        if (words.back().size() + operand->size() <= kMaxShellWord) words.back() += *operand;
      } else {
        words.push_back(std::move(*operand));
      }
    }
    for (const std::string& word : words) total_ += word.size();
    remember(before, words);
    if (mayRun(before, words, start)) groups_.push_back(std::move(words));
  }

  // "name = 'text'"
  void remember(std::string_view before, const std::vector<std::string>& words) {
    size_t equals = before.find_last_not_of(' ');
    if (words.size() != 1 || names_.size() >= kMaxNames || equals == std::string_view::npos || before[equals] != '=') return;
    size_t end = before.find_last_not_of(' ', equals - std::min<size_t>(equals, 1));
    if (end == std::string_view::npos || end >= equals) return;
    size_t start = end + 1;
    while (start > 0 && isNameChar(before[start - 1])) --start;
    if (start <= end) names_[std::string(before.substr(start, end + 1 - start))] = words[0];
  }

  bool mayRun(const std::string& before, const std::vector<std::string>& words, size_t start) const {
    std::string_view plain = code_.substr(0, start);
    std::string_view after = code_.substr(pos_);
    if (isPrinted(plain) || isCompared(plain, after)) return false;
    if (code_[start] == '`') return true;  // Perl, Ruby and PHP run it
    if (runsSomething(before, processes_) || decodesSomething(before)) return true;
    return variables_ && !isListOfNames(before, words.size() > 1);
  }

  std::string_view code_;
  const bool processes_;
  const bool variables_;
  size_t pos_ = 0;
  size_t total_ = 0;
  int depth_ = 0;
  std::string statement_;  // so far, without its literals
  std::map<std::string, std::string, std::less<>> names_;
  std::vector<std::vector<std::string>> groups_;
};

}  // namespace

std::vector<std::vector<std::string>> literalGroups(std::string_view code) {
  return LiteralReader(code).read();
}

}  // namespace firebreak::detect
