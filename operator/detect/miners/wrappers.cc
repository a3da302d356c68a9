#include "detect/miners/wrappers.h"

#include <algorithm>
#include <string_view>

#include "detect/miners/command_reader.h"

namespace firebreak::detect {
namespace {

struct Wrapper {
  std::string_view name;
  std::string_view optionsWithValue;  // short options, letters; a long option takes "=value"
  int positionals;                    // words before the program, e.g. timeout's duration
};

// From each program's manual page.
constexpr Wrapper kWrappers[] = {
    {"nohup", "", 0},
    {"exec", "a", 0},
    {"sudo", "ugpCDhrtT", 0},
    {"doas", "uC", 0},
    {"nice", "n", 0},
    {"ionice", "cnpPu", 0},
    {"chrt", "", 1},
    {"timeout", "sk", 1},
    {"env", "uSC", 0},
    {"setsid", "", 0},
    {"stdbuf", "ioe", 0},
    {"taskset", "", 1},
    {"time", "fo", 0},
    {"tini", "vpe", 0},
    {"tini-static", "vpe", 0},
    {"dumb-init", "r", 0},
    {"catatonit", "", 0},
    {"gosu", "", 1},
    {"su-exec", "", 1},
    {"chroot", "", 1},
    {"busybox", "", 0},
    {"unshare", "", 0},
    {"nsenter", "tSG", 0},
    {"cpulimit", "lpeP", 0},
    {"numactl", "NmpiC", 0},
    {"xargs", "IndPLsE", 0},
    {"watch", "nd", 0},
    {"screen", "SLcepsTtX", 0},
    {"command", "", 0},
    {"builtin", "", 0},
    {"strace", "oeps", 0},
    {"unbuffer", "", 0},
    {"setpriv", "", 0},
    {"prlimit", "", 0},
    {"ld-linux-x86-64.so.2", "", 0},
    {"s6-setuidgid", "", 1},
    {"with-contenv", "", 0},
    {"npx", "p", 0},
    {"bunx", "", 0},
    {"&", "", 0},
};

}  // namespace

size_t wrappedProgram(const std::vector<std::string>& words) {
  if (words.empty()) return 0;
  std::string name = programName(words[0]);
  const auto* wrapper = std::find_if(std::begin(kWrappers), std::end(kWrappers),
                                     [&](const Wrapper& w) { return w.name == name; });
  if (wrapper == std::end(kWrappers)) return 0;
  size_t i = 1;
  int positionals = wrapper->positionals;
  for (; i < words.size(); ++i) {
    const std::string& word = words[i];
    if (word == "--") {
      ++i;
      if (positionals > 0) i += static_cast<size_t>(positionals);
      break;
    }
    if (word.size() > 1 && word[0] == '-') {
      bool valueFollows =
          word.size() == 2 && wrapper->optionsWithValue.find(word[1]) != std::string_view::npos;
      if (valueFollows) ++i;
      continue;
    }
    if (wrapper->name == "env" && word.find('=') != std::string::npos) continue;
    if (positionals-- > 0) continue;
    break;
  }
  return std::min(i, words.size());
}

}  // namespace firebreak::detect
