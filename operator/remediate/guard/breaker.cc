#include "remediate/guard/breaker.h"

#include <algorithm>
#include <set>

#include "base/time_format.h"

namespace firebreak::remediate {
namespace {

// Plays what happened from the beginning. `counts` says whether the failures in the window are enough.
template <typename Enough>
BreakerView play(std::vector<Attempt> attempts, const BreakerRules& rules, WallTime now,
                 Enough enough) {
  BreakerView view;
  if (rules.failures <= 0) return view;
  std::stable_sort(attempts.begin(), attempts.end(),
                   [](const Attempt& a, const Attempt& b) { return a.at < b.at; });
  std::vector<Attempt> window;
  for (const Attempt& attempt : attempts) {
    if (attempt.at > now) continue;
    bool afterCooldown = view.until && attempt.at >= *view.until;
    if (view.state != BreakerState::kClosed) {
      // What was under way when it opened says nothing new; the trial does.
      if (!afterCooldown) continue;
      view.state = attempt.failed ? BreakerState::kOpen : BreakerState::kClosed;
      if (attempt.failed) {
        view.openedAt = attempt.at;
        view.until = attempt.at + rules.cooldown;
      } else {
        view = {};
        window.clear();
      }
      continue;
    }
    if (!attempt.failed) continue;
    window.push_back(attempt);
    std::erase_if(window, [&](const Attempt& old) { return attempt.at - old.at > rules.window; });
    if (!enough(window)) continue;
    view.state = BreakerState::kOpen;
    view.openedAt = attempt.at;
    view.until = attempt.at + rules.cooldown;
    window.clear();
  }
  if (view.state == BreakerState::kOpen && now >= *view.until) view.state = BreakerState::kHalfOpen;
  return view;
}

std::string told(const BreakerView& view, const BreakerRules& rules, const std::string& where) {
  return "the breaker opened at " + formatTime(*view.openedAt) + " after failures " + where +
         " (breaker.failures is " + std::to_string(rules.failures) + "); tried again at " +
         formatTime(*view.until);
}

}  // namespace

BreakerView breakerOf(std::vector<Attempt> attempts, const BreakerRules& rules, WallTime now) {
  BreakerView view =
      play(std::move(attempts), rules, now, [&](const std::vector<Attempt>& window) {
        std::set<std::string> namespaces;
        for (const Attempt& attempt : window) namespaces.insert(attempt.ns);
        return static_cast<int64_t>(namespaces.size()) >= rules.failures;
      });
  if (view.openedAt) view.message = told(view, rules, "in several namespaces");
  return view;
}

BreakerView breakerWithin(const std::string& ns, std::vector<Attempt> attempts,
                          const BreakerRules& rules, WallTime now) {
  std::erase_if(attempts, [&](const Attempt& attempt) { return attempt.ns != ns; });
  BreakerView view =
      play(std::move(attempts), rules, now, [&](const std::vector<Attempt>& window) {
        return static_cast<int64_t>(window.size()) >= rules.failures;
      });
  if (view.openedAt) view.message = told(view, rules, "in namespace " + ns);
  return view;
}

}  // namespace firebreak::remediate
