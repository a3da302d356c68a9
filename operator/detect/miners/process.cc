#include "detect/miners/process.h"

#include <algorithm>
#include <array>

#include "detect/signatures/miners.h"

namespace firebreak::detect {
namespace {

// RandomX (github.com/tevador/RandomX, doc/specs.md): a data set of 2147483648 + 33554368 bytes and
// a cache of 256 MiB, one private anonymous mapping of both or of the data set. Measured on a
// stand-in: exactly 2336 MiB. Other programs' heaps fall into the range by chance, on these two
// sizes hardly.
constexpr int64_t kMiB = 1024;  // in KiB
constexpr int64_t kDataset = kRandomXDatasetMiB * kMiB;
constexpr int64_t kDatasetAndCache = 2336 * kMiB;
constexpr int64_t kLargest = kRandomXLargestMiB * kMiB;
constexpr int64_t kTolerance = 2 * kMiB;  // one huge page
constexpr int64_t kCacheOnly = 256 * kMiB;

constexpr double kBusyCores = 0.05;
constexpr double kFlat = 0.85;
constexpr int64_t kLongSeconds = 60;
constexpr int64_t kQuietBytesPerMinute = 20 * 1024;

// Ports of services that keep long, quiet connections: databases, queues, caches, meshes.
constexpr std::array<int, 18> kOrdinaryPorts = {53,   80,   443,  1433, 1521, 2379,
                                                3306, 4222, 5432, 5671, 5672, 6379,
                                                6443, 8080, 9042, 9092, 9200, 27017};

// Programs that are many programs under one executable: their argv[0] is somebody else's name.
constexpr std::array<std::string_view, 6> kMultiCall = {"busybox", "toybox", "coreutils",
                                                        "systemd", "runc",   "containerd-shim"};

std::string baseOf(const ProcessFacts& facts) { return programName(facts.executable); }

void judgeNames(const ProcessFacts& facts, Scorecard* card) {
  std::string base = baseOf(facts);
  for (const std::string& name : {base, toLower(facts.comm)}) {
    bool malware = std::any_of(minerMalware().begin(), minerMalware().end(),
                               [&](const MinerSignature& entry) { return entry.word == name; });
    if (malware && !card->has("miner-malware")) {
      card->add("miner-malware", weight::kNearProof, "is " + name + ", a name of malware alone");
    }
    if (isMinerProgram(name) && !card->has("miner-program")) {
      card->add("miner-program", weight::kStrong, "is the miner " + name);
    }
  }
  if (facts.executable.empty() || facts.commandLine.empty()) return;
  // A kernel thread has neither a command line nor an executable (node measurement).
  const std::string& first = facts.commandLine[0];
  bool brackets = first.size() > 2 && first.front() == '[' && first.back() == ']';
  bool kernelName = false;
  for (std::string_view name :
       {"kworker", "kthreadd", "kswapd", "ksoftirqd", "kdevtmpfs", "rcu_"}) {
    kernelName = kernelName || toLower(first).find(name) < 2;
  }
  if (brackets || kernelName) {
    card->add("kernel-look-alike", weight::kSupport,
              "calls itself like a kernel thread but has an executable");
    return;
  }
  bool multiCall = std::any_of(kMultiCall.begin(), kMultiCall.end(),
                               [&](std::string_view name) { return base.starts_with(name); });
  std::string shown = programName(first);
  if (!multiCall && !shown.starts_with(base) && !base.starts_with(shown)) {
    card->add("renamed", weight::kWeak, "calls itself otherwise than its executable");
  }
}

void judgeExecutable(const ProcessFacts& facts, Scorecard* card) {
  if (facts.executableDeleted) {
    card->add("deleted-executable", weight::kAdds, "its executable was deleted");
  }
  if (facts.executableOnTmpfs) {
    card->add("executable-in-memory", weight::kAdds, "its executable lies on a memory file system");
  }
}

bool nearSize(int64_t sizeKb, int64_t wantedKb) {
  return sizeKb >= wantedKb - kTolerance && sizeKb <= wantedKb + kTolerance;
}

// Points for the shape of memory: 40 on RandomX's own sizes, 20 in the range, 10 for light mode.
int memoryPoints(const ProcessFacts& facts) {
  int64_t size = facts.largestAnonKb;
  if (nearSize(size, kDataset) || nearSize(size, kDatasetAndCache)) return 40;
  if (size >= kDataset && size <= kLargest) return 20;
  if (nearSize(size, kCacheOnly) && facts.hasRwx) return 10;
  return 0;
}

// Points for one or two long, quiet flows to one place: a pool or its proxy.
int flowPoints(const ProcessFacts& facts, const ProcessFlow** which) {
  int points = 0;
  int quiet = 0;
  for (const ProcessFlow& flow : facts.flows) {
    bool isQuiet = flow.ageSeconds >= kLongSeconds && flow.bytesPerMinute > 0 &&
                   flow.bytesPerMinute <= kQuietBytesPerMinute;
    if (!isQuiet) continue;
    ++quiet;
    bool ordinary = std::find(kOrdinaryPorts.begin(), kOrdinaryPorts.end(), flow.peerPort) !=
                    kOrdinaryPorts.end();
    int worth = ordinary ? 10 : 15;
    if (worth > points) {
      points = worth;
      *which = &flow;
    }
  }
  return facts.flows.size() <= 3 && quiet <= 2 ? points : 0;
}

void judgeBehaviour(const ProcessFacts& facts, Scorecard* card) {
  const ProcessFlow* flow = nullptr;
  int memory = memoryPoints(facts);
  bool busy = facts.cpuCores >= kBusyCores && facts.cpuFlat >= kFlat;
  int flowing = flowPoints(facts, &flow);
  if (memory > 0) {
    card->add("randomx-memory", memory,
              "one private mapping of " + std::to_string(facts.largestAnonKb / kMiB) +
                  " MiB, as RandomX's data set");
  }
  if (busy) card->add("flat-cpu", 15, "uses the processor evenly, without pause");
  if (flow != nullptr) {
    card->add("quiet-flow", flowing,
              "keeps a quiet connection to " + flow->peerIp + ':' + std::to_string(flow->peerPort));
  }
  if (memory >= 20 && facts.hasRwx) {
    card->add("generated-code", weight::kWeak, "has memory that is writable and executable");
  }
  bool shape = memory >= 20 && busy && facts.threads > 1;
  if (shape && flow != nullptr && facts.suspiciousPlace) {
    card->add("place", weight::kAdds, "in a new or unknown place");
  }
}

}  // namespace

ScoreResult scoreProcess(const ProcessFacts& facts, const MinerSignatures& extra) {
  Scorecard card;
  CommandReader reader({}, nullptr);
  reader.read(facts.commandLine, /*entrypointUnknown=*/false);
  scoreInvocations(
      reader, extra, [](size_t) { return std::string(); }, &card);
  for (const std::string& process : extra.processes) {
    std::string name = programName(process);
    if (!name.empty() && (name == baseOf(facts) || name == toLower(facts.comm))) {
      card.add("policy-process", weight::kNearProof, "is " + name + ", a miner by the policy");
    }
  }
  if (facts.stratumLogin) {
    card.add("stratum-login", weight::kNearProof, "logged in to a mining pool");
  }
  judgeNames(facts, &card);
  judgeExecutable(facts, &card);
  judgeBehaviour(facts, &card);
  weighWallet(&card);
  return card.result();
}

}  // namespace firebreak::detect
