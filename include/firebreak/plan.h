// Plan: a list of reversible steps. A planner is a pure function from findings and live objects to a
// plan; the executor in operator/control/ applies, verifies and reverts any plan and knows nothing
// about dashboards or miners. A new action is a new function that returns steps.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "firebreak/object_ref.h"

namespace firebreak {

enum class PatchType {
  kJsonPatch,  // `edits` on an existing object
  kCreate,     // `manifest` becomes a new object with a fixed name
  kDelete,     // the object is deleted, uid precondition
  kNodeOrder,  // `manifest` is one entry of NodeGuard.spec.isolations on node `object.name`
  kExternal,   // carried out by a rotator (operator/remediate/rotate/)
};

enum class Reversal { kReversible, kUntilRevoked, kIrreversible };

// How it is proven that the step did what it is for, beyond "the fields hold".
enum class Proof {
  kFieldsHold,        // the edited fields hold, the created object exists
  kRolledOut,         // every replica of the workload runs the new template and is Ready
  kConsoleShut,       // the console's published path no longer answers, a control request does
  kPodUnreachable,    // the sensor's connect from inside the pod's network failed
  kRotator,           // the rotator's own check
};

// One field of an object: what it was when the plan was made and what it shall be.
struct FieldEdit {
  std::string pointer;  // JSON pointer (RFC 6901): "/metadata/labels/app"
  std::optional<nlohmann::json> before;  // absent = the field did not exist
  std::optional<nlohmann::json> after;   // absent = the field goes away

  bool operator==(const FieldEdit&) const = default;
};

struct Step {
  std::string name;    // unique within the plan, kebab-case: "deny-traffic"
  std::string action;  // the policy's action that asks for it: "Isolate"
  ObjectRef object;    // with uid, except for what is to be created
  PatchType type = PatchType::kJsonPatch;
  std::vector<FieldEdit> edits;   // kJsonPatch
  nlohmann::json manifest;        // kCreate, kNodeOrder; parameters (never a value) for kExternal
  Reversal reversal = Reversal::kReversible;
  Proof proof = Proof::kFieldsHold;
  // The next step waits until this one is Verified; else it only waits until it is Applied.
  bool verifyFirst = false;
  // Waits this long after the step before it was Verified (a previous credential's grace period).
  int64_t delaySeconds = 0;
  // Runs only where the plan's proof was not reached without it (ScaleToZero, Terminate, StopOwner).
  bool lastResort = false;
};

struct Plan {
  std::vector<Step> steps;
  // What a person has to do by hand where there is no step (NeedsExternalAction); empty = nothing.
  std::string externalAction;
  // What the plan does not cover or will cost, said before it is carried out.
  std::vector<std::string> caveats;
  // Steps' names, objects, patches: another hash asks for approval again.
  std::string hash() const;
};

// The step as the API shows it: JSON patch with `test` of uid and before values, or the manifest.
std::string patchText(const Step& step);
// The inverse, as JSON text; empty where there is none.
std::string undoText(const Step& step);

std::string_view toString(PatchType type);      // "JSONPatch"
std::string_view toString(Reversal reversal);   // "Reversible"

}  // namespace firebreak
