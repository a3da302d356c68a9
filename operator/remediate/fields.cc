#include "remediate/fields.h"

#include <algorithm>

namespace firebreak::remediate {
namespace {

std::optional<Json::json_pointer> parsePointer(std::string_view text) {
  if (text.empty() || text.front() != '/') return std::nullopt;
  try {
    return Json::json_pointer(std::string(text));
  } catch (const Json::exception&) {
    return std::nullopt;  // a bad escape; nothing is there
  }
}

Effect observeEdits(const Step& step, const Json& live) {
  bool allAfter = true;
  for (const FieldEdit& edit : step.edits) {
    std::optional<Json> now = fieldAt(live, edit.pointer);
    if (now == edit.after) continue;
    allAfter = false;
    if (now != edit.before) return Effect::kForeign;
  }
  return allAfter ? Effect::kPresent : Effect::kAbsent;
}

Effect observeCreated(const Step& step, const Json& live) {
  if (live.is_null()) return Effect::kAbsent;
  if (!isOurs(step, live)) return Effect::kForeign;
  const Json& wanted = member(step.manifest, "spec");
  bool same = wanted.is_null() || contains(member(live, "spec"), wanted);
  return same ? Effect::kPresent : Effect::kForeign;
}

}  // namespace

std::optional<Json> fieldAt(const Json& object, std::string_view pointer) {
  auto parsed = parsePointer(pointer);
  if (!parsed || !object.contains(*parsed)) return std::nullopt;
  return object.at(*parsed);
}

void setField(Json& object, std::string_view pointer, const std::optional<Json>& value) {
  auto parsed = parsePointer(pointer);
  if (!parsed) return;
  try {
    if (value) {
      object[*parsed] = *value;
    } else if (object.contains(*parsed)) {
      Json& parent = object[parsed->parent_pointer()];
      if (parent.is_object()) {
        parent.erase(parsed->back());
      } else if (parent.is_array()) {
        parent.erase(std::stoul(parsed->back()));
      }
    }
  } catch (const std::exception&) {
    // A parent of another type: the field cannot exist there, so there is nothing to set.
  }
}

bool isOurs(const Step& step, const Json& live) {
  std::string wanted =
      stringOr(member(step.manifest, {"metadata", "annotations", "firebreak.dev/remediation"}));
  return !wanted.empty() &&
         stringOr(member(live, {"metadata", "annotations", "firebreak.dev/remediation"})) == wanted;
}

bool contains(const Json& live, const Json& wanted) {
  if (wanted.is_object()) {
    for (const auto& [key, value] : wanted.items()) {
      // The API server drops empty maps and lists of optional fields.
      if (value.empty() && (value.is_object() || value.is_array()) && member(live, key).is_null()) {
        continue;
      }
      if (!contains(member(live, key), value)) return false;
    }
    return live.is_object() || wanted.empty();
  }
  if (wanted.is_array()) {
    return live.is_array() && live.size() == wanted.size() &&
           std::equal(live.begin(), live.end(), wanted.begin(), contains);
  }
  return live == wanted;
}

Effect observeStep(const Step& step, const Json& live) {
  switch (step.type) {
    case PatchType::kCreate:
      return observeCreated(step, live);
    case PatchType::kDelete:
      // What is on its way out is not deleted again: it may take its grace period.
      if (!member(live, {"metadata", "deletionTimestamp"}).is_null()) return Effect::kPresent;
      return live.is_null() || stringOr(member(live, {"metadata", "uid"})) != step.object.uid
                 ? Effect::kPresent
                 : Effect::kAbsent;
    case PatchType::kJsonPatch:
      if (live.is_null() || (!step.object.uid.empty() &&
                             stringOr(member(live, {"metadata", "uid"})) != step.object.uid)) {
        return Effect::kGone;
      }
      return observeEdits(step, live);
    case PatchType::kNodeOrder:
    case PatchType::kExternal:
      break;  // observed by their own drivers
  }
  return Effect::kAbsent;
}

std::string lastWriter(const Json& live) {
  std::string writer = "somebody";
  std::string latest;
  for (const Json& entry : member(live, {"metadata", "managedFields"})) {
    std::string time = stringOr(member(entry, "time"));
    std::string manager = stringOr(member(entry, "manager"));
    if (manager != "firebreak" && time >= latest && member(entry, "subresource").is_null()) {
      latest = time;
      writer = manager;
    }
  }
  return writer;
}

}  // namespace firebreak::remediate
