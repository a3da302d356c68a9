// ShellReader: a shell script as text -> its simple commands, with quotes, expansions,
// here-documents, pipes and redirections understood as a POSIX shell (and bash's $'..' and <<<)
// does. It never runs anything and never fails: text that is no script gives commands that match
// nothing. Time is linear in the text. Not thread-safe; one per script.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace firebreak::detect {

using Variables = std::map<std::string, std::string, std::less<>>;

// Longer words are cut: MAX_ARG_STRLEN of Linux.
inline constexpr size_t kMaxShellWord = size_t{128} * 1024;

struct ShellCommand {
  std::vector<std::string> words;    // expanded, unquoted
  std::optional<std::string> input;  // here-document or here-string
  std::vector<std::string> outputs;  // files that > and >> write
  std::vector<std::string> inputs;   // files that < reads
  bool fromPipe = false;             // reads what the command before it prints
  bool toPipe = false;
};

class ShellReader {
 public:
  // Called with each command in order. Assignments that stand alone go to the variables instead.
  using Sink = std::function<void(ShellCommand)>;
  // The text that $(script) or `script` prints, as far as it is known; also the place to look into
  // it.
  using Substitute = std::function<std::string(const std::string& script)>;

  // `unfold` is what values may still add, all scripts of a command line together: one that doubles itself makes long
  // words of a short script. Short values are always given, so that what pads a script hides nothing behind it.
  ShellReader(Variables* variables, size_t* unfold, Sink sink, Substitute substitute);
  void read(std::string_view text);

 private:
  struct PendingHereDoc {
    size_t command;  // index into line_
    std::string delimiter;
    bool quoted;
    bool stripTabs;
  };

  bool atEnd() const { return pos_ >= text_.size(); }
  char peek(size_t ahead = 0) const {
    return pos_ + ahead < text_.size() ? text_[pos_ + ahead] : '\0';
  }
  void append(char c);
  void appendExpanded(const std::string& value, bool quoted);
  void endWord();
  void endCommand(bool pipe);
  void endLine();
  void readSingleQuoted();
  void readDoubleQuoted();
  void readAnsiQuoted();
  void readDollar(bool quoted);
  void readBraced(bool quoted);
  void readRedirect();
  void readArray();
  void readPatterns();
  std::string readBalanced(char open, char close);
  bool skipPast(char open, char close);
  std::string readBackticks();
  std::string expandText(std::string_view text);
  void readHereDocs();
  std::string variable(std::string_view name) const;

  Variables* variables_;
  size_t* unfold_;
  Sink sink_;
  Substitute substitute_;
  std::string_view text_;
  size_t pos_ = 0;
  std::string word_;
  bool inWord_ = false;
  bool wordQuoted_ = false;
  enum class Want { kWord, kOutput, kInput, kHereDoc, kHereString, kIgnore };
  Want want_ = Want::kWord;
  bool hereDocStripsTabs_ = false;
  bool pipeBefore_ = false;
  int caseDepth_ = 0;           // "case .. esac" around what is read
  bool inPatterns_ = false;     // between "in" or ";;" and ")": names, no commands
  ShellCommand current_;
  std::vector<ShellCommand> line_;
  std::vector<PendingHereDoc> hereDocs_;
};

// \n, \t, \xHH, \NNN, \uHHHH: as in $'..', echo -e and printf.
std::string decodeEscapes(std::string_view text);

}  // namespace firebreak::detect
