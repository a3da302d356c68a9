#include "detect/miners/command_signals.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <set>

#include "detect/miners/block_words.h"
#include "detect/miners/fetched_files.h"
#include "detect/miners/invocation_judge.h"
#include "detect/miners/miner_config.h"
#include "detect/miners/monero_address.h"
#include "detect/signatures/miners.h"

namespace firebreak::detect {
namespace {

template <typename Table>
bool contains(const Table& table, std::string_view word) {
  return std::find(std::begin(table), std::end(table), word) != std::end(table);
}

bool isListed(std::span<const MinerSignature> table, std::string_view word) {
  return std::any_of(table.begin(), table.end(),
                     [&](const MinerSignature& entry) { return entry.word == word; });
}

// "xmrig-6.21.0" and "xmrig_v6" -> "xmrig": what follows the last letter word is a version.
std::string_view withoutVersion(std::string_view program) {
  for (size_t i = 1; i + 1 < program.size(); ++i) {
    bool separator = program[i] == '-' || program[i] == '_' || program[i] == '.';
    bool digit = std::isdigit(static_cast<unsigned char>(program[i + 1])) != 0;
    bool versionMark = program[i + 1] == 'v' && i + 2 < program.size() &&
                       std::isdigit(static_cast<unsigned char>(program[i + 2])) != 0;
    // One number alone is no version: t-rex-64 is a traffic generator.
    bool dotted = program.find('.', i + 1) != std::string_view::npos;
    if (separator && (versionMark || (digit && dotted))) return program.substr(0, i);
  }
  return program;
}

// "dero-miner-linux-amd64" -> "dero-miner": as release files are called.
std::string_view withoutPlatform(std::string_view program) {
  static constexpr std::array<std::string_view, 12> kPlatforms = {
      "linux", "static", "amd64", "x64", "x86", "arm64", "aarch64", "musl", "64", "gnu", "release", "v8"};
  for (size_t mark = program.find_last_of("-_"); mark != std::string_view::npos && mark > 0;
       mark = program.find_last_of("-_")) {
    if (!contains(kPlatforms, program.substr(mark + 1))) break;
    // One number alone is no platform: t-rex-64 is a traffic generator.
    bool number = program.substr(mark + 1) == "64";
    if (number && !program.substr(0, mark).ends_with("x86")) break;
    program = program.substr(0, mark);
  }
  return program;
}

}  // namespace

std::string toLower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

bool containsWord(std::string_view text, std::string_view word) {
  auto alnum = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; };
  for (size_t pos = text.find(word); pos != std::string_view::npos;
       pos = text.find(word, pos + 1)) {
    size_t end = pos + word.size();
    if ((pos == 0 || !alnum(text[pos - 1])) && (end == text.size() || !alnum(text[end])))
      return true;
  }
  return false;
}

std::optional<PoolEndpoint> stratumEndpoint(std::string_view value) {
  size_t scheme = value.find("://");
  if (scheme == std::string_view::npos || scheme > 20) return std::nullopt;
  if (!isListed(minerSchemes(), toLower(value.substr(0, scheme)))) return std::nullopt;
  auto endpoint = parseEndpoint(value);
  if (!endpoint || endpoint->host == "0.0.0.0" || endpoint->host == "[::]") return std::nullopt;
  return endpoint;
}

bool isMinerAlgorithm(std::string_view value) {
  std::string text = toLower(value);
  for (const MinerSignature& entry : minerAlgorithms()) {
    bool family = entry.word.ends_with('/');
    if (family ? text.size() > entry.word.size() && text.starts_with(entry.word)
               : text == entry.word) {
      return true;
    }
  }
  return false;
}

bool isMinerProgram(std::string_view program) {
  program = withoutPlatform(program);
  return isListed(minerPrograms(), program) || isListed(minerPrograms(), withoutVersion(program));
}

std::string_view poolDomainOf(std::string_view host) {
  for (const MinerSignature& entry : minerPools()) {
    if (isUnderDomain(host, entry.word)) return entry.word;
  }
  return {};
}

// Nobody mines at four pools at once, nor at several whose ports nobody gave: that is a list of pools.
static bool namesManyPools(std::string_view value) {
  std::set<std::string_view> pools;
  bool ports = false;
  for (std::string_view part : splitList(value)) {
    auto endpoint = parseEndpoint(part);
    std::string_view pool = endpoint ? poolDomainOf(endpoint->host) : std::string_view();
    if (pool.empty()) continue;
    pools.insert(pool);
    ports = ports || endpoint->port != 0;
  }
  return pools.size() >= (ports ? 4 : 2);
}

void scoreValue(std::string_view value, const std::string& subject, const std::string& fieldPath,
                const MinerSignatures& extra, Scorecard* card) {
  if (value.empty() || isProse(value) || namesManyPools(value)) return;
  for (std::string_view part : splitList(value)) {
    if (auto endpoint = stratumEndpoint(part)) {
      card->add("stratum-url", weight::kNearProof,
                subject + " holds a mining URL, " + endpoint->scheme + "://" + describe(*endpoint),
                fieldPath);
      std::string_view wallet = findMoneroAddress(endpoint->userInfo);
      if (!wallet.empty()) {
        card->add("wallet", 0, abbreviateAddress(wallet), fieldPath);
      }
    }
    auto endpoint = parseEndpoint(part);
    if (endpoint) {
      bool web = endpoint->scheme == "http" || endpoint->scheme == "https";
      std::string_view pool = poolDomainOf(endpoint->host);
      if (!pool.empty() && web) {
        // Its site or statistics: whoever watches a pool does not mine.
        card->add("pool-website", weight::kWeak,
                  subject + " names the site of the mining pool " + describe(*endpoint), fieldPath);
      } else if (!pool.empty()) {
        card->add("pool-domain", weight::kStrong,
                  subject + " names the mining pool " + describe(*endpoint), fieldPath);
      }
      for (const std::string& domain : extra.poolDomains) {
        if (!domain.empty() && isUnderDomain(endpoint->host, toLower(domain))) {
          card->add("policy-pool", weight::kNearProof,
                    subject + " names " + describe(*endpoint) + ", a pool by the policy",
                    fieldPath);
        }
      }
    }
    for (const std::string& wallet : extra.wallets) {
      if (wallet.size() >= 8 && part.find(wallet) != std::string_view::npos) {
        card->add(
            "policy-wallet", weight::kNearProof,
            subject + " holds the wallet " + abbreviateAddress(wallet) + ", which the policy lists",
            fieldPath);
      }
    }
    std::string_view wallet = findMoneroAddress(part);
    if (!wallet.empty() && part.size() < 512) {
      card->add("wallet", 0, abbreviateAddress(wallet), fieldPath);
    }
  }
}

// Something besides text tools and waiting is run, which may read what was written.
static bool someProgramRuns(const CommandReader& reader) {
  static constexpr std::array<std::string_view, 14> kIdle = {
      "sleep", "true", "false", "exit", "wait", "mkdir", "cd",
      "chmod", "chown", "touch", "exec", "read", "set",  "sync"};
  return std::any_of(reader.invocations().begin(), reader.invocations().end(),
                     [](const Invocation& invocation) {
                       if (invocation.words.empty()) return false;
                       std::string program = programName(invocation.words[0]);
                       return !isListed(textTools(), program) && !contains(kIdle, program) &&
                              !runsScripts(program);
                     });
}

// What was fetched and is run at once says nothing by itself: half of all bootstraps do so. Beside
// evidence of its own it says that nobody vouches for the program.
static void judgeFetched(const Invocation& invocation, const std::string& path, Scorecard* own) {
  if (invocation.fetched == Fetched::kNo || invocation.words.empty()) return;
  for (size_t i = 1; i < invocation.words.size() && runsScripts(programName(invocation.words[0])); ++i) {
    std::string_view wallet = findMoneroAddress(invocation.words[i]);
    if (!wallet.empty()) own->add("wallet", 0, abbreviateAddress(wallet), path);
  }
  if (own->score() == 0 && !own->has("wallet")) return;
  bool insecure = invocation.fetched == Fetched::kInsecurely;
  own->add(insecure ? "fetched-insecurely" : "fetched-program", weight::kSupport,
           insecure ? "was fetched without TLS or from a bare address, and is run at once"
                    : "was fetched and is run at once",
           path);
}

// A script by its name, and a miner's by it: not the miner itself, which is unpacked and looked at.
static bool fetchesSetUp(const Invocation& invocation, const Scorecard& own) {
  return own.has("miner-download") &&
         std::any_of(invocation.words.begin(), invocation.words.end(),
                     [](const std::string& word) { return word.ends_with(".sh"); });
}

void scoreInvocations(const CommandReader& reader, const MinerSignatures& extra,
                      const std::function<std::string(size_t)>& pathOf, Scorecard* card, bool forOthers) {
  bool setUp = false;
  for (const Invocation& invocation : reader.invocations()) {
    Scorecard own;
    judgeInvocation(invocation, extra, pathOf, &own);
    judgeFetched(invocation, pathOf(invocation.originOf(0)), &own);
    setUp = setUp || fetchesSetUp(invocation, own);
    if (setUp && invocation.fetched != Fetched::kNo) {
      own.add("miner-set-up", weight::kStrong, "runs the miner's set-up script that it fetched",
              pathOf(invocation.originOf(0)));
    }
    int before = card->score();
    card->merge(own);
    if (invocation.decoded && card->score() > before) {
      card->add("encoded-command", weight::kWeak, "was hidden by an encoding",
                pathOf(invocation.originOf(0)));
    }
  }
  for (const WrittenText& written : reader.written()) {
    auto config = parseMinerConfig(written.text);
    if (!config || (!forOthers && !someProgramRuns(reader))) continue;
    card->add("miner-config", weight::kProof,
              "writes a miner's configuration (" + config->format + ", " + config->mark + ")",
              pathOf(written.origin));
  }
}

ScoreResult scoreCommandLine(std::span<const std::string> argv, const MinerSignatures& extra) {
  CommandReader reader({}, nullptr);
  reader.read({argv.begin(), argv.end()}, /*entrypointUnknown=*/false);
  Scorecard card;
  scoreInvocations(
      reader, extra, [](size_t) { return std::string(); }, &card);
  weighWallet(&card);
  return card.result();
}

void weighWallet(Scorecard* card) {
  if (!card->has("wallet")) return;
  static constexpr std::array<std::string_view, 11> kPoolLike = {
      "stratum-url",   "pool-domain",    "miner-config",   "miner-algorithm", "miner-flag",
      "miner-program", "pool-arguments", "miner-download", "policy-pool",     "miner-coin",
      "fetched-insecurely"};
  bool pool = std::any_of(kPoolLike.begin(), kPoolLike.end(),
                          [&](std::string_view signal) { return card->has(signal); });
  card->reweigh("wallet", pool ? weight::kProof : weight::kAdds,
                pool ? "pays to a valid Monero address beside the address of a pool: "
                     : "holds a valid Monero address: ");
}

}  // namespace firebreak::detect
