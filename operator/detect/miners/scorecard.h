// Scorecard: the evidence for one container or process, each signal once at its highest weight.
// Not thread-safe; one per judgement.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "firebreak/finding.h"

namespace firebreak::detect {

// The weights, 0-100. Near-proof passes the default threshold of 80 alone; strong needs a second
// strong or medium one; medium alone is at most an Alert; weak only adds.
namespace weight {
inline constexpr int kProof = 90;
inline constexpr int kNearProof = 85;
inline constexpr int kStrong = 45;
inline constexpr int kMedium = 40;
inline constexpr int kSupport = 35;  // medium that is silent alone
inline constexpr int kAdds = 20;
inline constexpr int kWeak = 10;
}  // namespace weight

// Below this there is no finding at all: ordinary manifests carry a weak signal now and then.
inline constexpr int kAlertScore = 40;
inline constexpr int kDefaultThreshold = 80;

struct ScoreResult {
  int score = 0;                   // 0-100
  std::vector<Evidence> evidence;  // strongest first
};

class Scorecard {
 public:
  // `fieldPath` is where the signal was read, empty for processes.
  void add(std::string_view signal, int points, std::string detail, std::string fieldPath = "");
  // All of the other's evidence.
  void merge(const Scorecard& other);
  bool has(std::string_view signal) const;
  // Gives a signal its weight and sentence once all evidence is in; `prefix` goes before its
  // detail.
  void reweigh(std::string_view signal, int points, std::string_view prefix);
  int score() const;
  ScoreResult result() const;
  // Signal and field path of the heaviest evidence; of equals the first that was added.
  std::string strongestSignal() const;
  std::string strongestPath() const;

 private:
  struct Entry {
    Evidence evidence;
    std::string fieldPath;
  };
  const Entry* strongest() const;
  std::vector<Entry> entries_;
};

}  // namespace firebreak::detect
