#include "detect/miners/miner_config.h"

#include <algorithm>
#include <array>

#include "base/json.h"
#include "detect/miners/command_signals.h"
#include "detect/miners/endpoint.h"

namespace firebreak::detect {
namespace {

constexpr size_t kMaxText = 1024 * 1024;

// Keys of xmrig.com/docs/miner/config that no other program's configuration is known to have.
constexpr std::array<std::string_view, 8> kXmrigMarks = {
    "donate-level", "randomx", "rig-id",   "nicehash",
    "cn/0",         "rx/0",    "astrobwt", "donate-over-proxy"};

Json parseLenient(std::string_view text) {
  return Json::parse(text.begin(), text.end(), nullptr, /*allow_exceptions=*/false,
                     /*ignore_comments=*/true);
}

// xmr-stak's files are members without the outer braces, with commas after the last.
std::string asObject(std::string_view text) {
  std::string out = "{";
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == ',') {
      size_t next = text.find_first_not_of(" \t\r\n", i + 1);
      if (next == std::string_view::npos || text[next] == ']' || text[next] == '}') continue;
    }
    out += text[i];
  }
  return out + "}";
}

std::string markOf(const Json& object) {
  for (std::string_view mark : kXmrigMarks) {
    if (object.is_object() && object.contains(std::string(mark))) return std::string(mark);
  }
  std::string algorithm = stringOr(member(object, "algo"));
  if (isMinerAlgorithm(algorithm)) return "algo";
  std::string coin = stringOr(member(object, "coin"));
  return coin == "monero" || coin == "XMR" || coin == "xmr" ? "coin" : "";
}

// A mining URL, or the address of a pool that is known; not its site.
bool isPool(std::string_view url) {
  auto endpoint = parseEndpoint(url);
  return stratumEndpoint(url) || (endpoint && !endpoint->scheme.starts_with("http") &&
                                  !poolDomainOf(endpoint->host).empty());
}

std::optional<MinerConfig> poolList(const Json& root) {
  const Json& pools = member(root, "pools");
  if (!pools.is_array() || pools.empty()) return std::nullopt;
  MinerConfig config{"XMRig", {}, markOf(root)};
  for (const Json& pool : pools) {
    std::string url = stringOr(member(pool, "url"));
    if (url.empty() || !member(pool, "user").is_string()) continue;
    config.pools.push_back(url);
    if (config.mark.empty()) config.mark = markOf(pool);
    if (config.mark.empty() && isPool(url)) config.mark = "url";
  }
  if (config.pools.empty() || config.mark.empty()) return std::nullopt;
  return config;
}

// SRBMiner's pools.txt (its Readme.txt, "pools file"): who is paid by which address, and a password.
std::optional<MinerConfig> srbPools(const Json& root) {
  const Json& pools = member(root, "pools");
  if (!pools.is_array()) return std::nullopt;
  MinerConfig config{"SRBMiner", {}, "wallet"};
  for (const Json& pool : pools) {
    std::string address = stringOr(member(pool, "pool"));
    auto endpoint = parseEndpoint(address);
    bool paid = member(pool, "wallet").is_string() && member(pool, "password").is_string();
    if (endpoint && endpoint->port != 0 && paid) config.pools.push_back(address);
  }
  if (config.pools.empty()) return std::nullopt;
  return config;
}

std::optional<MinerConfig> xmrStak(const Json& root) {
  const Json& pools = member(root, "pool_list");
  if (!pools.is_array()) return std::nullopt;
  MinerConfig config{"xmr-stak", {}, "pool_list"};
  for (const Json& pool : pools) {
    std::string address = stringOr(member(pool, "pool_address"));
    if (!address.empty() && member(pool, "wallet_address").is_string()) {
      config.pools.push_back(address);
    }
  }
  if (config.pools.empty()) return std::nullopt;
  return config;
}

// A member's text, its name in whatever case; of a list the first one's, since some miners take several.
std::string textOf(const Json& object, std::initializer_list<std::string_view> names) {
  for (const auto& [key, value] : object.items()) {
    if (std::find(names.begin(), names.end(), toLower(key)) == names.end()) continue;
    std::string text = value.is_array() && !value.empty() ? stringOr(value[0]) : stringOr(value);
    if (!text.empty()) return text;
  }
  return {};
}

// cpuminer's and ccminer's {"url": .., "user": .., "algo": ..}, lolMiner's profiles {"ALGO", "POOLS": [{"POOL", "USER"}]}
// and BzMiner's pool_configs {"url": [..], "wallet": [..], "algorithm"}; profiles stand up to two levels down, and their
// algorithm above their pools.
std::optional<MinerConfig> singlePool(const Json& root, int depth = 0, bool algorithm = false) {
  constexpr int kMaxDepth = 3;
  if (root.is_object()) {
    std::string url = textOf(root, {"url", "pool"});
    bool paid = !textOf(root, {"user", "wallet"}).empty() || member(root, "user").is_string();
    bool stratum = stratumEndpoint(url).has_value();
    algorithm = algorithm || isMinerAlgorithm(textOf(root, {"algo", "algorithm"}));
    if (!url.empty() && paid && (stratum || algorithm)) {
      return MinerConfig{"stratum client", {url}, stratum ? "url" : "algo"};
    }
  }
  if (depth >= kMaxDepth || !root.is_structured()) return std::nullopt;
  for (const Json& inner : root) {
    if (auto config = singlePool(inner, depth + 1, algorithm)) return config;
  }
  return std::nullopt;
}

// nanominer's config.ini: a section per coin with a wallet and numbered pools
// (github.com/nanopool/nanominer, README). In any INI, TOML or YAML file: a stratum URL and who is paid there.
std::optional<MinerConfig> iniPools(std::string_view text) {
  MinerConfig config{"nanominer", {}, "wallet"};
  bool wallet = false;
  bool user = false;
  std::string stratum;
  while (!text.empty()) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    size_t equals = line.find_first_of("=:");
    if (equals == std::string_view::npos || line.starts_with('#') || line.starts_with(';')) continue;
    auto bare = [](std::string_view part) {
      constexpr std::string_view kAround = " \t\r\"'-,";
      size_t start = part.find_first_not_of(kAround);
      if (start == std::string_view::npos) return std::string_view();
      return part.substr(start, part.find_last_not_of(kAround) - start + 1);
    };
    std::string key = toLower(bare(line.substr(0, equals)));
    std::string_view value = bare(line.substr(equals + 1));
    wallet = wallet || (key == "wallet" && value.size() >= 20);
    user = user || ((key == "user" || key == "wallet" || key == "username") && !value.empty());
    if ((key == "url" || key == "pool") && stratumEndpoint(value)) stratum = std::string(value);
    bool pool = key.size() == 5 && key.starts_with("pool") && key[4] >= '1' && key[4] <= '9';
    auto endpoint = pool ? parseEndpoint(value) : std::nullopt;
    if (endpoint && endpoint->port != 0) config.pools.emplace_back(value);
  }
  if (wallet && !config.pools.empty()) return config;
  if (user && !stratum.empty()) return MinerConfig{"stratum client", {stratum}, "url"};
  return std::nullopt;
}

}  // namespace

std::optional<MinerConfig> parseMinerConfig(std::string_view text) {
  if (text.size() > kMaxText) return std::nullopt;
  size_t start = text.find_first_not_of(" \t\r\n");
  if (text.find('{') == std::string_view::npos ||
      (start != std::string_view::npos && text[start] == '[' && parseLenient(text).is_discarded())) {
    return iniPools(text);
  }
  Json root = parseLenient(text);
  if (root.is_discarded() && text.find("pool_list") != std::string_view::npos) {
    root = parseLenient(asObject(text));
  }
  if (!root.is_object()) return std::nullopt;
  if (auto config = poolList(root)) return config;
  if (auto config = xmrStak(root)) return config;
  if (auto config = srbPools(root)) return config;
  return singlePool(root);
}

}  // namespace firebreak::detect
