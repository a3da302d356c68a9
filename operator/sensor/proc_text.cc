#include "sensor/proc_text.h"

#include <arpa/inet.h>

#include <array>
#include <charconv>
#include <cstring>

namespace firebreak::sensor {
namespace {

template <typename T>
bool parseNumber(std::string_view text, T* out, int base = 10) {
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), *out, base);
  return error == std::errc() && stop == text.data() + text.size();
}

// The next word of `*text` up to a blank, which goes away with it.
std::string_view nextWord(std::string_view* text) {
  const size_t start = text->find_first_not_of(" \t");
  if (start == std::string_view::npos) {
    *text = {};
    return {};
  }
  text->remove_prefix(start);
  const std::string_view word = text->substr(0, text->find_first_of(" \t\n"));
  text->remove_prefix(word.size());
  return word;
}

std::string_view nextLine(std::string_view* text) {
  const std::string_view line = text->substr(0, text->find('\n'));
  text->remove_prefix(std::min(text->size(), line.size() + 1));
  return line;
}

// "4100F40A:C8F6": the address in the kernel's byte order, 32 bits at a time; the port is not.
bool parseEndpoint(std::string_view text, std::string* address, int* port) {
  const size_t colon = text.find(':');
  if (colon != 8 && colon != 32) return false;
  std::array<uint32_t, 4> words{};
  for (size_t i = 0; i < colon / 8; ++i) {
    if (!parseNumber(text.substr(i * 8, 8), &words[i], 16)) return false;
  }
  if (!parseNumber(text.substr(colon + 1), port, 16)) return false;
  char buffer[INET6_ADDRSTRLEN] = {};
  const bool v6 = colon == 32;
  if (inet_ntop(v6 ? AF_INET6 : AF_INET, words.data(), buffer, sizeof(buffer)) == nullptr) {
    return false;
  }
  std::string_view shown = buffer;
  // A dual-stack socket's v4 peer.
  if (v6 && shown.starts_with("::ffff:") && shown.find('.') != shown.npos) shown.remove_prefix(7);
  *address = shown;
  return true;
}

}  // namespace

std::optional<ProcStat> parseStat(std::string_view text) {
  // The name stands in brackets and may itself hold brackets, blanks and newlines: it ends at the
  // last closing one.
  const size_t open = text.find('(');
  const size_t close = text.rfind(')');
  if (open == text.npos || close == text.npos || close < open || open == 0) return std::nullopt;
  ProcStat stat;
  if (!parseNumber(text.substr(0, open - 1), &stat.pid)) return std::nullopt;
  stat.comm = text.substr(open + 1, close - open - 1);
  std::string_view rest = text.substr(close + 1);
  std::array<std::string_view, 21> fields;  // 3 (state) to 23 (vsize), proc(5)
  for (auto& field : fields) field = nextWord(&rest);
  if (fields[0].size() != 1) return std::nullopt;
  stat.state = fields[0][0];
  const bool good = parseNumber(fields[1], &stat.parent) &&
                    parseNumber(fields[11], &stat.userTicks) &&
                    parseNumber(fields[12], &stat.systemTicks) &&
                    parseNumber(fields[16], &stat.nice) &&
                    parseNumber(fields[17], &stat.threads) &&
                    parseNumber(fields[19], &stat.startTime) &&
                    parseNumber(fields[20], &stat.virtualBytes);
  if (!good) return std::nullopt;
  return stat;
}

std::vector<std::string> parseCommandLine(std::string_view text) {
  // setproctitle() leaves a tail of NULs.
  while (!text.empty() && text.back() == '\0') text.remove_suffix(1);
  std::vector<std::string> arguments;
  while (!text.empty()) {
    const std::string_view argument = text.substr(0, text.find('\0'));
    arguments.emplace_back(argument);
    text.remove_prefix(std::min(text.size(), argument.size() + 1));
  }
  return arguments;
}

bool killPending(std::string_view statusText) {
  constexpr uint64_t kSigKill = uint64_t{1} << 8;
  while (!statusText.empty()) {
    std::string_view line = nextLine(&statusText);
    if (!line.starts_with("SigPnd:") && !line.starts_with("ShdPnd:")) continue;
    line.remove_prefix(7);
    uint64_t mask = 0;
    if (parseNumber(nextWord(&line), &mask, 16) && (mask & kSigKill) != 0) return true;
  }
  return false;
}

std::optional<pid_t> threadGroup(std::string_view statusText) {
  while (!statusText.empty()) {
    std::string_view line = nextLine(&statusText);
    if (!line.starts_with("Tgid:")) continue;
    line.remove_prefix(5);
    pid_t group = 0;
    if (parseNumber(nextWord(&line), &group)) return group;
  }
  return std::nullopt;
}

MemoryShape parseMaps(std::string_view text) {
  MemoryShape shape;
  while (!text.empty()) {
    std::string_view line = nextLine(&text);
    const std::string_view range = nextWord(&line);
    const std::string_view permissions = nextWord(&line);
    nextWord(&line);  // offset
    nextWord(&line);  // device
    const std::string_view inode = nextWord(&line);
    const size_t dash = range.find('-');
    uint64_t from = 0, to = 0;
    if (dash == range.npos || !parseNumber(range.substr(0, dash), &from, 16) ||
        !parseNumber(range.substr(dash + 1), &to, 16) || to < from || permissions.size() < 4) {
      continue;
    }
    std::string_view name = line;
    name.remove_prefix(std::min(name.size(), name.find_first_not_of(" \t")));
    const bool hugePages = name.starts_with("/anon_hugepage");
    // Stack and heap are named; so is anonymous memory that somebody labelled with prctl.
    const bool anonymous = hugePages || (inode == "0" && (name.empty() || name.starts_with("[anon:")));
    if (!anonymous || permissions[0] != 'r' || permissions[1] != 'w' || permissions[3] != 'p') {
      continue;
    }
    const uint64_t size = to - from;
    constexpr uint64_t kMiB = 1024 * 1024;
    if (permissions[2] == 'x') ++shape.writableCode;
    if (size == 2 * kMiB) ++shape.scratchpads;
    shape.largestAnonymousMiB = std::max(shape.largestAnonymousMiB, static_cast<int64_t>(size / kMiB));
  }
  return shape;
}

std::vector<SocketRow> parseTcp(std::string_view text) {
  std::vector<SocketRow> rows;
  nextLine(&text);  // heading
  while (!text.empty()) {
    std::string_view line = nextLine(&text);
    nextWord(&line);  // number
    SocketRow row;
    const bool local = parseEndpoint(nextWord(&line), &row.localAddress, &row.localPort);
    const bool remote = parseEndpoint(nextWord(&line), &row.remoteAddress, &row.remotePort);
    const std::string_view state = nextWord(&line);
    row.established = state == "01";
    row.listening = state == "0A";
    for (int skipped = 0; skipped < 5; ++skipped) nextWord(&line);
    if (!local || !remote || !parseNumber(nextWord(&line), &row.inode)) continue;
    rows.push_back(std::move(row));
  }
  return rows;
}

namespace {

struct Mount {
  std::string_view place;
  std::string_view type;
};

// The mount that the path lies on.
Mount coveringMount(std::string_view mountinfo, std::string_view path) {
  Mount best;
  while (!mountinfo.empty()) {
    std::string_view line = nextLine(&mountinfo);
    const size_t dash = line.find(" - ");
    if (dash == line.npos) continue;
    std::string_view type = line.substr(dash + 3);
    for (int skipped = 0; skipped < 4; ++skipped) nextWord(&line);  // ids, device, root
    const std::string_view mount = nextWord(&line);
    const bool covers = path.starts_with(mount) &&
                        (mount == "/" || path.size() == mount.size() || path[mount.size()] == '/');
    // A later mount at the same place hides the earlier one.
    if (mount.empty() || !covers || mount.size() < best.place.size()) continue;
    best = {mount, nextWord(&type)};
  }
  return best;
}

}  // namespace

std::string mountOf(std::string_view mountinfo, std::string_view path) {
  return std::string(coveringMount(mountinfo, path).place);
}

bool liesInMemory(std::string_view mountinfo, std::string_view path) {
  if (path.starts_with("/memfd:") || path.starts_with("memfd:")) return true;
  return coveringMount(mountinfo, path).type == "tmpfs";
}

std::optional<uint64_t> socketInode(std::string_view descriptor) {
  if (!descriptor.starts_with("socket:[") || !descriptor.ends_with("]")) return std::nullopt;
  uint64_t inode = 0;
  if (!parseNumber(descriptor.substr(8, descriptor.size() - 9), &inode)) return std::nullopt;
  return inode;
}

}  // namespace firebreak::sensor
