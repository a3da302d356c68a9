#include "detect/miners/invocation_judge.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "detect/miners/block_words.h"
#include "detect/miners/endpoint.h"
#include "detect/miners/miner_config.h"
#include "detect/signatures/miners.h"

namespace firebreak::detect {
namespace {

constexpr std::array<std::string_view, 6> kDialFlags = {"-o",     "--url",   "--pool",
                                                        "-epool", "--pool1", "-pool"};
// Flags that many other programs have too: they count for programs known as miners.
constexpr std::array<std::string_view, 6> kMinersDialFlags = {
    "--server", "-P", "-s", "-r", "--daemon-address", "--daemon-rpc-address"};
constexpr std::array<std::string_view, 10> kUserFlags = {
    "-u",    "--user", "--wallet",   "-w", "--address",
    "-ewal", "-wal",   "--username", "-O", "--userpass"};
constexpr std::array<std::string_view, 5> kPasswordFlags = {"-p", "--pass", "--password", "-epsw",
                                                            "-pass"};
// Ordinary flags that together, beside an address and a login, are a miner's.
constexpr std::array<std::string_view, 14> kTuningFlags = {
    "-k",        "--keepalive",    "--tls",         "-t",           "--threads",
    "--cpu-priority", "--cpu-affinity", "--max-cpu-usage", "--no-color", "--coin",
    "--background", "-B",          "--tls-fingerprint", "--retry-pause"};
constexpr std::array<std::string_view, 3> kAlgorithmFlags = {"-a", "--algo", "--algorithm"};
constexpr std::array<std::string_view, 8> kDownloaders = {
    "curl", "wget", "git", "aria2c", "axel", "invoke-webrequest", "iwr", "start-bitstransfer"};
constexpr std::array<std::string_view, 9> kInstallers = {"apt-get", "apt", "apk",  "yum", "dnf",
                                                         "pacman",  "pip", "snap", "brew"};

template <typename Table>
bool contains(const Table& table, std::string_view word) {
  return std::find(std::begin(table), std::end(table), word) != std::end(table);
}

bool isListed(std::span<const MinerSignature> table, std::string_view word) {
  return std::any_of(table.begin(), table.end(),
                     [&](const MinerSignature& entry) { return entry.word == word; });
}

std::string_view wordOf(std::span<const MinerSignature> table, std::string_view text) {
  for (const MinerSignature& entry : table) {
    if (containsWord(text, entry.word)) return entry.word;
  }
  return {};
}

// A word as flag and value: "--url=x" and "-o x" alike.
struct Argument {
  std::string_view flag;  // empty for a bare word
  std::string_view value;
  size_t index;  // of the value's word
};

std::vector<Argument> argumentsOf(const std::vector<std::string>& words) {
  std::vector<Argument> out;
  for (size_t i = 1; i < words.size(); ++i) {
    std::string_view word = words[i];
    if (word.size() < 2 || word[0] != '-') {
      out.push_back({{}, word, i});
      continue;
    }
    size_t equals = word.find('=');
    if (equals != std::string_view::npos) {
      out.push_back({word.substr(0, equals), word.substr(equals + 1), i});
    } else if (i + 1 < words.size() && (words[i + 1].empty() || words[i + 1][0] != '-')) {
      out.push_back({word, words[i + 1], i + 1});
      ++i;
    } else if (word[1] != '-' && word.find("://") != std::string_view::npos) {
      out.push_back({word.substr(0, 2), word.substr(2), i});  // -ostratum+tcp://...
    } else {
      out.push_back({word, {}, i});
    }
  }
  return out;
}

// Addresses of other coins by their shape; they have no checksum that is checked here.
bool looksLikeOtherWallet(std::string_view user) {
  std::string_view account = user.substr(0, user.find_first_of(".+/"));
  auto all = [](std::string_view text, int (*test)(int)) {
    return std::all_of(text.begin(), text.end(), [&](unsigned char c) { return test(c) != 0; });
  };
  if (account.size() == 42 && account.starts_with("0x"))
    return all(account.substr(2), std::isxdigit);
  if (account.starts_with("bc1") || account.starts_with("ltc1")) return account.size() >= 39;
  static constexpr std::array<std::string_view, 7> kPrefixes = {
      "kaspa:", "nexa:", "karlsen:", "pyrin:", "xel:", "dero1", "deroi1"};
  bool prefixed = std::any_of(kPrefixes.begin(), kPrefixes.end(),
                              [&](std::string_view prefix) { return user.starts_with(prefix); });
  if (prefixed) return user.size() > 50;
  bool base58 = account.size() == 34 && all(account, std::isalnum);
  return base58 && std::string_view("1357RDLtX").find(account[0]) != std::string_view::npos;
}

class InvocationJudge {
 public:
  InvocationJudge(const Invocation& invocation, const MinerSignatures& extra,
                  const std::function<std::string(size_t)>& pathOf, Scorecard* card)
      : invocation_(invocation), extra_(extra), pathOf_(pathOf), card_(*card) {}

  void judge() {
    const std::vector<std::string>& words = invocation_.words;
    program_ = words.empty() ? std::string() : programName(words[0]);
    if (isListed(textTools(), program_)) return;
    std::vector<Argument> arguments = argumentsOf(words);
    judgeProgram(arguments);
    judgeDownload();
    judgeHost();
    if (!words.empty()) scoreValue(words[0], "the command line", path(0), extra_, &card_);
    for (const Argument& argument : arguments) {
      judgeFlag(argument);
      if (namesABlockList(argument.flag) || contains(kDownloaders, program_)) continue;
      // A script has been read already, command by command: its text as such says nothing.
      if (runsScripts(program_) && argument.value.find_first_of(" \n") != std::string::npos)
        continue;
      scoreValue(argument.value, "the argument", path(argument.index), extra_, &card_);
      auto config = argument.value.find('{') == std::string_view::npos
                        ? std::nullopt
                        : parseMinerConfig(argument.value);
      if (config) {
        card_.add("miner-config", weight::kProof,
                  "is given a miner's configuration (" + config->format + ')',
                  path(argument.index));
      }
    }
    judgeDial(arguments);
  }

 private:
  std::string path(size_t word) const { return pathOf_(invocation_.originOf(word)); }

  void judgeProgram(const std::vector<Argument>& arguments) {
    bool asksForHelp = arguments.size() == 1 &&
                       (arguments[0].flag == "--help" || arguments[0].flag == "--version" ||
                        arguments[0].flag == "-h" || arguments[0].flag == "-V");
    for (const std::string& process : extra_.processes) {
      if (!program_.empty() && programName(process) == program_) {
        card_.add("policy-process", weight::kNearProof,
                  "runs " + program_ + ", which the policy lists as a miner", path(0));
      }
    }
    // A node of a pool without operator: it hands out work, and is run beside miners.
    if (program_ == "p2pool") {
      card_.add("pool-node", weight::kMedium, "runs a p2pool node", path(0));
    }
    known_ = isMinerProgram(program_);
    bool hasFlag = std::any_of(arguments.begin(), arguments.end(),
                               [](const Argument& argument) { return !argument.flag.empty(); });
    if (known_ && !asksForHelp && (hasFlag || !invocation_.code)) {
      card_.add("miner-program", weight::kStrong, "runs the miner " + program_, path(0));
    }
  }

  void judgeDownload() {
    bool downloads = contains(kDownloaders, program_);
    bool installs = contains(kInstallers, program_);
    if (!downloads && !installs) return;
    for (size_t i = 1; i < invocation_.words.size(); ++i) {
      std::string word = toLower(invocation_.words[i]);
      if (word.starts_with('-')) continue;
      bool address = word.find("://") != std::string::npos || word.find('/') != std::string::npos;
      std::string_view found = wordOf(minerDownloads(), word);
      if (!found.empty() && (installs || address)) {
        card_.add("miner-download", weight::kMedium,
                  program_ + " fetches the miner " + std::string(found), path(i));
      }
    }
  }

  // What is done to the host for RandomX: machine registers, huge pages, priority.
  void judgeHost() {
    const std::vector<std::string>& words = invocation_.words;
    if (program_ == "wrmsr") {
      card_.add("msr-write", weight::kSupport, "writes machine-specific registers", path(0));
    }
    if (program_ == "nice" && std::find(words.begin(), words.end(), "19") != words.end()) {
      card_.add("lowest-priority", weight::kWeak, "runs at nice 19", path(0));
    }
    bool hugePages = program_ == "sysctl" &&
                     std::any_of(words.begin(), words.end(), [](const std::string& word) {
                       return word.starts_with("vm.nr_hugepages=");
                     });
    if (hugePages) card_.add("huge-pages", weight::kWeak, "reserves huge pages", path(0));
  }

  void judgeFlag(const Argument& argument) {
    std::string flag = toLower(argument.flag);
    if (isListed(minerFlags(), flag)) {
      if (firstFlag_.empty() && !card_.has("miner-flag")) {
        card_.add("miner-flag", weight::kStrong, "has the miner's flag " + flag,
                  path(argument.index));
        firstFlag_ = flag;
      } else if (flag != firstFlag_) {
        card_.add("more-miner-flags", weight::kSupport, "has also the miner's flag " + flag,
                  path(argument.index));
      }
    }
    if (contains(kAlgorithmFlags, flag) && isMinerAlgorithm(argument.value)) {
      card_.add("miner-algorithm", weight::kStrong,
                "asks for the proof-of-work algorithm " + std::string(argument.value),
                path(argument.index));
    }
    if (flag == "--coin" &&
        (toLower(argument.value) == "monero" || toLower(argument.value) == "xmr")) {
      card_.add("miner-coin", weight::kAdds, "asks for the coin Monero", path(argument.index));
    }
  }

  // "-o host:port -u who": the scheme is optional, so this is all that many miners show.
  void judgeDial(const std::vector<Argument>& arguments) {
    const Argument* dial = nullptr;
    const Argument* user = nullptr;
    std::optional<PoolEndpoint> endpoint;
    for (const Argument& argument : arguments) {
      bool dials = contains(kDialFlags, argument.flag) ||
                   (known_ && contains(kMinersDialFlags, argument.flag));
      if (dials && dial == nullptr) {
        auto parsed = parseEndpoint(argument.value);
        bool variable = parsed && parsed->host.starts_with('$') && known_;
        if (parsed && (parsed->port != 0 || stratumEndpoint(argument.value) || variable)) {
          dial = &argument;
          endpoint = parsed;
        }
      }
      if (contains(kUserFlags, argument.flag) && !argument.value.empty()) user = &argument;
    }
    bool web = endpoint && endpoint->scheme.starts_with("http");
    if (dial == nullptr || web || contains(kDownloaders, program_)) return;
    bool password = std::any_of(arguments.begin(), arguments.end(), [](const Argument& argument) {
      return contains(kPasswordFlags, argument.flag) && !argument.value.empty();
    });
    auto tuning = std::count_if(arguments.begin(), arguments.end(), [](const Argument& argument) {
      return contains(kTuningFlags, argument.flag);
    });
    if (user != nullptr || known_) {
      // Address and login alone are silent; with a password and more of the same kind they are shown.
      bool whole = user != nullptr && password && tuning > 0;
      card_.add("pool-arguments", whole ? weight::kMedium : weight::kSupport,
                "is told to dial " + describe(*endpoint) + " as a miner is", path(dial->index));
    }
    if (user != nullptr && tuning > 1) {
      card_.add("miner-tuning", weight::kAdds, "has several flags that miners have",
                path(dial->index));
    }
    if (user != nullptr && looksLikeOtherWallet(user->value)) {
      card_.add("wallet-shape", weight::kAdds, "logs in with what looks like a wallet",
                path(user->index));
    }
  }

  const Invocation& invocation_;
  const MinerSignatures& extra_;
  const std::function<std::string(size_t)>& pathOf_;
  Scorecard& card_;
  std::string program_;
  std::string firstFlag_;
  bool known_ = false;
};

}  // namespace

void judgeInvocation(const Invocation& invocation, const MinerSignatures& extra,
                     const std::function<std::string(size_t)>& pathOf, Scorecard* card) {
  InvocationJudge(invocation, extra, pathOf, card).judge();
}

}  // namespace firebreak::detect
