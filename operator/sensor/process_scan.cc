#include "sensor/process_scan.h"

#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>
#include <set>
#include <string_view>
#include <utility>

#include "base/log.h"
#include "detect/miners/process.h"

namespace firebreak::sensor {
namespace {

// A process as young as this is read in every round: runc's first process joins the pod's cgroup and
// then becomes the program, both under the same pid.
constexpr uint64_t kYoungSeconds = 10;
// Rounds between two looks at a process that is no news, spread over the pids.
constexpr uint64_t kPodRounds = 5;
constexpr uint64_t kOtherRounds = 15;
// One that has used no processor time for so many rounds is looked at less often.
constexpr uint64_t kQuietAfterRounds = 60;
constexpr uint64_t kQuietRounds = 10;
// One read of a container's group is worth it from so many processes on. A process can have left its group, with
// privileges, so that it is read in the end all the same.
constexpr long kSharedBy = 4;
constexpr uint64_t kUnseenRounds = 30;
// Cores from which on a process is worth a close look, and for how long.
constexpr double kBusyCores = 0.1;
constexpr double kBusySeconds = 8;
// A throttled one is worth it from here on, where it holds as much memory as RandomX needs.
constexpr double kThrottledCores = 0.04;
constexpr uint64_t kDatasetBytes = uint64_t{detect::kRandomXDatasetMiB} << 20;
constexpr std::chrono::seconds kBetweenCloseLooks{10};
// One of that size that gets hardly anything may be starved by its neighbours; many runtimes reserve as much
// and idle, so that it is looked at seldom, until its memory is seen to be RandomX's.
constexpr double kAliveCores = 0.002;
constexpr std::chrono::seconds kBetweenStarvedLooks{60};
constexpr size_t kMostThreads = 256;
// At most so long a round, also in a flood of new processes; what is left comes in the next one.
constexpr std::chrono::milliseconds kRoundBudget{400};
constexpr size_t kArgumentBytes = 65536;
constexpr size_t kMapsBytes = 1 << 20;
constexpr size_t kTcpBytes = 1 << 20;
constexpr size_t kMostFlows = 64;

bool isLoopback(const std::string& address) {
  return address.starts_with("127.") || address == "::1" || address == "0.0.0.0" || address == "::";
}

bool reservesDataset(const ProcStat& stat) { return stat.virtualBytes >= kDatasetBytes && stat.threads > 1; }

// Received and sent bytes of net/dev, without lo: "  eth0: bytes packets (6 more) bytes ...".
uint64_t networkBytes(std::string_view text) {
  uint64_t sum = 0;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    const size_t colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    const size_t start = std::min(line.find_first_not_of(' '), colon);
    if (line.substr(start, colon - start) == "lo") continue;
    std::string counters(line.substr(colon + 1));
    char* next = counters.data();
    for (int column = 0; column < 9; ++column) {
      const uint64_t value = std::strtoull(next, &next, 10);
      if (column == 0 || column == 8) sum += value;
    }
  }
  return sum;
}

}  // namespace

ProcessScan::ProcessScan(const ProcFs& proc, const CgroupTree& cgroups, Judge judge,
                         SightingBook& book, ScanOptions options)
    : proc_(proc),
      cgroups_(cgroups),
      list_(proc),
      containers_(cgroups),
      judge_(std::move(judge)),
      book_(book),
      options_(std::move(options)) {}

bool ProcessScan::young(const Known& known) const {
  return known.stat.startTime + kYoungSeconds * static_cast<uint64_t>(options_.ticksPerSecond) >=
         uptimeTicks_;
}

void ProcessScan::round(MonoTime now, WallTime wall) {
  ++round_;
  if (const auto uptime = proc_.readTop("uptime", 64)) {
    uptimeTicks_ = static_cast<uint64_t>(std::strtod(uptime->c_str(), nullptr) *
                                         static_cast<double>(options_.ticksPerSecond));
  }
  const auto listed = list_.refresh();
  if (!listed) {
    log::error("the process list cannot be read", {{"cause", listed.error().message}});
    return;
  }
  // From another place in every round, so that nobody is always behind a flood of processes.
  const std::vector<pid_t>& pids = list_.pids();
  const size_t start = pids.empty() ? 0 : static_cast<size_t>(round_ * 7919) % pids.size();
  const auto deadline = std::chrono::steady_clock::now() + kRoundBudget;
  std::vector<pid_t> ended;
  for (size_t i = 0; i < pids.size(); ++i) {
    const pid_t pid = pids[(start + i) % pids.size()];
    const auto found = known_.find(pid);
    if (found == known_.end()) {
      if (std::chrono::steady_clock::now() < deadline) meet(pid, now, wall);
      continue;
    }
    Known& known = found->second;
    known.round = round_;
    const bool turn = (round_ + static_cast<uint64_t>(pid)) % roundsBetweenLooks(known) == 0;
    if (!turn || std::chrono::steady_clock::now() >= deadline) continue;
    if (!mayHaveRun(known)) {
      known.cpu.add(now, known.stat.ticks(), options_.ticksPerSecond);
      book_.seen({pid, known.stat.startTime}, wall);
    } else if (!revisit(pid, known, now, wall)) {
      book_.ended({pid, known.stat.startTime});
      known_.erase(found);
      ended.push_back(pid);
    }
  }
  list_.drop(ended);
  if (*listed) forgetEnded(wall);
}

void ProcessScan::forgetEnded(WallTime wall) {
  std::erase_if(known_, [this](const auto& entry) {
    if (entry.second.round == round_) return false;
    book_.ended({entry.first, entry.second.stat.startTime});
    return true;
  });
  containers_.forgetUnheld();
  book_.forgetOld(wall);
}

uint64_t ProcessScan::roundsBetweenLooks(const Known& known) const {
  if (young(known)) return 1;
  if (!known.container) return kOtherRounds;
  return round_ - known.ran > kQuietAfterRounds && !suspicious(known) ? kQuietRounds : kPodRounds;
}

bool ProcessScan::mayHaveRun(Known& known) const {
  if (!known.container || known.container.use_count() < kSharedBy || young(known) || suspicious(known)) return true;
  if (round_ - known.visited >= kUnseenRounds) return true;
  return containers_.mayHaveRun(*known.container, known.visited, round_);
}

// Worth a close look now and then, however little it runs: its neighbours may starve it.
bool ProcessScan::suspicious(const Known& known) const {
  return known.score >= SightingBook::kWorthTelling || known.holdsDataset || reservesDataset(known.stat);
}

void ProcessScan::meet(pid_t pid, MonoTime now, WallTime wall) {
  const auto text = proc_.read(pid, "stat", 4096);
  if (!text) return;  // gone already
  auto stat = parseStat(*text);
  if (!stat) return;
  Known& known = known_[pid];
  known.stat = std::move(*stat);
  known.stat.pid = pid;
  known.round = known.visited = known.ran = round_;
  known.cpu.add(now, known.stat.ticks(), options_.ticksPerSecond);
  look(known, now, wall);
}

bool ProcessScan::revisit(pid_t pid, Known& known, MonoTime now, WallTime wall) {
  const auto text = proc_.read(pid, "stat", 4096);
  if (!text) return text.error().code != ErrorCode::kNotFound;
  auto stat = parseStat(*text);
  if (!stat) return true;
  stat->pid = pid;
  if (stat->startTime != known.stat.startTime) {  // the pid was given to somebody else
    book_.ended({pid, known.stat.startTime});
    known = Known{};
    known.round = round_;
  }
  known.visited = round_;
  if (known.ran == 0 || known.stat.ticks() != stat->ticks()) known.ran = round_;
  const bool renamed = known.stat.comm != stat->comm;
  known.stat = std::move(*stat);
  known.cpu.add(now, known.stat.ticks(), options_.ticksPerSecond);
  book_.seen({pid, known.stat.startTime}, wall);
  if (renamed || young(known)) {
    look(known, now, wall);
  } else if (known.container && wantsCloseLook(known, now)) {
    lookClosely(known, now, wall);
  }
  return true;
}

bool ProcessScan::wantsCloseLook(const Known& known, MonoTime now) const {
  const auto since = now - known.closeLook;
  if (since < kBetweenCloseLooks) return false;
  if (known.score >= SightingBook::kWorthTelling || known.holdsDataset) return true;
  if (known.cpu.seconds() < kBusySeconds) return false;
  const bool large = reservesDataset(known.stat);
  const double cores = known.cpu.cores();
  if (cores >= (large ? kThrottledCores : kBusyCores)) return true;
  return large && cores >= kAliveCores && since >= kBetweenStarvedLooks;
}

bool ProcessScan::findPlace(Known& known) {
  if (known.container) return true;
  const auto cgroup = proc_.read(known.stat.pid, "cgroup", 16384);
  if (!cgroup) return false;
  const auto place = podOfProcess(*cgroup, options_.root);
  if (!place || place->podUid == options_.ownPodUid) return false;
  known.container = containers_.at(*place);
  return true;
}

ProcessObservation ProcessScan::observe(Known& known, size_t* looks) {
  const pid_t pid = known.stat.pid;
  ProcessObservation seen;
  seen.place = known.container->place;
  seen.pid = pid;
  seen.parent = known.stat.parent;
  seen.startTime = known.stat.startTime;
  seen.comm = known.stat.comm;
  seen.threads = known.stat.threads;
  seen.nice = known.stat.nice;
  seen.virtualBytes = known.stat.virtualBytes;
  const std::string commandLine = proc_.read(pid, "cmdline", kArgumentBytes).value_or("");
  seen.arguments = parseCommandLine(commandLine);
  const std::string link = proc_.link(pid, "exe").value_or("");
  constexpr std::string_view kDeleted = " (deleted)";
  seen.executableDeleted = link.ends_with(kDeleted);
  seen.executable = seen.executableDeleted ? link.substr(0, link.size() - kDeleted.size()) : link;
  // What is mounted where changes seldom enough to look once for each program.
  if (known.executable != link) {
    const auto mounts = proc_.read(pid, "mountinfo");
    known.executableInMemory = mounts && liesInMemory(*mounts, seen.executable);
    known.executable = link;
  }
  seen.executableInMemory = known.executableInMemory;
  *looks = std::hash<std::string>{}(seen.comm + '\0' + link + '\0' + commandLine);
  return seen;
}

void ProcessScan::look(Known& known, MonoTime now, WallTime wall) {
  if (!findPlace(known)) return;
  size_t looks = 0;
  const ProcessObservation seen = observe(known, &looks);
  if (looks == std::exchange(known.looks, looks)) return;
  judgeAndRecord(known, seen, wall);
  // What is suspicious is looked at closely soon, with some CPU time to judge by.
  if (known.score >= SightingBook::kWorthTelling) known.closeLook = now - kBetweenCloseLooks / 2;
}

void ProcessScan::judgeAndRecord(Known& known, const ProcessObservation& seen, WallTime wall) {
  Verdict verdict = judge_(seen);
  known.score = std::max(known.score, verdict.score);
  if (verdict.score >= SightingBook::kWorthTelling && cameWithImage(seen, wall)) {
    verdict.signals.push_back({"image-executable", 0, "its executable came with the container's image"});
  }
  book_.record(seen, verdict, wall);
}

// The file lies on the container's own root and was not touched since the container began: nobody in the
// container can set a file's ctime back. A container is as old as its oldest process.
bool ProcessScan::cameWithImage(const ProcessObservation& seen, WallTime wall) const {
  if (seen.executable.empty() || seen.executableDeleted || seen.executableInMemory) return false;
  const auto mounts = proc_.read(seen.pid, "mountinfo");
  if (!mounts || mountOf(*mounts, seen.executable) != "/") return false;
  struct stat file = {};
  if (stat(proc_.path(seen.pid, "exe").c_str(), &file) != 0 || !S_ISREG(file.st_mode)) return false;
  uint64_t oldest = seen.startTime;
  for (const auto& [pid, known] : known_) {
    const bool same = known.container && known.container->place == seen.place;
    if (same) oldest = std::min(oldest, known.stat.startTime);
  }
  const auto age = std::chrono::duration<double>(
      static_cast<double>(uptimeTicks_ - std::min(uptimeTicks_, oldest)) /
      static_cast<double>(options_.ticksPerSecond));
  // A second for what the clocks round off.
  const WallTime began = wall - std::chrono::duration_cast<WallTime::duration>(age) - std::chrono::seconds(1);
  return std::chrono::system_clock::from_time_t(file.st_ctime) < began;
}

void ProcessScan::lookClosely(Known& known, MonoTime now, WallTime wall) {
  known.closeLook = now;
  ProcessObservation seen = observe(known, &known.looks);
  seen.closely = true;
  seen.cores = known.cpu.cores();
  seen.cpuVariation = known.cpu.variation();
  seen.observedSeconds = known.cpu.seconds();
  if (const auto maps = proc_.read(seen.pid, "maps", kMapsBytes)) seen.memory = parseMaps(*maps);
  const int64_t largest = seen.memory.largestAnonymousMiB;
  known.holdsDataset = largest >= detect::kRandomXDatasetMiB && largest <= detect::kRandomXLargestMiB;
  if (known.holdsDataset) {
    std::map<pid_t, uint64_t> threads;
    for (const pid_t thread : proc_.threads(seen.pid, kMostThreads)) {
      const auto text = proc_.read(seen.pid, "task/" + std::to_string(thread) + "/schedstat", 128);
      const auto runnable = text ? parseRunnable(*text) : std::nullopt;
      if (runnable) threads[thread] = *runnable;
    }
    known.demand.add(now, std::move(threads));
    seen.wantedCores = known.demand.cores();
  }
  if (const auto stat = cgroups_.cpuStat(seen.place)) {
    const uint64_t periods = stat->periods - std::min(stat->periods, known.group.periods);
    const uint64_t throttled = stat->throttled - std::min(stat->throttled, known.group.throttled);
    if (periods > 0) {
      seen.throttledShare = static_cast<double>(throttled) / static_cast<double>(periods);
    }
    known.group = *stat;
  }
  seen.flows = outgoingFlows(known, now);
  judgeAndRecord(known, seen, wall);
}

std::vector<ObservedFlow> ProcessScan::outgoingFlows(Known& known, MonoTime now) {
  std::vector<SocketRow> rows;
  for (const char* table : {"net/tcp", "net/tcp6"}) {
    if (const auto text = proc_.read(known.stat.pid, table, kTcpBytes)) {
      for (SocketRow& row : parseTcp(*text)) rows.push_back(std::move(row));
    }
  }
  std::set<int> listening;
  for (const SocketRow& row : rows) {
    if (row.listening) listening.insert(row.localPort);
  }
  const int64_t rate = bytesPerMinute(known, now);
  std::vector<ObservedFlow> flows;
  std::map<std::string, MonoTime> since;
  for (const SocketRow& row : rows) {
    const bool outgoing = row.established && !listening.contains(row.localPort);
    if (!outgoing || isLoopback(row.remoteAddress) || flows.size() >= kMostFlows) continue;
    const std::string key = std::to_string(row.localPort) + ">" + row.remoteAddress + ":" +
                            std::to_string(row.remotePort);
    const auto before = known.flows.find(key);
    const MonoTime first = before == known.flows.end() ? now : before->second;
    since[key] = first;
    const auto age = std::chrono::duration_cast<std::chrono::seconds>(now - first);
    flows.push_back({row.remoteAddress, row.remotePort, age.count(), rate});
  }
  known.flows = std::move(since);
  return flows;
}

// What the pod's whole network moves, which no flow of it exceeds: told without entering that network.
// -1 on the first look.
int64_t ProcessScan::bytesPerMinute(Known& known, MonoTime now) {
  const auto text = proc_.read(known.stat.pid, "net/dev", 16384);
  if (!text) return -1;
  const uint64_t bytes = networkBytes(*text);
  const uint64_t before = std::exchange(known.networkBytes, bytes);
  const MonoTime since = std::exchange(known.networkRead, now);
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(now - since).count();
  if (since == MonoTime{} || seconds <= 0 || bytes < before) return -1;
  return static_cast<int64_t>((bytes - before) * 60 / static_cast<uint64_t>(seconds));
}

size_t ProcessScan::podProcesses() const {
  size_t count = 0;
  for (const auto& [pid, known] : known_) count += known.container ? 1U : 0U;
  return count;
}

}  // namespace firebreak::sensor
