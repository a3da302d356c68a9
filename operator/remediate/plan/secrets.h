// The rotation of one exposed Secret as a plan: stage, make the new credential where it is checked,
// write (or have its source write), restart each consumer, revoke the old one there, give the previous
// value up. Where no rotator of the policy lists the Secret, or rotating it in place would do harm, the
// plan has no step and says exactly what a person has to do. Pure; never sees a value.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "firebreak/clock.h"
#include "firebreak/plan.h"
#include "firebreak/rotator.h"
#include "remediate/rotate/consumers.h"

namespace firebreak::remediate {

// The first entry that names this Secret.
std::optional<RotatorEntry> rotatorEntryFor(const Json& rotators, const std::string& ns,
                                            const std::string& secret);

struct RotationTarget {
  // The live Secret, stripped by withoutValues().
  Json secret;
  std::optional<RotatorEntry> rotator;
  std::string policy;             // name, for the text
  std::string operatorNamespace;  // where adminRef, caRef and hmacRef are
  std::vector<rotate::Consumer> consumers;
  std::string remediationName;
  std::string remediationUid;
  int64_t episode = 1;
  WallTime startedAt{};  // of the episode; any fixed time while it has not started
  int64_t keepPreviousSeconds = 3600;
  int64_t restartMaxConcurrent = 1;
  // The live object that the Secret comes from, for a rotator of type TLS or ExternalSecret; null where
  // it cannot be read.
  Json source;
};

// Metadata, type, immutable and `keys`: {name: length in bytes}. The only form of a Secret that a
// planner gets.
Json withoutValues(const Json& secret);

Plan planRotation(const RotationTarget& target);

inline constexpr const char* kRestartedAt = "firebreak.dev/restartedAt";

}  // namespace firebreak::remediate
