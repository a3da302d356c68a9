#include "firebreak/finding.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <set>

#include "base/digest.h"

namespace firebreak {
namespace {

constexpr std::array<std::string_view, 3> kFamilies = {"OpenDashboard", "ExposedSecret", "Miner"};
constexpr std::array<std::string_view, 4> kSeverities = {"Low", "Medium", "High", "Critical"};
constexpr std::array<std::string_view, 2> kTiers = {"Alert", "Remediate"};

bool equalIgnoringCase(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](unsigned char x, unsigned char y) {
    return std::tolower(x) == std::tolower(y);
  });
}

template <typename Enum, size_t N>
bool parseName(const std::array<std::string_view, N>& names, std::string_view text, Enum* out) {
  for (size_t i = 0; i < N; ++i) {
    if (equalIgnoringCase(names[i], text)) {
      *out = static_cast<Enum>(i);
      return true;
    }
  }
  return false;
}

}  // namespace

std::string_view toString(Family family) { return kFamilies.at(static_cast<size_t>(family)); }
std::string_view toString(Severity severity) {
  return kSeverities.at(static_cast<size_t>(severity));
}
std::string_view toString(Tier tier) { return kTiers.at(static_cast<size_t>(tier)); }

bool parseSeverity(std::string_view text, Severity* out) {
  return parseName(kSeverities, text, out);
}
bool parseFamily(std::string_view text, Family* out) { return parseName(kFamilies, text, out); }

std::string fingerprint(const std::vector<Finding>& findings) {
  std::set<std::string> lines;
  for (const Finding& finding : findings) {
    std::string line = std::string(toString(finding.family)) + '\n' + finding.rule + '\n' +
                       std::string(toString(finding.tier)) + '\n' + finding.fieldPath;
    std::set<std::string> signals;
    for (const Evidence& evidence : finding.evidence) signals.insert(evidence.signal);
    for (const std::string& signal : signals) line += '\n' + signal;
    lines.insert(line);
  }
  std::string text;
  for (const std::string& line : lines) text += line + '\0';
  return sha256Hex(text).substr(0, 32);
}

Tier highestTier(const std::vector<Finding>& findings) {
  bool remediate = std::any_of(findings.begin(), findings.end(),
                               [](const Finding& f) { return f.tier == Tier::kRemediate; });
  return remediate ? Tier::kRemediate : Tier::kAlert;
}

}  // namespace firebreak
