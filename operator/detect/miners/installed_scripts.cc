#include "detect/miners/installed_scripts.h"

#include <algorithm>
#include <array>

#include "detect/miners/command_output.h"
#include "detect/miners/command_reader.h"
#include "detect/miners/command_signals.h"
#include "detect/miners/encoded_text.h"

namespace firebreak::detect {
namespace {

template <typename Take>
void eachLine(std::string_view text, Take take) {
  while (!text.empty()) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    take(trimmed(line));
  }
}

// The values of an INI's keys that begin so, a line each. systemd.service(5): ExecStart and its kin; '-', '@', '+', '!'
// and ':' before the program are marks. Supervisor's [program:x]: command.
std::string commandsOf(std::string_view text, std::string_view key) {
  std::string script;
  eachLine(text, [&](std::string line) {
    size_t equals = line.find('=');
    if (!line.starts_with(key) || equals == std::string::npos) return;
    size_t start = line.find_first_not_of(" -@+!:", equals + 1);
    if (start != std::string::npos) script += line.substr(start) + '\n';
  });
  return script;
}

// /etc/crontab and /etc/cron.d have a user's name before the command.
std::string systemCrontab(std::string_view text) {
  std::string script;
  eachLine(crontabScript(text), [&](std::string line) {
    size_t user = line.find_first_of(" \t");
    script += (user == std::string::npos ? line : line.substr(user)) + '\n';
    script += line + '\n';  // some leave the user out
  });
  return script;
}

}  // namespace

std::string crontabScript(std::string_view text) {
  std::string script;
  eachLine(text, [&](std::string command) {
    if (command.starts_with('#')) return;
    for (int fields = command.starts_with('@') ? 1 : 5; fields > 0; --fields) {
      size_t end = command.find_first_of(" \t");
      command = end == std::string::npos ? std::string() : trimmed(command.substr(end));
    }
    script += command + '\n';
  });
  return script;
}

std::string installedScript(std::string_view path, std::string_view text) {
  auto names = [&](std::string_view part) { return path.find(part) != std::string_view::npos; };
  if (path.ends_with(".service") && names("/systemd/")) return commandsOf(text, "Exec");
  if (names("supervisor") && path.ends_with(".conf")) return commandsOf(text, "command");
  if (path.ends_with("/etc/crontab") || names("/cron.d/")) return systemCrontab(text);
  if (names("/spool/cron/") || names("/etc/crontabs/")) return crontabScript(text);
  static constexpr std::array<std::string_view, 8> kStarted = {
      "/cron.hourly/", "/cron.daily/", "/cron.weekly/", "/etc/rc.local",
      "/etc/profile.d/", "/etc/init.d/", "/.bashrc", "/.profile"};
  bool started = std::any_of(kStarted.begin(), kStarted.end(), names);
  return started ? std::string(text) : std::string();
}

bool isWindowsShell(std::string_view program) {
  return program == "powershell" || program == "pwsh" || program == "cmd";
}

std::optional<std::string> windowsScript(const std::vector<std::string>& words) {
  std::string program = words.empty() ? std::string() : programName(words[0]);
  if (!isWindowsShell(program)) return std::nullopt;
  for (size_t i = 1; i < words.size(); ++i) {
    std::string option = toLower(words[i]);
    if (program == "cmd") {
      if (option == "/c" || option == "/k" || option == "/s") continue;
      return joinWords(words, i, " ");
    }
    bool encoded = option.starts_with("-e") && std::string_view("-encodedcommand").starts_with(option);
    if (encoded && i + 1 < words.size()) {
      auto decoded = decodeBase64(words[i + 1]);
      return decoded ? narrowed(std::move(*decoded)) : std::string();
    }
    if (option == "-c" || option == "-command") return joinWords(words, i + 1, " ");
    bool takesValue = option == "-executionpolicy" || option == "-ep" || option == "-windowstyle" ||
                      option == "-w" || option == "-version" || option == "-inputformat";
    if (takesValue) {
      ++i;
    } else if (!option.starts_with('-')) {
      return joinWords(words, i, " ");
    }
  }
  return std::string();
}

}  // namespace firebreak::detect
