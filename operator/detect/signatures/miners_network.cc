// Where miners dial to.
#include "detect/signatures/miners.h"

namespace firebreak::detect {
namespace {

constexpr std::string_view kXmrigPools = "xmrig.com/docs/miner/config/pool";
constexpr std::string_view kEthminer =
    "github.com/ethereum-mining/ethminer docs/POOL_EXAMPLES_ETH.md";
constexpr std::string_view kPoolSite = "the pool's own getting-started page";
constexpr std::string_view kMultiAlgo = "the multi-algorithm pool's own help page";
constexpr std::string_view kBrowser = "the browser miner's former site";

constexpr MinerSignature kSchemes[] = {
    {"stratum", "cgminer README: stratum+tcp URLs; scheme alone in XMRig's url parser"},
    {"stratum+tcp", kXmrigPools},
    {"stratum+ssl", kXmrigPools},
    {"stratum+tls", "xmrig.com/docs: TLS pools"},
    {"stratum+udp", "bosminer and cgminer forks: udp transport"},
    {"stratum1+tcp", kEthminer},
    {"stratum1+ssl", kEthminer},
    {"stratum1+tls", kEthminer},
    {"stratum1+tls12", kEthminer},
    {"stratum2+tcp", kEthminer},
    {"stratum2+ssl", kEthminer},
    {"stratum2+tls", kEthminer},
    {"stratum3+tcp", kEthminer},
    {"stratums", kEthminer},
    {"stratumss", kEthminer},
    {"ethproxy", "lolMiner --ethstratum modes"},
    {"ethproxy+tcp", "NBMiner README: ethproxy+tcp"},
    {"ethproxy+ssl", "NBMiner README: ethproxy+ssl"},
    {"ethnh+tcp", "NBMiner README: ethnh+tcp"},
    {"ethnh+ssl", "NBMiner README: ethnh+ssl"},
    {"nicehash+tcp", "NBMiner README: nicehash+tcp"},
    {"nicehash+ssl", "NBMiner README: nicehash+ssl"},
    {"daemon+http", kXmrigPools},
    {"daemon+https", kXmrigPools},
};

constexpr MinerSignature kPools[] = {
    {"supportxmr.com", kPoolSite},
    {"nanopool.org", kPoolSite},
    {"minexmr.com", kPoolSite},
    {"hashvault.pro", kPoolSite},
    {"moneroocean.stream", kPoolSite},
    {"2miners.com", kPoolSite},
    {"herominers.com", kPoolSite},
    {"c3pool.com", kPoolSite},
    {"c3pool.org", kPoolSite},
    {"monerohash.com", kPoolSite},
    {"minergate.com", kPoolSite},
    {"crypto-pool.fr", kPoolSite},
    {"dwarfpool.com", kPoolSite},
    {"xmrpool.eu", kPoolSite},
    {"xmrpool.net", kPoolSite},
    {"usxmrpool.com", kPoolSite},
    {"xmrpool.de", kPoolSite},
    {"moneropool.com", kPoolSite},
    {"moneropool.nl", kPoolSite},
    {"monero.hashvault.pro", kPoolSite},
    {"poolto.be", kPoolSite},
    {"minemonero.pro", kPoolSite},
    {"minemonero.gq", kPoolSite},
    {"skypool.org", kPoolSite},
    {"skypool.xyz", kPoolSite},
    {"cryptonote.social", kPoolSite},
    {"fairpool.xyz", kPoolSite},
    {"gntl.co.uk", kPoolSite},
    {"bohemianpool.com", kPoolSite},
    {"volt-mine.com", kPoolSite},
    {"solopool.org", kPoolSite},
    {"rplant.xyz", kPoolSite},
    {"kryptex.network", kPoolSite},
    {"ethermine.org", kPoolSite},
    {"flypool.org", kPoolSite},
    {"flexpool.io", kPoolSite},
    {"sparkpool.com", kPoolSite},
    {"hiveon.net", kPoolSite},
    {"ezil.me", kPoolSite},
    {"f2pool.com", kPoolSite},
    {"antpool.com", kPoolSite},
    {"viabtc.com", kPoolSite},
    {"poolin.com", kPoolSite},
    {"slushpool.com", kPoolSite},
    {"pool.braiins.com", kPoolSite},
    {"stratum.braiins.com", kPoolSite},
    {"luxor.tech", kPoolSite},
    {"ravenminer.com", kPoolSite},
    {"woolypooly.com", kPoolSite},
    {"k1pool.com", kPoolSite},
    {"acc-pool.pw", kPoolSite},
    {"dxpool.com", kPoolSite},
    {"kaspa-pool.org", kPoolSite},
    {"666pool.cn", kPoolSite},
    {"aikapool.com", kPoolSite},
    {"nicehash.com", kMultiAlgo},
    {"unmineable.com", kMultiAlgo},
    {"prohashing.com", kMultiAlgo},
    {"zpool.ca", kMultiAlgo},
    {"zergpool.com", kMultiAlgo},
    {"mining-dutch.nl", kMultiAlgo},
    {"miningpoolhub.com", kMultiAlgo},
    {"mining.rocks", kMultiAlgo},
    {"coinhive.com", kBrowser},
    {"coin-hive.com", kBrowser},
    {"crypto-loot.com", kBrowser},
};

}  // namespace

std::span<const MinerSignature> minerSchemes() { return kSchemes; }
std::span<const MinerSignature> minerPools() { return kPools; }

}  // namespace firebreak::detect
