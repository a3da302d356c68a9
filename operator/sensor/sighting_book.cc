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
  std::vector<const Entry*> ranked;
  ranked.reserve(entries_.size());
  for (const auto& [key, entry] : entries_) ranked.push_back(&entry);
  // What still runs first, then by score; the map's order makes it the same every time.
  std::stable_sort(ranked.begin(), ranked.end(), [](const Entry* a, const Entry* b) {
    return std::pair(a->alive, a->sighting.score) > std::pair(b->alive, b->sighting.score);
  });
  // A pod with many decoys does not keep the others out: everybody's best comes before anybody's second.
  std::map<std::string, size_t> ofPod;
  std::vector<std::pair<size_t, const Entry*>> turns;
  turns.reserve(ranked.size());
  for (const Entry* entry : ranked) {
    const std::string& pod = entry->sighting.podUid;
    turns.emplace_back(ofPod[pod]++ + (held.contains(pod) ? kMostPerPod : 0), entry);
  }
  std::stable_sort(turns.begin(), turns.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  PublishedSightings out;
  std::map<std::string, size_t> told;
  for (const auto& [turn, entry] : turns) {
    if (out.sightings.size() >= kMost || told[entry->sighting.podUid] >= kMostPerPod) {
      ++out.truncated;
      continue;
    }
    ++told[entry->sighting.podUid];
    out.sightings.push_back(entry->sighting);
  }
  return out;
}

}  // namespace firebreak::sensor
