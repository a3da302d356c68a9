// Single fields of a JSON object by JSON pointer, where "absent" is a value of its own; and whether a
// step's effect is there. Pure, no exceptions.
#pragma once

#include <optional>
#include <string_view>

#include "base/json.h"
#include "firebreak/plan.h"

namespace firebreak::remediate {

std::optional<Json> fieldAt(const Json& object, std::string_view pointer);
// nullopt removes the field. Parents are made where they are absent.
void setField(Json& object, std::string_view pointer, const std::optional<Json>& value);

enum class Effect {
  kAbsent,   // everything is as it was before the step (or partly after it)
  kPresent,  // everything is as the step wants it
  kForeign,  // somebody else changed what the step touches
  kGone,     // the object, or the one with that uid, does not exist
};

// `live` is null where the object does not exist.
Effect observeStep(const Step& step, const Json& live);

// Whether a kCreate step's object carries our mark for this Remediation, whatever its spec says.
bool isOurs(const Step& step, const Json& live);

// Who last wrote any of these fields, from managedFields; "somebody" where they do not tell.
std::string lastWriter(const Json& live);

// Whether every field of `wanted` is in `live` with that value; arrays must be equal in length.
bool contains(const Json& live, const Json& wanted);

}  // namespace firebreak::remediate
