// The journal: before-images of what a step touches, sealed so that nobody who can write a
// Remediation can borrow the operator's rights, and the rewinding of live objects by them.
// A seal is an HMAC over (Remediation uid, episode, step, before-image); the key lives in a Secret of
// the operator's namespace, two keys are live so that one can be replaced. Pure.
#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "firebreak/plan.h"
#include "firebreak/remediation.h"

namespace firebreak::remediate {

struct JournalKey {
  std::string id;   // short, shown in the seal
  std::string key;  // at least 32 random bytes
};
using JournalKeys = std::vector<JournalKey>;  // the first one seals, all of them verify

// What was there before a step, enough to undo it without the planner.
struct BeforeImage {
  PatchType type = PatchType::kJsonPatch;
  ObjectRef object;
  std::vector<FieldEdit> edits;
  // Of kNodeOrder and kExternal steps; null for the others.
  Json manifest;
  // What the planner must know and a later look would no longer show (the pod's owner).
  Json context = Json::object();
};

std::string beforeText(const Step& step, const Json& context);
Result<BeforeImage> parseBefore(std::string_view text);

std::string seal(const JournalKeys& keys, const std::string& remediationUid, int64_t episode,
                 std::string_view step, std::string_view before);
bool sealHolds(const JournalKeys& keys, const Remediation& remediation, const StepRecord& record);

// The before-images of this remediation's started steps whose seal holds, in the order of the steps.
std::vector<BeforeImage> sealedImages(const JournalKeys& keys, const Remediation& remediation);
// The first non-empty context among them.
Json sealedContext(const JournalKeys& keys, const Remediation& remediation);

// The object as it was before our edits: each field that still holds what we wrote gets its old
// value back. Fields that somebody else changed since stay as they are.
Json rewind(Json object, const std::vector<BeforeImage>& images);

}  // namespace firebreak::remediate
