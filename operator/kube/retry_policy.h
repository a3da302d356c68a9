// What may be sent again, and after how long. Pure.
#pragma once

#include <chrono>
#include <optional>

#include "kube/client.h"
#include "kube/transport.h"

namespace firebreak::kube {

struct FailedAttempt {
  int httpStatus = 0;        // 0 = no answer came
  Sent sent = Sent::kMaybe;  // only where no answer came
  std::chrono::milliseconds retryAfter{0};
  bool disruptionBudget = false;  // 429 by a PodDisruptionBudget: no throttling
};

enum class Repeat {
  kAlways,  // reads: any failure
  kSafe,    // writes that end in the same state when done twice
  kNever,   // only where the server surely did nothing
};

// `attempt` counts from 1. Nothing where the caller has to decide.
std::optional<std::chrono::milliseconds> retryDelay(const FailedAttempt& failed, Repeat repeat,
                                                    int attempt, const ClientOptions& options);

}  // namespace firebreak::kube
