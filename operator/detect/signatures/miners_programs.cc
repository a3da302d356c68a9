// What miners are called and how they are told what to do.
#include "detect/signatures/miners.h"

namespace firebreak::detect {
namespace {

constexpr std::string_view kXmrigCli = "xmrig.com/docs/miner/command-line-options";
constexpr std::string_view kXmrigAlgo = "xmrig.com/docs/algorithms";
constexpr std::string_view kCpuminer = "cpuminer-multi README, --algo list";
constexpr std::string_view kGpuMiner = "the GPU miner's own --help, list of algorithms";
constexpr std::string_view kReadme = "the program's own README";
constexpr std::string_view kMonerod = "docs.getmonero.org: monerod reference, mining";
constexpr std::string_view kIncident = "published reports on miners in containers";
constexpr std::string_view kImageReadme = "the image's public README";

constexpr MinerSignature kAlgorithms[] = {
    {"rx/", kXmrigAlgo},
    {"randomx", kXmrigAlgo},
    {"cn/", kXmrigAlgo},
    {"cn-lite/", kXmrigAlgo},
    {"cn-heavy/", kXmrigAlgo},
    {"cn-pico", kXmrigAlgo},
    {"cn-pico/", kXmrigAlgo},
    {"cryptonight", kXmrigAlgo},
    {"cryptonight/", kXmrigAlgo},
    {"cryptonight-lite", kXmrigAlgo},
    {"cryptonight-heavy", kXmrigAlgo},
    {"cryptonight_v7", "xmr-stak docs, currencies"},
    {"cryptonight_v8", "xmr-stak docs, currencies"},
    {"argon2/", kXmrigAlgo},
    {"astrobwt", kXmrigAlgo},
    {"astrobwt/", kXmrigAlgo},
    {"ghostrider", kXmrigAlgo},
    {"kawpow", kXmrigAlgo},
    {"panthera", kXmrigAlgo},
    {"kaspa", kGpuMiner},
    {"alephium", kGpuMiner},
    {"karlsen", kGpuMiner},
    {"pyrinhash", kGpuMiner},
    {"ethash", kGpuMiner},
    {"etchash", kGpuMiner},
    {"autolykos2", kGpuMiner},
    {"octopus", kGpuMiner},
    {"progpow", kGpuMiner},
    {"progpowz", kGpuMiner},
    {"firopow", kGpuMiner},
    {"beamhashiii", kGpuMiner},
    {"beamv3", kGpuMiner},
    {"equihash", kGpuMiner},
    {"zhash", kGpuMiner},
    {"equihash144_5", kGpuMiner},
    {"equihash125_4", kGpuMiner},
    {"cuckatoo31", kGpuMiner},
    {"cuckatoo32", kGpuMiner},
    {"cuckaroo29", kGpuMiner},
    {"kheavyhash", kGpuMiner},
    {"karlsenhash", kGpuMiner},
    {"nexapow", kGpuMiner},
    {"ironfish", kGpuMiner},
    {"dynexsolve", kGpuMiner},
    {"verushash", kGpuMiner},
    {"verus", kGpuMiner},
    {"blake3_alephium", kGpuMiner},
    {"xelishash", kGpuMiner},
    {"minotaurx", kCpuminer},
    {"yespower", kCpuminer},
    {"yescryptr16", kCpuminer},
    {"yescryptr32", kCpuminer},
    {"lyra2v2", kCpuminer},
    {"lyra2rev2", kCpuminer},
    {"lyra2z", kCpuminer},
    {"neoscrypt", kCpuminer},
    {"x16r", kCpuminer},
    {"x16rv2", kCpuminer},
    {"x11gost", kCpuminer},
    {"sha256d", kCpuminer},
    {"scrypt:1048576", kCpuminer},
};

constexpr MinerSignature kFlags[] = {
    {"--donate-level", kXmrigCli},
    {"--donate-over-proxy", kXmrigCli},
    {"--rig-id", kXmrigCli},
    {"--nicehash", kXmrigCli},
    {"--cpu-max-threads-hint", kXmrigCli},
    {"--cpu-memory-pool", kXmrigCli},
    {"--cpu-no-yield", kXmrigCli},
    {"--randomx-init", kXmrigCli},
    {"--randomx-no-numa", kXmrigCli},
    {"--randomx-mode", kXmrigCli},
    {"--randomx-1gb-pages", kXmrigCli},
    {"--randomx-wrmsr", kXmrigCli},
    {"--randomx-no-rdmsr", kXmrigCli},
    {"--randomx-cache-qos", kXmrigCli},
    {"--astrobwt-max-size", kXmrigCli},
    {"--astrobwt-avx2", kXmrigCli},
    {"--argon2-impl", kXmrigCli},
    {"--huge-pages-jit", kXmrigCli},
    {"--pause-on-battery", kXmrigCli},
    {"--pause-on-active", kXmrigCli},
    {"--self-select", kXmrigCli},
    {"--submit-to-origin", kXmrigCli},
    {"--daemon-poll-interval", kXmrigCli},
    {"--cuda-bfactor-hint", kXmrigCli},
    {"--cuda-loader", kXmrigCli},
    {"--opencl-loader", kXmrigCli},
    {"--start-mining", kMonerod},
    {"--mining-threads", kMonerod},
    {"--bg-mining-enable", kMonerod},
    {"--farm-recheck", "ethminer README"},
    {"--use-nicehash", "xmr-stak docs, usage"},
    {"--currency-monero", "xmr-stak docs, usage"},
    {"-ewal", "Claymore's and PhoenixMiner's readme"},
    {"-epool", "Claymore's and PhoenixMiner's readme"},
};

constexpr MinerSignature kPrograms[] = {
    {"xmrig", kReadme},         {"xmrigdaemon", kIncident},    {"xmrigminer", kIncident},
    {"xmrig-notls", kReadme},   {"xmrig-mo", kReadme},         {"xmrig-nvidia", kReadme},
    {"xmrig-amd", kReadme},     {"xmrig-cuda", kReadme},       {"xmr-stak", kReadme},
    {"xmr-stak-cpu", kReadme},  {"xmr-stak-rx", kReadme},      {"minerd", kReadme},
    {"cpuminer", kReadme},      {"cpuminer-multi", kReadme},   {"cpuminer-opt", kReadme},
    {"cpuminer-sse2", kReadme}, {"cpuminer-avx2", kReadme},    {"ccminer", kReadme},
    {"cgminer", kReadme},       {"bfgminer", kReadme},         {"sgminer", kReadme},
    {"ethminer", kReadme},      {"nbminer", kReadme},          {"t-rex", kReadme},
    {"lolminer", kReadme},      {"phoenixminer", kReadme},     {"teamredminer", kReadme},
    {"nanominer", kReadme},     {"srbminer", kReadme},         {"srbminer-multi", kReadme},
    {"wildrig", kReadme},       {"wildrig-multi", kReadme},    {"gminer", kReadme},
    {"bminer", kReadme},        {"bzminer", kReadme},          {"onezerominer", kReadme},
    {"miniz", kReadme},         {"claymore", kReadme},         {"ethdcrminer64", kReadme},
    {"kawpowminer", kReadme},   {"progpowminer", kReadme},     {"nheqminer", kReadme},
    {"hellminer", kReadme},     {"verus-miner", kReadme},      {"astrominer", kReadme},
    {"dero-miner", kReadme},    {"minergate", kReadme},        {"minergate-cli", kReadme},
    {"xmrig-proxy", kReadme},   {"xmrstak", kReadme},          {"verusminer", kReadme},
    {"cryptodredge", kReadme},  {"tt-miner", kReadme},         {"z-enemy", kReadme},
    {"tnn-miner", kReadme},     {"tnn-miner-cpu", kReadme},    {"spectre-miner", kReadme},
    {"xelis_miner", kReadme},   {"jce_cn_cpu_miner64", kReadme}, {"qli-client", kReadme},
    {"kdevtmpfsi", kIncident},  {"kinsing", kIncident},        {"sysrv", kIncident},
    {"sysrv012", kIncident},    {"tntminer", kIncident},
    {"cryptonight", kIncident}, {"packetcrypt", kReadme},      {"coin-hive-stratum", kReadme},
    {"zecminer64", kReadme},    {"cpuminer-gr", kReadme},
    {"rigel", kReadme},         {"deroluna-miner", kReadme},    {"xmrig-cn", kReadme},
};

constexpr MinerSignature kMalware[] = {
    {"kdevtmpfsi", kIncident},  {"kinsing", kIncident},    {"tntminer", kIncident},
    {"xmrigdaemon", kIncident}, {"xmrigminer", kIncident},
};

constexpr MinerSignature kRepositories[] = {
    {"metal3d/xmrig", kImageReadme},
    {"miningcontainers/xmrig", kImageReadme},
    {"kannix/monero-miner", kImageReadme},
    {"giansalex/monero-miner", kImageReadme},
    {"servethehome/monero_cpu_minergate", kImageReadme},
    {"servethehome/monero_cpu_moneropool", kImageReadme},
    {"servethehome/monero_cpu_xmrpooldotnet", kImageReadme},
    {"bitnn/alpine-xmrig", kImageReadme},
    {"patsissons/xmrig", kImageReadme},
};

constexpr MinerSignature kImages[] = {
    {"xmrig", kImageReadme},
    {"xmrig-proxy", kImageReadme},
    {"xmr-stak", kImageReadme},
    {"xmrstak", kImageReadme},
    {"minerd", kImageReadme},
    {"cpuminer", kImageReadme},
    {"cpuminer-multi", kImageReadme},
    {"cpuminer-opt", kImageReadme},
    {"ccminer", kImageReadme},
    {"cgminer", kImageReadme},
    {"bfgminer", kImageReadme},
    {"ethminer", kImageReadme},
    {"nbminer", kImageReadme},
    {"lolminer", kImageReadme},
    {"phoenixminer", kImageReadme},
    {"teamredminer", kImageReadme},
    {"nanominer", kImageReadme},
    {"srbminer", kImageReadme},
    {"srbminer-multi", kImageReadme},
    {"wildrig", kImageReadme},
    {"gminer", kImageReadme},
    {"bzminer", kImageReadme},
    {"monero-miner", kImageReadme},
    {"monero_miner", kImageReadme},
    {"monerominer", kImageReadme},
    {"monero-cpu", kImageReadme},
    {"xmr-miner", kImageReadme},
    {"xmrminer", kImageReadme},
    {"moneroocean", kImageReadme},
    {"minergate", kImageReadme},
    {"minergate-cli", kImageReadme},
    {"monero_cpu_minergate", kImageReadme},
    {"monero_cpu_moneropool", kImageReadme},
    {"monero_cpu_xmrpooldotnet", kImageReadme},
    {"monero_cpu_supportxmr", kImageReadme},
    {"t-rex-miner", kImageReadme},
    {"trex-miner", kImageReadme},
    {"kdevtmpfsi", kIncident},
    {"nheqminer", kImageReadme},
    {"hellminer", kImageReadme},
    {"cryptominer", kImageReadme},
    {"kawpowminer", kImageReadme},
};

constexpr MinerSignature kDownloads[] = {
    {"xmrig", "github.com/xmrig/xmrig releases"},
    {"xmrig_setup", "MoneroOcean's set-up scripts"},
    {"setup_moneroocean_miner", "MoneroOcean's set-up scripts"},
    {"setup_c3pool_miner", "C3Pool's set-up scripts"},
    {"xmr-stak", "github.com/fireice-uk/xmr-stak releases"},
    {"cpuminer", "github.com/pooler/cpuminer releases"},
    {"cpuminer-multi", "github.com/tpruvot/cpuminer-multi"},
    {"cpuminer-opt", "github.com/JayDDee/cpuminer-opt"},
    {"ccminer", "github.com/tpruvot/ccminer releases"},
    {"ethminer", "github.com/ethereum-mining/ethminer releases"},
    {"nbminer", "github.com/NebuTech/NBMiner releases"},
    {"nbminer_linux", "github.com/NebuTech/NBMiner releases"},
    {"lolminer", "github.com/Lolliedieb/lolMiner-releases"},
    {"lolminer-releases", "github.com/Lolliedieb/lolMiner-releases"},
    {"phoenixminer", "PhoenixMiner's release files"},
    {"teamredminer", "github.com/todxx/teamredminer releases"},
    {"nanominer", "github.com/nanopool/nanominer releases"},
    {"srbminer-multi", "github.com/doktor83/SRBMiner-Multi releases"},
    {"wildrig-multi", "github.com/andru-kun/wildrig-multi releases"},
    {"gminerrelease", "github.com/develsoftware/GMinerRelease"},
    {"trexminer", "github.com/trexminer/T-Rex releases"},
    {"bzminer", "github.com/bzminer/bzminer releases"},
    {"hellminer", "github.com/hellcatz/hminer releases"},
    {"minerd", "github.com/pooler/cpuminer releases"},
    {"moneroocean_miner", "MoneroOcean's set-up scripts"},
    {"c3pool_miner", "C3Pool's set-up scripts"},
    {"qli-client", "github.com/qubic-li/client releases"},
    {"duino-coin", "github.com/revoxhere/duino-coin"},
    {"packetcrypt_rs", "github.com/cjdelisle/packetcrypt_rs"},
    {"onezerominer", "github.com/OneZeroMiner/onezerominer releases"},
    {"rigelminer", "github.com/rigelminer/rigel releases"},
    {"dero-miner", "github.com/deroproject/derohe releases"},
};

constexpr MinerSignature kVariables[] = {
    {"pool", kImageReadme},           {"pool_url", kImageReadme},
    {"pool_user", kImageReadme},      {"pool_address", kImageReadme},
    {"pool_host", kImageReadme},      {"pool_pass", kImageReadme},
    {"pool_wallet", kImageReadme},    {"xmr_pool", kImageReadme},
    {"xmr_wallet", kImageReadme},     {"xmrig_pool", kImageReadme},
    {"xmrig_url", kImageReadme},      {"xmrig_user", kImageReadme},
    {"xmrig_wallet", kImageReadme},   {"mining_pool", kImageReadme},
    {"mine_pool", kImageReadme},      {"miner_pool", kImageReadme},
    {"miner_wallet", kImageReadme},   {"miner_user", kImageReadme},
    {"monero_pool", kImageReadme},    {"monero_wallet", kImageReadme},
    {"wallet", kImageReadme},         {"wallet_address", kImageReadme},
    {"stratum", kImageReadme},        {"stratum_url", kImageReadme},
    {"stratum_server", kImageReadme}, {"url", kImageReadme},
    {"username", kImageReadme},       {"user", kImageReadme},
    {"address", kImageReadme},
};

constexpr MinerSignature kConfigFiles[] = {
    {"config.json", "xmrig.com/docs/miner/config: beside the executable"},
    {".xmrig.json", "XMRig src/base/kernel/Base.cpp: in the home folder"},
    {"xmrig.json", "XMRig src/base/kernel/Base.cpp: ~/.config/xmrig.json"},
    {"pools.txt", "xmr-stak docs, usage"},
};

}  // namespace

std::span<const MinerSignature> minerAlgorithms() { return kAlgorithms; }
std::span<const MinerSignature> minerFlags() { return kFlags; }
std::span<const MinerSignature> minerPrograms() { return kPrograms; }
std::span<const MinerSignature> minerMalware() { return kMalware; }
std::span<const MinerSignature> minerRepositories() { return kRepositories; }
std::span<const MinerSignature> minerImages() { return kImages; }
std::span<const MinerSignature> minerDownloads() { return kDownloads; }
std::span<const MinerSignature> minerVariables() { return kVariables; }
std::span<const MinerSignature> minerConfigFiles() { return kConfigFiles; }

}  // namespace firebreak::detect
