// CommandReader: what a container would run, as far as its command line tells: shells' scripts, the
// programs behind wrappers (nohup, env, timeout), texts written to files and run, base64 piped into
// a shell, code given to interpreters. Nothing is ever executed. Pure given its inputs; not
// thread-safe, one per container or process.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "detect/miners/fetched_files.h"
#include "detect/miners/shell_reader.h"

namespace firebreak::detect {

// One program with its words, after shell parsing.
struct Invocation {
  std::vector<std::string> words;  // words[0] is the program, empty where it is the image's own
  size_t origin = 0;               // index of the outer command line's word that it came from
  bool outer = false;              // its words are the outer ones: word i came from origin + i
  size_t shift = 0;                // 1 where words[0] is not of the outer line
  bool argument = false;           // words[0] may be an argument of the image's own program
  bool decoded = false;            // was hidden in base64 or the like
  bool code = false;               // string literals of code: a list of names or a command
  // The program, or the script that it runs, was fetched from the network by the same command line.
  Fetched fetched = Fetched::kNo;

  size_t originOf(size_t word) const {
    return outer && origin + word >= shift ? origin + word - shift : origin;
  }
};

// A text that the command line writes to a file.
struct WrittenText {
  std::string path;
  std::string text;
  size_t origin = 0;
};

class CommandReader {
 public:
  // The text of a file that the container can read at its start (a mounted ConfigMap's); nothing
  // where it is not known.
  using ReadFile = std::function<std::optional<std::string>(std::string_view path)>;

  CommandReader(Variables variables, ReadFile readFile);

  // The outer command line. Where `entrypointUnknown`, `words` are arguments of the image's own
  // program; else words[0] is the program.
  void read(const std::vector<std::string>& words, bool entrypointUnknown);

  const std::vector<Invocation>& invocations() const { return invocations_; }
  const std::vector<WrittenText>& written() const { return written_; }

 private:
  void run(std::vector<std::string> words, std::optional<std::string> input);
  void readScript(std::string_view script);
  void onCommand(ShellCommand command);
  bool runShell(const std::vector<std::string>& words, const std::optional<std::string>& input);
  bool runInterpreter(const std::vector<std::string>& words);
  void runCode(std::string_view code);
  bool runInner(const std::vector<std::string>& words);
  void setPositional(const std::vector<std::string>& words);
  std::string substitute(const std::string& script);
  std::optional<std::string> fileText(std::string_view path);
  void readEncoded(const std::vector<std::string>& words);

  Variables variables_;
  ReadFile readFile_;
  std::vector<Invocation> invocations_;
  std::vector<WrittenText> written_;
  std::map<std::string, std::string, std::less<>> files_;
  std::optional<std::string> pipe_;  // what the command before printed, where known
  FetchedFiles fetched_;
  size_t origin_ = 0;
  size_t wrapped_ = 0;  // outer words that wrappers took
  size_t total_ = 0;    // bytes of all words so far
  size_t unfold_ = size_t{2} * 1024 * 1024;  // what values may still add to words
  int depth_ = 0;
  bool decoded_ = false;
  bool code_ = false;
};

// Kubernetes' own expansion of command and args: $(NAME) where NAME is known, $$ for $.
std::string expandKubernetes(std::string_view word, const Variables& variables);

// True for shells and interpreters, which may be given their program as an argument.
bool runsScripts(std::string_view program);

// "/usr/bin/XMRig-6.21.0.exe" -> "xmrig-6.21.0"
std::string programName(std::string_view path);

}  // namespace firebreak::detect
