// Commands that somebody else than a POSIX shell runs: a host's timers and services, and Windows' shells.
// Each is read into the script that a shell would have to run for the same effect. Pure; safe from any
// thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace firebreak::detect {

// The commands of a crontab's lines (five fields, or one that starts with '@', before the command).
std::string crontabScript(std::string_view text);

// What a host runs of a text that is written to this path: a systemd unit's ExecStart, cron tables,
// start-up files. Empty for any other file.
std::string installedScript(std::string_view path, std::string_view text);

// The script of "powershell -Command ...", "pwsh -EncodedCommand <UTF-16LE in base64>", "cmd /c ...";
// nothing where the words are none of these.
std::optional<std::string> windowsScript(const std::vector<std::string>& words);
bool isWindowsShell(std::string_view program);

}  // namespace firebreak::detect
