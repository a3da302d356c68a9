// Parsers for the text of /proc/PID/*. Every byte of it may have been chosen by an attacker (names
// with brackets, newlines and bad UTF-8, 64 KiB arguments). Pure; safe from any thread.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace firebreak::sensor {

struct ProcStat {
  pid_t pid = 0;
  std::string comm;
  char state = '?';
  pid_t parent = 0;
  uint64_t userTicks = 0;
  uint64_t systemTicks = 0;
  int64_t nice = 0;
  int64_t threads = 0;
  // Field 22, clock ticks since boot: with the pid the identity of a process.
  uint64_t startTime = 0;
  uint64_t virtualBytes = 0;

  uint64_t ticks() const { return userTicks + systemTicks; }
};
std::optional<ProcStat> parseStat(std::string_view text);

// Arguments as the kernel keeps them, NUL after each. A process may have overwritten them.
std::vector<std::string> parseCommandLine(std::string_view text);

// True where SIGKILL waits to be handled (SigPnd or ShdPnd in status): a thaw kills.
bool killPending(std::string_view statusText);

// Tgid of status: the process that a thread belongs to.
std::optional<pid_t> threadGroup(std::string_view statusText);

// What the memory map says about RandomX and the like: sizes of mappings, not of what is resident.
struct MemoryShape {
  // Largest private anonymous rw mapping, MiB.
  int64_t largestAnonymousMiB = 0;
  // Private anonymous rw mappings of exactly 2 MiB (one per mining thread), huge-page ones included.
  int scratchpads = 0;
  // Private anonymous rwx mappings (just-in-time code).
  int writableCode = 0;
};
MemoryShape parseMaps(std::string_view text);

struct SocketRow {
  std::string localAddress;  // "10.0.0.7", "2001:db8::1"
  int localPort = 0;
  std::string remoteAddress;
  int remotePort = 0;
  bool established = false;
  bool listening = false;
  uint64_t inode = 0;
};
// net/tcp and net/tcp6. Rows that do not parse are left out.
std::vector<SocketRow> parseTcp(std::string_view text);

// Where what the path lies on is mounted, by the process's own mountinfo: "/", "/data"; empty = nowhere.
std::string mountOf(std::string_view mountinfo, std::string_view path);

// True where the path lies on a tmpfs by the process's own mountinfo, or is a memfd.
bool liesInMemory(std::string_view mountinfo, std::string_view path);

// "socket:[4711]" -> 4711.
std::optional<uint64_t> socketInode(std::string_view descriptor);

}  // namespace firebreak::sensor
