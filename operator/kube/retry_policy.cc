#include "kube/retry_policy.h"

#include <algorithm>

namespace firebreak::kube {
namespace {

using std::chrono::milliseconds;

bool mayRepeat(const FailedAttempt& failed, Repeat repeat) {
  switch (failed.httpStatus) {
    case 0:
      return failed.sent == Sent::kNo || repeat != Repeat::kNever;
    case 429:
      return !failed.disruptionBudget;
    case 503:
      return failed.retryAfter.count() > 0 || repeat != Repeat::kNever;
    case 500:
      // An apply that names an unknown field is a 500 as well, and stays one.
      return repeat == Repeat::kAlways;
    case 502:
    case 504:
      return repeat != Repeat::kNever;
    default:
      return false;
  }
}

}  // namespace

std::optional<milliseconds> retryDelay(const FailedAttempt& failed, Repeat repeat, int attempt,
                                       const ClientOptions& options) {
  if (attempt >= options.attempts || !mayRepeat(failed, repeat)) return std::nullopt;
  if (failed.retryAfter > options.maxRetryDelay) return std::nullopt;
  const milliseconds backoff(100LL << std::min(attempt - 1, 5));
  return std::min(std::max(backoff, failed.retryAfter), options.maxRetryDelay);
}

}  // namespace firebreak::kube
