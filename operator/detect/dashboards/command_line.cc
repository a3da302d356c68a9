#include "detect/dashboards/command_line.h"

#include <algorithm>
#include <array>

namespace firebreak::detect {
namespace {

// "$(NAME)" from literal env; "$$(NAME)" stays as text, as the kubelet does it.
std::string expand(const std::string& text, const Container& container) {
  std::string expanded;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '$' || i + 1 >= text.size()) {
      expanded += text[i];
      continue;
    }
    if (text[i + 1] == '$') {
      expanded += '$';
      ++i;
      continue;
    }
    const size_t end = text[i + 1] == '(' ? text.find(')', i) : std::string::npos;
    if (end == std::string::npos) {
      expanded += text[i];
      continue;
    }
    const std::string name = text.substr(i + 2, end - i - 2);
    // The last of equal names wins in a container's env.
    auto found = std::find_if(container.env.rbegin(), container.env.rend(), [&](const EnvVar& var) {
      return var.name == name && var.source == EnvVar::Source::kLiteral;
    });
    expanded += found == container.env.rend() ? text.substr(i, end - i + 1) : found->value;
    i = end;
  }
  return expanded;
}

bool isShell(const std::string& word) {
  constexpr std::array<std::string_view, 6> kShells = {"sh", "bash", "ash", "dash", "zsh", "ksh"};
  const size_t slash = word.rfind('/');
  const std::string base = slash == std::string::npos ? word : word.substr(slash + 1);
  return std::find(kShells.begin(), kShells.end(), base) != kShells.end();
}

// "-c", "-ec", "-lc": the next word is a script.
bool takesScript(const std::string& word) {
  return word.size() >= 2 && word[0] == '-' && word[1] != '-' && word.back() == 'c';
}

std::string_view bareName(std::string_view name) {
  const size_t start = name.find_first_not_of('-');
  return start == std::string_view::npos ? std::string_view() : name.substr(start);
}

}  // namespace

std::vector<std::string> shellWords(std::string_view script) {
  std::vector<std::string> words;
  std::string word;
  bool inWord = false;
  char quote = '\0';
  const auto end = [&] {
    if (inWord) words.push_back(word);
    word.clear();
    inWord = false;
  };
  for (size_t i = 0; i < script.size(); ++i) {
    const char c = script[i];
    if (quote != '\0') {
      if (c == quote) {
        quote = '\0';
      } else if (c == '\\' && quote == '"' && i + 1 < script.size()) {
        word += script[++i];
      } else {
        word += c;
      }
    } else if (c == '\'' || c == '"') {
      quote = c;
      inWord = true;
    } else if (c == '\\' && i + 1 < script.size()) {
      ++i;
      if (script[i] == '\n') continue;
      word += script[i];
      inWord = true;
    } else if (c == '#' && !inWord) {
      while (i + 1 < script.size() && script[i + 1] != '\n') ++i;
    } else if (std::string_view(" \t\r").find(c) != std::string_view::npos) {
      end();
    } else if (std::string_view("\n;&|").find(c) != std::string_view::npos) {
      end();
      if (!words.empty() && words.back() != ";") words.emplace_back(";");
    } else {
      word += c;
      inWord = true;
    }
  }
  end();
  if (!words.empty() && words.back() == ";") words.pop_back();
  return words;
}

std::vector<CommandWord> commandLine(const Container& container) {
  std::vector<CommandWord> words;
  const auto take = [&](const std::vector<std::string>& list, const char* field) {
    for (size_t i = 0; i < list.size(); ++i) {
      const std::string path = container.fieldPath + "." + field + "[" + std::to_string(i) + "]";
      const std::string text = expand(list[i], container);
      const size_t count = words.size();
      const bool script = count >= 2 && takesScript(words[count - 1].text) &&
                          isShell(words[count - 2].text);
      if (!script) {
        words.push_back({text, path});
        continue;
      }
      for (std::string& word : shellWords(text)) words.push_back({std::move(word), path});
    }
  };
  take(container.command, "command");
  take(container.args, "args");
  return words;
}

std::vector<std::string> commandWords(const Container& container) {
  std::vector<std::string> texts;
  for (CommandWord& word : commandLine(container)) texts.push_back(std::move(word.text));
  return texts;
}

std::vector<CommandWord> flagValues(const std::vector<CommandWord>& words, std::string_view name) {
  std::vector<CommandWord> values;
  const std::string_view wanted = bareName(name);
  for (size_t i = 0; i < words.size(); ++i) {
    const std::string& text = words[i].text;
    if (!text.starts_with('-')) continue;
    const std::string_view bare = bareName(text);
    const size_t equals = bare.find('=');
    if (bare.substr(0, equals) != wanted) continue;
    if (equals != std::string_view::npos) {
      values.push_back({std::string(bare.substr(equals + 1)), words[i].fieldPath});
    } else if (i + 1 < words.size() && !words[i + 1].text.starts_with('-') &&
               words[i + 1].text != ";") {
      values.push_back(words[i + 1]);
    } else {
      values.push_back({"true", words[i].fieldPath});
    }
  }
  return values;
}

}  // namespace firebreak::detect
