#include "api/enums.h"

#include <array>

namespace firebreak {
namespace {

constexpr std::array<std::string_view, 4> kModes = {"Disabled", "Audit", "Approve", "Enforce"};
constexpr std::array<std::string_view, 11> kPhases = {
    "",          "Audited",   "AwaitingApproval", "Blocked",  "Applying", "Verifying",
    "Contained", "Reverting", "Reverted",         "Rejected", "Failed"};
constexpr std::array<std::string_view, 6> kOutcomes = {
    "", "WouldRemediate", "Remediated", "NeedsExternalAction", "Ineffective", "NoLongerPresent"};
constexpr std::array<std::string_view, 7> kStepStates = {
    "Pending", "Intended", "Applied", "Verified", "Skipped", "Failed", "Reverted"};
constexpr std::array<std::string_view, 5> kPatchTypes = {"JSONPatch", "Create", "Delete",
                                                         "NodeOrder", "External"};
constexpr std::array<std::string_view, 3> kReversals = {"Reversible", "UntilRevoked",
                                                        "Irreversible"};

template <typename Enum, size_t N>
bool lookUp(const std::array<std::string_view, N>& names, std::string_view text, Enum* out) {
  for (size_t i = 0; i < N; ++i) {
    if (names[i] == text) {
      *out = static_cast<Enum>(i);
      return true;
    }
  }
  return false;
}

}  // namespace

std::string_view toString(Mode mode) { return kModes.at(static_cast<size_t>(mode)); }
std::string_view toString(Phase phase) { return kPhases.at(static_cast<size_t>(phase)); }
std::string_view toString(Outcome outcome) { return kOutcomes.at(static_cast<size_t>(outcome)); }
std::string_view toString(StepState state) { return kStepStates.at(static_cast<size_t>(state)); }
std::string_view toString(PatchType type) { return kPatchTypes.at(static_cast<size_t>(type)); }
std::string_view toString(Reversal reversal) {
  return kReversals.at(static_cast<size_t>(reversal));
}

bool parse(std::string_view text, Mode* out) { return lookUp(kModes, text, out); }
bool parse(std::string_view text, Phase* out) { return lookUp(kPhases, text, out); }
bool parse(std::string_view text, Outcome* out) { return lookUp(kOutcomes, text, out); }
bool parse(std::string_view text, StepState* out) { return lookUp(kStepStates, text, out); }

}  // namespace firebreak
