#include "detect/miners/invocation_judge.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "detect/miners/block_words.h"
#include "detect/miners/coin_wallet.h"
#include "detect/miners/endpoint.h"
#include "detect/miners/fetched_files.h"
#include "detect/miners/miner_config.h"
#include "detect/miners/monero_address.h"
#include "detect/signatures/miners.h"

namespace firebreak::detect {
namespace {

constexpr std::array<std::string_view, 9> kDialFlags = {
    "-o", "--url", "--pool", "-epool", "--pool1", "-pool", "--pool-url", "-zpool", "--zpool"};
// Those that take the port apart.
constexpr std::array<std::string_view, 3> kHostFlags = {"--server", "--host", "--daemon-address"};
// Flags that many other programs have too: they count for programs known as miners.
constexpr std::array<std::string_view, 6> kMinersDialFlags = {
    "--server", "-P", "-s", "-r", "--daemon-address", "--daemon-rpc-address"};
constexpr std::array<std::string_view, 13> kUserFlags = {
    "-u",    "--user", "--wallet",   "-w", "--address",   "--zwal", "-zwal",
    "-ewal", "-wal",   "--username", "-O", "--userpass",  "--wallet-address"};
constexpr std::array<std::string_view, 5> kPasswordFlags = {"-p", "--pass", "--password", "-epsw",
                                                            "-pass"};
// Ordinary flags that together, beside an address and a login, are a miner's.
constexpr std::array<std::string_view, 14> kTuningFlags = {
    "-k",        "--keepalive",    "--tls",         "-t",           "--threads",
    "--cpu-priority", "--cpu-affinity", "--max-cpu-usage", "--no-color", "--coin",
    "--background", "-B",          "--tls-fingerprint", "--retry-pause"};
// Commands of builders that run tests or measure: an algorithm is what they are about.
constexpr std::array<std::string_view, 7> kTrials = {"test", "tests", "bench", "benchmark",
                                                     "run",  "build", "check"};
constexpr std::array<std::string_view, 9> kBuilders = {"npm",  "yarn",  "pnpm",   "go",  "cargo",
                                                       "make", "pytest", "gradle", "mvn"};
constexpr std::array<std::string_view, 4> kCopiers = {"cp", "mv", "ln", "install"};
constexpr std::array<std::string_view, 3> kAlgorithmFlags = {"-a", "--algo", "--algorithm"};
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

class InvocationJudge {
 public:
  InvocationJudge(const Invocation& invocation, const MinerSignatures& extra,
                  const std::function<std::string(size_t)>& pathOf, Scorecard* card)
      : invocation_(invocation), extra_(extra), pathOf_(pathOf), card_(*card) {}

  void judge() {
    const std::vector<std::string>& words = invocation_.words;
    program_ = words.empty() ? std::string() : programName(words[0]);
    if ((isListed(textTools(), program_) && !startsPod()) || listsPrograms()) return;
    std::vector<Argument> arguments = argumentsOf(words);
    judgeProgram(arguments);
    judgeCopy();
    judgeDownload();
    judgeHost();
    if (!words.empty()) scoreValue(words[0], "the command line", path(0), extra_, &card_);
    for (const Argument& argument : arguments) {
      judgeFlag(argument);
      if (namesABlockList(argument.flag) || isDownloader(program_)) continue;
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
  // Nobody runs two miners with one command: these are names to look for.
  bool listsPrograms() const {
    return invocation_.code &&
           std::count_if(invocation_.words.begin(), invocation_.words.end(),
                         [](const std::string& word) { return isMinerProgram(toLower(word)); }) > 1;
  }

  // "kubectl run web --image=x -- arguments": what it is given is run.
  bool startsPod() const {
    const std::vector<std::string>& words = invocation_.words;
    return program_ == "kubectl" && std::find(words.begin(), words.end(), "run") != words.end();
  }

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
    known_ = isMinerProgram(program_) && !isRepository();
    bool hasFlag = std::any_of(arguments.begin(), arguments.end(),
                               [](const Argument& argument) { return !argument.flag.empty(); });
    // By its path or freshly fetched: a bare word may be one of a list that the reader took for a command.
    bool run = words0().find('/') != std::string::npos || invocation_.fetched != Fetched::kNo;
    if (known_ && run && !invocation_.code && isListed(minerMalware(), program_)) {
      card_.add("miner-malware", weight::kNearProof, "runs " + program_ + ", a name of malware alone",
                path(0));
    } else if (known_ && !asksForHelp && (hasFlag || !invocation_.code)) {
      card_.add("miner-program", weight::kStrong, "runs the miner " + program_, path(0));
    }
  }

  std::string_view words0() const {
    return invocation_.words.empty() ? std::string_view() : invocation_.words[0];
  }

  // "owner/name", as images' arguments have it; a program's path begins elsewhere.
  bool isRepository() const {
    std::string_view word = words0();
    size_t slash = word.find('/');
    return slash != std::string_view::npos && slash > 0 && word.find('/', slash + 1) == std::string_view::npos &&
           invocation_.argument && std::isalpha(static_cast<unsigned char>(word[0])) != 0;
  }

  // A miner under another name is meant to be overlooked.
  void judgeCopy() {
    const std::vector<std::string>& words = invocation_.words;
    if (!contains(kCopiers, program_) || words.size() < 3) return;
    std::string from = programName(words[words.size() - 2]);
    std::string to = programName(words.back());
    if (to.empty() || !isListed(minerPrograms(), from) || to.find(from) != std::string::npos) return;
    if (to.find('.') != std::string::npos || namesABlockList(words.back())) return;
    card_.add("miner-renamed", weight::kStrong, "gives the miner " + from + " another name",
              path(words.size() - 1));
  }

  void judgeDownload() {
    bool downloads = isDownloader(program_);
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
    if (isListed(minerFlags(), flag) && mayBeItsValue(flag, argument.value)) {
      if (firstFlag_.empty() && !card_.has("miner-flag")) {
        card_.add("miner-flag", weight::kStrong, "has the miner's flag " + flag,
                  path(argument.index));
        firstFlag_ = flag;
      } else if (flag != firstFlag_) {
        card_.add("more-miner-flags", weight::kSupport, "has also the miner's flag " + flag,
                  path(argument.index));
      }
    }
    if (contains(kAlgorithmFlags, flag) && isMinerAlgorithm(argument.value) && !isTrial()) {
      card_.add("miner-algorithm", weight::kStrong,
                "asks for the proof-of-work algorithm " + std::string(argument.value),
                path(argument.index));
    }
    if (flag == "--coin" &&
        (toLower(argument.value) == "monero" || toLower(argument.value) == "xmr")) {
      card_.add("miner-coin", weight::kAdds, "asks for the coin Monero", path(argument.index));
    }
  }

  // "--donate-level gold" is somebody else's.
  static bool mayBeItsValue(std::string_view flag, std::string_view value) {
    if (flag != "--donate-level" || value.empty()) return true;
    return std::isdigit(static_cast<unsigned char>(value[0])) != 0 || value[0] == '$' || value[0] == '{';
  }

  bool isTrial() const {
    const std::vector<std::string>& words = invocation_.words;
    if (program_ == "pytest") return true;
    return contains(kBuilders, program_) && words.size() > 1 && contains(kTrials, words[1]);
  }

  // "-o host:port -u who": the scheme is optional, so this is all that many miners show.
  void judgeDial(const std::vector<Argument>& arguments) {
    if (isDownloader(program_)) return;
    const Argument* user = userOf(arguments);
    WalletShape wallet = user == nullptr ? WalletShape::kNone : walletShape(user->value);
    bool pays = wallet == WalletShape::kCoins || (user != nullptr && !findMoneroAddress(user->value).empty());
    const Argument* dial = dialOf(arguments, pays, wallet);
    if (dial == nullptr) return;
    auto endpoint = parseEndpoint(dial->value);
    if (endpoint && endpoint->scheme.starts_with("http")) return;
    bool password = std::any_of(arguments.begin(), arguments.end(), [](const Argument& argument) {
      return contains(kPasswordFlags, argument.flag) && !argument.value.empty();
    });
    auto tuning = std::count_if(arguments.begin(), arguments.end(), [](const Argument& argument) {
      return contains(kTuningFlags, argument.flag);
    });
    bool miners = known_ || !firstFlag_.empty() || card_.has("miner-algorithm");
    if (user != nullptr || miners) {
      // Address and login alone are silent; with a password and more of the same kind they are shown.
      // Half of all clients have a --url, a login and --tls.
      bool ordinary = dial->flag == "--url" && !miners && wallet == WalletShape::kNone;
      bool whole = user != nullptr && password && tuning > 0;
      int points = ordinary ? weight::kAdds : whole ? weight::kMedium : weight::kSupport;
      card_.add("pool-arguments", points,
                "is told to dial " + whereOf(*dial, endpoint) + " as a miner is",
                path(dial->index));
    }
    if (user != nullptr && tuning > 1 && !isMailOrQueue(endpoint)) {
      card_.add("miner-tuning", weight::kAdds, "has several flags that miners have",
                path(dial->index));
    }
    if (wallet != WalletShape::kNone) {
      card_.add("wallet-shape", weight::kAdds, "logs in with what looks like a wallet",
                path(user->index));
    }
  }

  static std::string whereOf(const Argument& dial, const std::optional<PoolEndpoint>& endpoint) {
    if (dial.value.empty()) return "what a variable names";
    return endpoint ? describe(*endpoint) : std::string(dial.value);
  }

  // MQTT, AMQP, SMTP and Kafka over TLS: their clients have the same flags.
  static bool isMailOrQueue(const std::optional<PoolEndpoint>& endpoint) {
    static constexpr std::array<int, 7> kPorts = {1883, 8883, 5671, 5672, 9092, 9093, 465};
    return endpoint && std::find(kPorts.begin(), kPorts.end(), endpoint->port) != kPorts.end();
  }

  // Who is paid: a login, of several one that is a wallet.
  const Argument* userOf(const std::vector<Argument>& arguments) const {
    const Argument* user = nullptr;
    for (const Argument& argument : arguments) {
      if (argument.value.empty() || !contains(kUserFlags, argument.flag)) continue;
      bool better = user == nullptr || walletShape(user->value) == WalletShape::kNone;
      if (better) user = &argument;
    }
    return user;
  }

  // Where it dials to. `pays`: to a coin's address without doubt. Flags that wallets and payment services have
  // for their node count beside other coins' addresses only, which is an Alert; beside Monero's it were more.
  const Argument* dialOf(const std::vector<Argument>& arguments, bool pays, WalletShape wallet) const {
    const bool coins = wallet == WalletShape::kCoins;
    const Argument* host = nullptr;
    bool port = false;
    for (const Argument& argument : arguments) {
      bool dials = contains(kDialFlags, argument.flag) ||
                   (known_ && contains(kMinersDialFlags, argument.flag));
      auto parsed = parseEndpoint(argument.value);
      bool unknown = argument.value.starts_with("{{") || (parsed && parsed->host.starts_with('$'));
      // Of a variable that is set elsewhere nothing may be left.
      if (dials && ((unknown && (known_ || pays)) || (argument.value.empty() && pays))) return &argument;
      if (!parsed || argument.flag.empty()) continue;
      bool stratum = stratumEndpoint(argument.value).has_value();
      if (dials && (parsed->port != 0 || stratum)) return &argument;
      // A pool under whatever flag, beside a wallet.
      if (wallet != WalletShape::kNone && parsed->scheme.find("http") == std::string::npos &&
          !poolDomainOf(parsed->host).empty()) {
        return &argument;
      }
      if (coins && contains(kMinersDialFlags, argument.flag) && parsed->port != 0) return &argument;
      if (contains(kHostFlags, argument.flag) && argument.value.find('.') != std::string_view::npos) {
        host = &argument;
      }
      port = port || argument.flag == "--port";
    }
    return coins && port ? host : nullptr;
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
