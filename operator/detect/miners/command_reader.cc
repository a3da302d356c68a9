#include "detect/miners/command_reader.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "detect/miners/code_literals.h"
#include "detect/miners/command_output.h"
#include "detect/miners/encoded_text.h"
#include "detect/miners/installed_scripts.h"
#include "detect/miners/wrappers.h"

namespace firebreak::detect {
namespace {

// Scripts in scripts; the deepest seen in the wild is sh -c "echo .. | base64 -d | bash" in a
// heredoc.
constexpr int kMaxDepth = 8;
// Bounds the work on a hostile command line.
constexpr size_t kMaxInvocations = 4096;
constexpr size_t kMaxTotalText = size_t{4} * 1024 * 1024;
// A command of this size is read however much came before it.
constexpr size_t kSmallCommand = 2048;

constexpr std::array<std::string_view, 9> kShells = {"sh",  "bash", "ash",  "dash", "zsh",
                                                     "ksh", "mksh", "fish", "su"};
constexpr std::array<std::string_view, 13> kInterpreters = {
    "python", "python2", "python3", "perl", "ruby", "node", "nodejs",
    "php",    "bun",     "deno",    "lua",  "luajit", "tclsh"};

template <typename Table>
bool contains(const Table& table, std::string_view word) {
  return std::find(table.begin(), table.end(), word) != table.end();
}

bool hasSpace(std::string_view text) {
  return text.find_first_of(" \t\n") != std::string_view::npos;
}

bool looksLikeScript(std::string_view text) {
  std::string start = trimmed(text);
  return !start.empty() && start[0] != '{' && start[0] != '[';
}

bool isInterpreter(std::string_view program) {
  return contains(kInterpreters, program) || program.starts_with("python3.");
}

}  // namespace

CommandReader::CommandReader(Variables variables, ReadFile readFile)
    : variables_(std::move(variables)), readFile_(std::move(readFile)) {}

void CommandReader::read(const std::vector<std::string>& words, bool entrypointUnknown) {
  if (words.empty()) return;
  origin_ = 0;
  wrapped_ = 0;
  bool flagsOnly = entrypointUnknown && words[0].starts_with('-');
  std::vector<std::string> line;
  // Arguments alone: the first may be the program (an entrypoint that runs "$@") or the first flag.
  if (flagsOnly) line.emplace_back();
  line.insert(line.end(), words.begin(), words.end());
  size_t before = invocations_.size();
  run(std::move(line), std::nullopt);
  for (size_t i = before; flagsOnly && i < invocations_.size(); ++i) {
    invocations_[i].shift = 1;  // word 0 was put there; the others stand one further left
  }
  if (entrypointUnknown && !flagsOnly && before < invocations_.size()) invocations_[before].argument = true;
  if (flagsOnly) {  // the image's entrypoint may be a shell
    for (size_t i = 0; i + 1 < words.size(); ++i) {
      if (!words[i].ends_with('c') || !hasSpace(words[i + 1])) continue;
      origin_ = i + 1;
      readScript(words[i + 1]);
    }
  } else if (entrypointUnknown && words.size() == 1 && hasSpace(words[0])) {
    readScript(words[0]);
  }
}

void CommandReader::run(std::vector<std::string> words, std::optional<std::string> input) {
  while (!words.empty()) {
    size_t inner = wrappedProgram(words);
    if (inner == 0) break;
    Invocation wrapper;
    wrapper.words.assign(words.begin(), words.begin() + static_cast<std::ptrdiff_t>(inner));
    wrapper.origin = depth_ == 0 ? wrapped_ : origin_;
    wrapper.outer = depth_ == 0;
    for (const std::string& word : wrapper.words) {
      size_t equals = word.find('=');
      if (programName(wrapper.words[0]) == "env" && equals != std::string::npos) {
        variables_[word.substr(0, equals)] = word.substr(equals + 1);
      }
    }
    bool xargs = programName(words[0]) == "xargs";
    invocations_.push_back(std::move(wrapper));
    words.erase(words.begin(), words.begin() + static_cast<std::ptrdiff_t>(inner));
    if (depth_ == 0) wrapped_ += inner;
    if (xargs && input) {
      ShellReader reader(
          &variables_, &unfold_,
          [&](ShellCommand command) {
            words.insert(words.end(), command.words.begin(), command.words.end());
          },
          [](const std::string&) { return std::string(); });
      reader.read(*input);
    }
  }
  if (words.empty() || invocations_.size() >= kMaxInvocations) return;
  size_t size = 0;
  for (const std::string& word : words) size += word.size() + sizeof(std::string);
  total_ += size;
  if (total_ > kMaxTotalText && size > kSmallCommand) return;
  Invocation invocation;
  invocation.words = words;
  invocation.origin = depth_ == 0 ? wrapped_ : origin_;
  invocation.outer = depth_ == 0;
  invocation.decoded = decoded_;
  invocation.code = code_;
  invocation.fetched = fetched_.of(words, !input);
  invocations_.push_back(invocation);
  if (runShell(words, input) || runInterpreter(words) || runInner(words)) return;
  std::string name = programName(words[0]);
  if (name == "eval") {
    readScript(joinWords(words, 1, " "));
  } else if (name == "." || name == "source") {
    auto text = words.size() > 1 ? fileText(words[1]) : input;
    if (text) readScript(*text);
  } else if (name == "set") {
    setPositional(words);
  } else if (name == "trap" && words.size() > 2) {
    readScript(words[1]);
  } else if (input && (name == "crontab" || name == "at" || name == "batch")) {
    readScript(name == "crontab" ? crontabScript(*input) : *input);
  } else if (auto text = fileText(words[0]); text && looksLikeScript(*text)) {
    readScript(*text);
  } else {
    readEncoded(words);
  }
}

// "set -- -o host": the positional parameters from here on.
void CommandReader::setPositional(const std::vector<std::string>& words) {
  auto start = std::find(words.begin(), words.end(), "--");
  if (start == words.end()) return;
  auto index = static_cast<size_t>(start - words.begin()) + 1;
  variables_["@"] = joinWords(words, index, " ");
  for (size_t p = index; p < words.size(); ++p) variables_[std::to_string(p - index + 1)] = words[p];
}

bool CommandReader::runShell(const std::vector<std::string>& words,
                             const std::optional<std::string>& input) {
  if (auto script = windowsScript(words)) {
    readScript(script->empty() && input ? *input : *script);
    return true;
  }
  if (!contains(kShells, programName(words[0]))) return false;
  bool takesScript = false;
  bool readsInput = false;
  size_t i = 1;
  for (; i < words.size() && words[i].size() > 1 && (words[i][0] == '-' || words[i][0] == '+');
       ++i) {
    const std::string& word = words[i];
    if (word == "--") {
      ++i;
      break;
    }
    if (word.starts_with("--")) {
      takesScript = takesScript || word == "--command";
      continue;
    }
    takesScript = takesScript || word.find('c') != std::string::npos;
    readsInput = readsInput || word.find('s') != std::string::npos;
    if (word.ends_with('o')) ++i;  // -o pipefail
  }
  // "su user -c script" has its option after the name.
  if (!takesScript && programName(words[0]) == "su") {
    auto option = std::find(words.begin(), words.end(), "-c");
    if (option != words.end()) {
      takesScript = true;
      i = static_cast<size_t>(option - words.begin()) + 1;
    }
  }
  if (takesScript) {
    if (i >= words.size()) return true;
    for (size_t p = i + 1; p < words.size(); ++p) variables_[std::to_string(p - i - 1)] = words[p];
    if (i + 2 < words.size()) variables_["@"] = joinWords(words, i + 2, " ");
    if (depth_ == 0) origin_ = wrapped_ + i;
    readScript(words[i]);
  } else if (i < words.size() && words[i] != "-" && !readsInput) {
    for (size_t p = i; p < words.size(); ++p) variables_[std::to_string(p - i)] = words[p];
    variables_["@"] = joinWords(words, i + 1, " ");
    if (auto text = fileText(words[i])) readScript(*text);
  } else if (input) {
    readScript(*input);
  }
  return true;
}

bool CommandReader::runInterpreter(const std::vector<std::string>& words) {
  if (!isInterpreter(programName(words[0]))) return false;
  bool options = true;  // only those have been there so far
  for (size_t i = 1; i + 1 < words.size(); ++i) {
    const std::string& word = words[i];
    options = options && word.starts_with('-');
    if (options && word == "-m" && depth_ < kMaxDepth) {  // python's: the module is the program
      ++depth_;
      run({words.begin() + static_cast<std::ptrdiff_t>(i) + 1, words.end()}, std::nullopt);
      --depth_;
      return true;
    }
    bool code = word == "-c" || word == "-e" || word == "-r" || word == "--eval";
    if (!code) continue;
    if (depth_ == 0) origin_ = wrapped_ + i + 1;
    runCode(words[i + 1]);
    return true;
  }
  if (words.size() > 1 && !words[1].starts_with('-')) {
    if (auto text = fileText(words[1])) runCode(*text);
  }
  return true;
}

// Programs that run others as a part of what they do: find -exec, awk's system().
bool CommandReader::runInner(const std::vector<std::string>& words) {
  std::string name = programName(words[0]);
  if (depth_ >= kMaxDepth) return false;
  if (name == "find") {
    auto start = std::find_if(words.begin(), words.end(), [](const std::string& word) {
      return word == "-exec" || word == "-execdir" || word == "-ok";
    });
    if (start == words.end()) return false;
    auto end = std::find_if(start, words.end(), [](const std::string& word) {
      return word == ";" || word == "+";
    });
    ++depth_;
    run({start + 1, end}, std::nullopt);
    --depth_;
    return true;
  }
  if (name != "awk" && name != "gawk" && name != "mawk") return false;
  for (const std::string& word : words) runCode(word);
  return true;
}

void CommandReader::runCode(std::string_view code) {
  if (depth_ >= kMaxDepth) return;
  ++depth_;
  for (std::vector<std::string>& group : literalGroups(code)) {
    if (invocations_.size() >= kMaxInvocations) break;
    if (group.size() == 1 && hasSpace(group[0])) {
      readScript(group[0]);
    } else {
      code_ = true;
      run(std::move(group), std::nullopt);
      code_ = false;
    }
  }
  --depth_;
}

void CommandReader::readScript(std::string_view script) {
  if (depth_ >= kMaxDepth || invocations_.size() >= kMaxInvocations) return;
  ++depth_;
  std::optional<std::string> outerPipe = std::move(pipe_);
  pipe_.reset();
  ShellReader reader(
      &variables_, &unfold_, [this](ShellCommand command) { onCommand(std::move(command)); },
      [this](const std::string& inner) { return substitute(inner); });
  reader.read(script);
  pipe_ = std::move(outerPipe);
  --depth_;
}

void CommandReader::onCommand(ShellCommand command) {
  if (invocations_.size() >= kMaxInvocations) return;
  std::optional<std::string> input = std::move(command.input);
  fetched_.onCommand(command.words, command.outputs, command.fromPipe);
  if (!input && command.fromPipe) input = pipe_;
  if (!input && !command.inputs.empty()) input = fileText(command.inputs[0]);
  std::optional<std::string> printed;
  if (command.words.empty()) {
    printed = input;  // "> file <<EOF"
  } else {
    CommandOutput output =
        outputOf(command.words, input, [this](std::string_view path) { return fileText(path); });
    decoded_ = decoded_ || (output.decoded && output.text);
    printed = std::move(output.text);
    std::string name = programName(command.words[0]);
    if (name == "tee" && input) {
      for (size_t i = 1; i < command.words.size(); ++i) {
        if (!command.words[i].starts_with('-')) command.outputs.push_back(command.words[i]);
      }
    } else if ((name == "cp" || name == "mv" || name == "ln" || name == "install") &&
               command.words.size() >= 3) {
      auto text = fileText(command.words[command.words.size() - 2]);
      if (text) files_[command.words.back()] = std::move(*text);
    }
  }
  if (printed) {
    for (const std::string& path : command.outputs) {
      std::string& file = files_[path];
      if (file.size() + printed->size() > kMaxTotalText) continue;
      file += *printed;
      written_.push_back({path, file, origin_});
      std::string script = installedScript(path, *printed);
      if (!script.empty()) readScript(script);
    }
  }
  pipe_ = command.toPipe ? printed : std::nullopt;
  if (!command.words.empty()) run(std::move(command.words), std::move(input));
  if (!command.toPipe) pipe_.reset();
}

std::string CommandReader::substitute(const std::string& script) {
  if (depth_ >= kMaxDepth || invocations_.size() >= kMaxInvocations) return {};
  // The last command's output is what the substitution gives: read it as a pipe into nothing.
  ++depth_;
  std::optional<std::string> outerPipe = std::move(pipe_);
  pipe_.reset();
  std::optional<std::string> last;
  ShellReader reader(
      &variables_, &unfold_,
      [&](ShellCommand command) {
        command.toPipe = true;
        onCommand(std::move(command));
        last = pipe_;
      },
      [this](const std::string& inner) { return substitute(inner); });
  reader.read(script);
  pipe_ = std::move(outerPipe);
  --depth_;
  return last ? trimmed(*last) : std::string();
}

std::optional<std::string> CommandReader::fileText(std::string_view path) {
  auto written = files_.find(path);
  if (written != files_.end()) return written->second;
  // "sh run.sh" after "cat > /tmp/run.sh": by base name, where there is one only.
  std::string_view base = path.substr(path.find_last_of('/') + 1);
  if (path.starts_with("./") || base == path) {
    for (const auto& [name, text] : files_) {
      if (std::string_view(name).substr(name.find_last_of('/') + 1) == base) return text;
    }
  }
  return readFile_ ? readFile_(path) : std::nullopt;
}

// Words that are themselves base64 of a readable text: what decodes them may be hidden in the
// image.
void CommandReader::readEncoded(const std::vector<std::string>& words) {
  if (depth_ >= kMaxDepth) return;
  for (size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    if (word.size() < 16 || word.starts_with('/')) continue;
    if (depth_ == 0) origin_ = wrapped_ + i;
    for (const std::string& text : encodedTexts(word)) {
      bool before = decoded_;
      decoded_ = true;
      written_.push_back({"", text, origin_});
      if (code_) runCode(text);
      readScript(text);
      decoded_ = before;
    }
  }
}

std::string expandKubernetes(std::string_view word, const Variables& variables) {
  std::string out;
  for (size_t i = 0; i < word.size(); ++i) {
    if (word[i] != '$' || i + 1 >= word.size()) {
      out += word[i];
      continue;
    }
    if (word[i + 1] == '$') {
      out += '$';
      ++i;
      continue;
    }
    size_t close = word[i + 1] == '(' ? word.find(')', i) : std::string_view::npos;
    auto found = close == std::string_view::npos
                     ? variables.end()
                     : variables.find(word.substr(i + 2, close - i - 2));
    if (found == variables.end()) {
      out += '$';
      continue;
    }
    out += found->second;
    i = close;
  }
  return out;
}

bool runsScripts(std::string_view program) {
  return contains(kShells, program) || isInterpreter(program) || isWindowsShell(program);
}

std::string programName(std::string_view path) {
  std::string_view base = path.substr(path.find_last_of('/') + 1);
  std::string name;
  for (char c : base) name += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  if (name.ends_with(".exe")) name.resize(name.size() - 4);
  return name;
}

}  // namespace firebreak::detect
