#include "sensor/sighting_book.h"

#include <algorithm>

#include "sensor/scrub.h"

namespace firebreak::sensor {
namespace {

constexpr size_t kCommandLineBytes = 1024;
constexpr size_t kPathBytes = 512;
constexpr size_t kDetailBytes = 512;
constexpr size_t kMostSignals = 16;
// A flood of suspicious processes (a fork bomb) must not cost memory without bound.
constexpr size_t kMostEntries = 1024;

ProcessRef describeProcess(const ProcessObservation& process) {
  const std::string argv0 = process.arguments.empty() ? "" : process.arguments.front();
  return {process.pid,
          static_cast<int64_t>(process.startTime),
          printable(process.comm, 64),
          scrubText(argv0, 256),
          scrubCommandLine(process.arguments, kCommandLineBytes),
          printable(process.executable, kPathBytes),
          process.executableDeleted};
}

}  // namespace

void SightingBook::record(const ProcessObservation& process, const Verdict& verdict, WallTime now) {
  if (verdict.score < kWorthTelling) return;
  const ProcessKey key{process.pid, process.startTime};
  auto found = entries_.find(key);
  if (found == entries_.end()) {
    if (entries_.size() >= kMostEntries) return;
    found = entries_.emplace(key, Entry{}).first;
    found->second.sighting.firstSeen = now;
  }
  Sighting& sighting = found->second.sighting;
  sighting.lastSeen = now;
  if (verdict.score <= sighting.score) return;
  sighting.podUid = process.place.podUid;
  sighting.containerId = process.place.containerId;
  sighting.process = describeProcess(process);
  sighting.score = std::min(verdict.score, 100);
  sighting.signals.clear();
  for (const Evidence& signal : verdict.signals) {
    if (sighting.signals.size() == kMostSignals) break;
    sighting.signals.push_back({signal.signal, signal.weight, scrubText(signal.detail, kDetailBytes)});
  }
  ++version_;
}

void SightingBook::seen(const ProcessKey& key, WallTime now) {
  const auto found = entries_.find(key);
  if (found != entries_.end()) found->second.sighting.lastSeen = now;
}

void SightingBook::ended(const ProcessKey& key) {
  const auto found = entries_.find(key);
  if (found != entries_.end()) found->second.alive = false;
}

void SightingBook::forgetOld(WallTime now) {
  const size_t erased = std::erase_if(entries_, [now](const auto& entry) {
    return !entry.second.alive && now - entry.second.sighting.lastSeen > kKeepEnded;
  });
  if (erased != 0) ++version_;
}

PublishedSightings SightingBook::published(const std::set<std::string>& held) const {
  // A pod's own first: what still runs before what ended, then by score; the map's order makes it
  // the same every time.
  std::map<std::string, std::vector<const Entry*>> ofPod;
  for (const auto& [key, entry] : entries_) ofPod[entry.sighting.podUid].push_back(&entry);
  const auto before = [](const Entry* a, const Entry* b) {
    return std::pair(a->alive, a->sighting.score) > std::pair(b->alive, b->sighting.score);
  };
  struct Ranked {
    bool isHeld;
    size_t place;  // in its pod
    const Entry* entry;
  };
  PublishedSightings out;
  std::vector<Ranked> ranked;
  for (auto& [pod, entries] : ofPod) {
    std::stable_sort(entries.begin(), entries.end(), before);
    const size_t told = std::min(entries.size(), kMostPerPod);
    out.truncated += static_cast<int>(entries.size() - told);
    for (size_t i = 0; i < told; ++i) ranked.push_back({held.contains(pod), i, entries[i]});
  }
  std::stable_sort(ranked.begin(), ranked.end(), [&](const Ranked& a, const Ranked& b) {
    if (a.isHeld != b.isHeld) return b.isHeld;
    if (a.place != b.place) return a.place < b.place;
    return before(a.entry, b.entry);
  });
  const size_t told = std::min(ranked.size(), kMost);
  out.truncated += static_cast<int>(ranked.size() - told);
  for (size_t i = 0; i < told; ++i) out.sightings.push_back(ranked[i].entry->sighting);
  return out;
}

}  // namespace firebreak::sensor
