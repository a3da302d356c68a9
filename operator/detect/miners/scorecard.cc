#include "detect/miners/scorecard.h"

#include <algorithm>

namespace firebreak::detect {

void Scorecard::add(std::string_view signal, int points, std::string detail,
                    std::string fieldPath) {
  for (Entry& entry : entries_) {
    if (entry.evidence.signal != signal) continue;
    if (points > entry.evidence.weight) {
      entry = {{std::string(signal), points, std::move(detail)}, std::move(fieldPath)};
    }
    return;
  }
  entries_.push_back({{std::string(signal), points, std::move(detail)}, std::move(fieldPath)});
}

void Scorecard::merge(const Scorecard& other) {
  for (const Entry& entry : other.entries_) {
    add(entry.evidence.signal, entry.evidence.weight, entry.evidence.detail, entry.fieldPath);
  }
}

bool Scorecard::has(std::string_view signal) const {
  return std::any_of(entries_.begin(), entries_.end(),
                     [&](const Entry& entry) { return entry.evidence.signal == signal; });
}

void Scorecard::reweigh(std::string_view signal, int points, std::string_view prefix) {
  for (Entry& entry : entries_) {
    if (entry.evidence.signal != signal) continue;
    entry.evidence.weight = points;
    entry.evidence.detail.insert(0, prefix);
  }
}

int Scorecard::score() const {
  int sum = 0;
  for (const Entry& entry : entries_) sum += entry.evidence.weight;
  return std::min(sum, 100);
}

ScoreResult Scorecard::result() const {
  ScoreResult result;
  result.score = score();
  for (const Entry& entry : entries_) result.evidence.push_back(entry.evidence);
  std::stable_sort(result.evidence.begin(), result.evidence.end(),
                   [](const Evidence& a, const Evidence& b) { return a.weight > b.weight; });
  return result;
}

const Scorecard::Entry* Scorecard::strongest() const {
  auto best = std::max_element(
      entries_.begin(), entries_.end(),
      [](const Entry& a, const Entry& b) { return a.evidence.weight < b.evidence.weight; });
  return best == entries_.end() ? nullptr : &*best;
}

std::string Scorecard::strongestSignal() const {
  const Entry* entry = strongest();
  return entry == nullptr ? std::string() : entry->evidence.signal;
}

std::string Scorecard::strongestPath() const {
  const Entry* entry = strongest();
  return entry == nullptr ? std::string() : entry->fieldPath;
}

}  // namespace firebreak::detect
