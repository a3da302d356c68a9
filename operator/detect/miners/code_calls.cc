#include "detect/miners/code_calls.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <string>

#include "detect/miners/block_words.h"
#include "detect/miners/command_signals.h"

namespace firebreak::detect {
namespace {

// From the languages' own libraries: Python os and subprocess, node child_process, Perl and Ruby
// system and exec, PHP, Lua; lower case.
constexpr std::array<std::string_view, 30> kRunners = {
    "system",     "popen",        "popen2",       "popen3",    "spawn",      "spawnsync",
    "exec",       "execsync",     "execfile",     "execl",     "execlp",     "execle",
    "execv",      "execve",       "execvp",       "execvpe",   "spawnv",     "spawnl",
    "spawnlp",    "spawnvp",      "posix_spawn",  "check_output", "check_call", "getoutput",
    "getstatusoutput", "shell_exec", "passthru",  "proc_open", "pcntl_exec", "qx"};
// Names that others have too.
constexpr std::array<std::string_view, 4> kProcessCalls = {"run", "call", "execute", "command"};
constexpr std::array<std::string_view, 12> kDecoders = {
    "b64decode", "b32decode", "decode_base64", "base64_decode", "frombase64string", "fromhex",
    "unhexlify", "atob",      "a2b_base64",    "decode64",      "from",             "decompress"};
constexpr std::array<std::string_view, 5> kProcessLibraries = {"subprocess", "child_process",
                                                               "os.execute", "Deno", "Open3"};
constexpr std::array<std::string_view, 24> kSearches = {
    "match",   "search",  "compile",    "findall",  "contains",  "includes", "indexof", "index",
    "test",    "find",    "startswith", "endswith", "fullmatch", "regexp",   "count",   "grep",
    "replace", "sub",     "assertin",   "equals",   "assertequal", "has",    "strpos",  "stripos"};
// Besides what namesABlockList knows; a single text under such a name may still be a command's part.
constexpr std::array<std::string_view, 9> kListNames = {
    "miner", "pool", "domain", "host", "keyword", "indicator", "known", "needle", "process"};
constexpr std::array<std::string_view, 4> kBadNames = {"bad", "susp", "evil", "sig"};

bool isNameChar(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

template <typename Table>
bool contains(const Table& table, std::string_view word) {
  return std::find(table.begin(), table.end(), word) != table.end();
}

// Calls `see` with each name (lower case) and where it ends, until one is taken.
template <typename See>
bool anyName(std::string_view code, See see) {
  for (size_t i = 0; i < code.size();) {
    if (!isNameChar(code[i])) {
      ++i;
      continue;
    }
    size_t end = i;
    while (end < code.size() && isNameChar(code[end])) ++end;
    if (see(toLower(code.substr(i, end - i)), i, end)) return true;
    i = end;
  }
  return false;
}

bool isRunner(std::string_view name, bool processes) {
  return contains(kRunners, name) || (processes && contains(kProcessCalls, name));
}

std::string_view trimmedEnd(std::string_view text) {
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back())) != 0) {
    text.remove_suffix(1);
  }
  return text;
}

std::string lastName(std::string_view text) {
  size_t start = text.size();
  while (start > 0 && isNameChar(text[start - 1])) --start;
  return toLower(text.substr(start));
}

// In what stands behind a runner's name: a name or an expression that is no keyword argument.
bool takesVariable(std::string_view rest) {
  size_t open = rest.find_first_not_of(' ');
  if (open == std::string_view::npos) return false;
  if (rest[open] == '$' || rest[open] == '@') return true;  // Perl's and PHP's: system $c
  if (rest[open] != '(') return false;
  char quote = '\0';
  for (size_t i = open + 1; i < rest.size(); ++i) {
    char c = rest[i];
    if (quote != '\0') {
      if (c == '\\') ++i;
      if (c == quote) quote = '\0';
      if (c == '{' || c == '$') return true;  // a variable inside the literal
    } else if (c == '\'' || c == '"' || c == '`') {
      quote = c;
    } else if (c == ')' || c == ';') {
      return false;
    } else if (c == '$' || c == '@') {
      return true;
    } else if (isNameChar(c)) {
      size_t end = i;
      while (end < rest.size() && isNameChar(rest[end])) ++end;
      bool prefix = end < rest.size() && (rest[end] == '\'' || rest[end] == '"');
      size_t next = std::min(rest.find_first_not_of(' ', end), rest.size());
      bool keyword = next < rest.size() && rest[next] == '=';
      bool value = trimmedEnd(rest.substr(0, i)).ends_with('=');
      bool plain = std::isalpha(static_cast<unsigned char>(c)) == 0;
      if (!prefix && !keyword && !value && !plain) return true;
      i = end - 1;
    }
  }
  return false;
}

}  // namespace

bool knowsProcesses(std::string_view code) {
  return std::any_of(kProcessLibraries.begin(), kProcessLibraries.end(),
                     [&](std::string_view name) { return code.find(name) != code.npos; });
}

bool runsSomething(std::string_view statement, bool processes) {
  return anyName(statement, [&](std::string_view name, size_t, size_t) {
    return isRunner(name, processes);
  });
}

bool decodesSomething(std::string_view statement) {
  return anyName(statement, [&](std::string_view name, size_t, size_t end) {
    return contains(kDecoders, name) && statement.substr(end).starts_with('(');
  });
}

bool runsVariables(std::string_view code) {
  bool processes = knowsProcesses(code);
  return anyName(code, [&](std::string_view name, size_t, size_t end) {
    return isRunner(name, processes) && takesVariable(code.substr(end));
  });
}

bool isPrinted(std::string_view before) {
  static constexpr std::array<std::string_view, 15> kCalls = {
      "print(", "print ", "println(", "printf(", ".log(", ".info(", ".debug(", ".warn(",
      ".warning(", ".error(", ".critical(", "puts ", "puts(", "echo ", "warn("};
  while (!before.empty() && std::string_view("frbu").find(before.back()) != std::string_view::npos) {
    std::string_view cut = before.substr(0, before.size() - 1);
    if (!cut.ends_with('(') && !cut.ends_with(' ')) break;
    before = cut;
  }
  return std::any_of(kCalls.begin(), kCalls.end(),
                     [&](std::string_view call) { return before.ends_with(call); });
}

bool isCompared(std::string_view before, std::string_view after) {
  size_t next = after.find_first_not_of(" ");
  if (next != std::string_view::npos && next > 0 && after.substr(next).starts_with("in ")) return true;
  before = trimmedEnd(before);
  for (std::string_view sign : {"==", "!=", "=~", "~="}) {
    if (before.ends_with(sign)) return true;
  }
  while (before.ends_with('(') || before.ends_with('[') || before.ends_with('{')) {
    before = trimmedEnd(before.substr(0, before.size() - 1));
  }
  std::string name = lastName(before);
  return name == "in" || contains(kSearches, name);
}

bool isListOfNames(std::string_view statement, bool severalWords) {
  size_t equals = statement.find('=');
  if (equals == std::string_view::npos || statement.substr(equals + 1).starts_with('=')) return false;
  std::string name = lastName(trimmedEnd(statement.substr(0, equals)));
  if (name.empty()) return false;
  auto within = [&](std::string_view word) { return name.find(word) != std::string::npos; };
  if (namesABlockList(name) || std::any_of(kBadNames.begin(), kBadNames.end(), within)) return true;
  // "CASES = [('run a', True), ..": each text stands alone in its pair.
  std::string_view value = statement.substr(equals + 1);
  size_t first = value.find_first_not_of(' ');
  bool several = severalWords || (first != std::string_view::npos &&
                                  std::string_view("[{(").find(value[first]) != std::string_view::npos);
  static constexpr std::array<std::string_view, 10> kCommands = {
      "args", "cmds", "commands", "opts", "options", "params", "flags", "arguments", "parts", "words"};
  if (contains(kCommands, name)) return false;
  return several && (std::any_of(kListNames.begin(), kListNames.end(), within) ||
                          (name.size() > 2 && name.ends_with('s')));
}

}  // namespace firebreak::detect
