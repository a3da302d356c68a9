// Finding: what a detector says it saw, with the evidence that lets a person say "yes, that".
// Detectors are pure: observed objects in, findings out; no I/O, no clock, no logging.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "firebreak/object_ref.h"

namespace firebreak {

enum class Family { kOpenDashboard, kExposedSecret, kMiner };
enum class Severity { kLow, kMedium, kHigh, kCritical };
// Remediate: certain enough to be acted on without a person, where a policy has an action for it.
enum class Tier { kAlert, kRemediate };

struct Evidence {
  std::string signal;  // kebab-case name of the signal, e.g. "stratum-url"
  int weight = 0;      // points it adds to the score, 0-100
  std::string detail;  // one sentence; never a secret value
};

struct Finding {
  Family family = Family::kMiner;
  std::string rule;  // kebab-case, stable: "miner-command-line"
  Severity severity = Severity::kHigh;
  int confidence = 0;  // 0-100
  Tier tier = Tier::kAlert;
  // The workload that runs the miner or the console; for secrets the object that holds the value.
  ObjectRef resource;
  std::string container;  // container name, where one is meant
  std::string fieldPath;  // "spec.template.spec.containers[0].args[3]"
  std::string message;    // one sentence, useful alone, no secret value
  std::vector<Evidence> evidence;
  // `firebreak scan` only.
  std::string file;
  int line = 0;  // 1-based line of the document's start or, better, of the field; 0 = unknown
};

std::string_view toString(Family family);      // "OpenDashboard"
std::string_view toString(Severity severity);  // "Critical"
std::string_view toString(Tier tier);          // "Remediate"
// Any case. False leaves *out alone.
bool parseSeverity(std::string_view text, Severity* out);
bool parseFamily(std::string_view text, Family* out);

// The same for the same judgement on the same target: a hash over rules, tiers, field paths and
// signals, in any order. What a person rejected stays rejected until this changes.
std::string fingerprint(const std::vector<Finding>& findings);
// Remediate where one of them is.
Tier highestTier(const std::vector<Finding>& findings);

}  // namespace firebreak
