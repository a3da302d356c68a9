#include "remediate/guard/guard.h"

#include <algorithm>

#include "remediate/guard/rows.h"

namespace firebreak::remediate {
namespace {

struct Guard {
  const char* name;
  GuardResult (*judge)(const GuardInput&);
  bool needsPolicy;
};

// The order is part of the contract: the first refusal is what people see.
constexpr Guard kGuards[] = {
    {"Fresh", guard::fresh, false},
    {"Protected", guard::protectedTarget, false},
    {"Excluded", guard::excluded, true},
    {"Superseded", guard::superseded, true},
    {"Paused", guard::paused, true},
    {"Mode", guard::mode, true},
    {"Duplicate", guard::duplicate, false},
    {"Cooldown", guard::cooldown, true},
    {"Rate", guard::rate, true},
    {"BlastRadius", guard::blastRadius, true},
    {"Breaker", guard::breaker, true},
    {"Ineffective", guard::ineffective, false},
};

}  // namespace

std::vector<GuardResult> judgeGuards(const GuardInput& input) {
  std::vector<GuardResult> trail;
  for (const Guard& guard : kGuards) {
    GuardResult result = guard.needsPolicy && input.covering.empty()
                             ? guard::refuse("NoPolicy", "no valid SecurityPolicy covers namespace " +
                                                             input.target.ns)
                             : guard.judge(input);
    result.guard = guard.name;
    trail.push_back(std::move(result));
  }
  return trail;
}

const GuardResult* firstRefusal(const std::vector<GuardResult>& trail) {
  auto found =
      std::find_if(trail.begin(), trail.end(), [](const GuardResult& r) { return !r.passed; });
  return found == trail.end() ? nullptr : &*found;
}

const GuardResult* resultOf(const std::vector<GuardResult>& trail, std::string_view guard) {
  auto found = std::find_if(trail.begin(), trail.end(),
                            [&](const GuardResult& r) { return r.guard == guard; });
  return found == trail.end() ? nullptr : &*found;
}

int64_t shareOf(int64_t budget) { return budget - budget / 5; }

}  // namespace firebreak::remediate
