#include "remediate/journal.h"

#include "api/remediation_json.h"
#include "base/digest.h"
#include "remediate/fields.h"

namespace firebreak::remediate {
namespace {

std::string sealedText(const std::string& remediationUid, int64_t episode, std::string_view step,
                       std::string_view before) {
  std::string text = remediationUid;
  text += '\0' + std::to_string(episode) + '\0';
  text += step;
  text += '\0';
  text += before;
  return text;
}

bool isStarted(StepState state) {
  return state == StepState::kIntended || state == StepState::kApplied ||
         state == StepState::kVerified || state == StepState::kFailed;
}

}  // namespace

std::string beforeText(const Step& step, const Json& context) {
  Json edits = Json::array();
  for (const FieldEdit& edit : step.edits) {
    Json entry = {{"pointer", edit.pointer}};
    if (edit.before) entry["before"] = *edit.before;
    if (edit.after) entry["after"] = *edit.after;
    edits.push_back(std::move(entry));
  }
  Json image = {{"type", toString(step.type)},
                {"object", refToJson(step.object)},
                {"edits", edits},
                {"context", context}};
  if (step.type == PatchType::kNodeOrder || step.type == PatchType::kExternal) {
    image["manifest"] = step.manifest;
  }
  return dumpJson(image);
}

Result<BeforeImage> parseBefore(std::string_view text) {
  auto json = parseJson(text, "before-image");
  if (!json) return tl::unexpected(json.error());
  BeforeImage image;
  std::string type = stringOr(member(*json, "type"));
  bool known = false;
  for (PatchType candidate : {PatchType::kJsonPatch, PatchType::kCreate, PatchType::kDelete,
                              PatchType::kNodeOrder, PatchType::kExternal}) {
    if (toString(candidate) == type) {
      image.type = candidate;
      known = true;
    }
  }
  if (!known) return fail(ErrorCode::kInvalid, "before-image: unknown type");
  image.object = refFromJson(member(*json, "object"));
  for (const Json& entry : member(*json, "edits")) {
    FieldEdit edit;
    edit.pointer = stringOr(member(entry, "pointer"));
    if (entry.contains("before")) edit.before = entry["before"];
    if (entry.contains("after")) edit.after = entry["after"];
    image.edits.push_back(std::move(edit));
  }
  image.manifest = member(*json, "manifest");
  image.context = member(*json, "context");
  return image;
}

std::string seal(const JournalKeys& keys, const std::string& remediationUid, int64_t episode,
                 std::string_view step, std::string_view before) {
  if (keys.empty()) return "";
  return keys.front().id + ":" +
         hmacSha256Hex(keys.front().key, sealedText(remediationUid, episode, step, before));
}

bool sealHolds(const JournalKeys& keys, const Remediation& remediation, const StepRecord& record) {
  size_t colon = record.mac.find(':');
  if (colon == std::string::npos) return false;
  for (const JournalKey& key : keys) {
    if (key.id != record.mac.substr(0, colon)) continue;
    return equalDigests(record.mac.substr(colon + 1),
                        hmacSha256Hex(key.key, sealedText(remediation.uid,
                                                          remediation.status.episode,
                                                          record.name, record.before)));
  }
  return false;
}

std::vector<BeforeImage> sealedImages(const JournalKeys& keys, const Remediation& remediation) {
  std::vector<BeforeImage> images;
  for (const StepRecord& record : remediation.status.steps) {
    if (!isStarted(record.state) || !sealHolds(keys, remediation, record)) continue;
    if (auto image = parseBefore(record.before)) images.push_back(std::move(*image));
  }
  return images;
}

Json sealedContext(const JournalKeys& keys, const Remediation& remediation) {
  for (const BeforeImage& image : sealedImages(keys, remediation)) {
    if (image.context.is_object() && !image.context.empty()) return image.context;
  }
  return Json::object();
}

Json rewind(Json object, const std::vector<BeforeImage>& images) {
  std::string uid = stringOr(member(object, {"metadata", "uid"}));
  for (auto image = images.rbegin(); image != images.rend(); ++image) {
    if (image->type != PatchType::kJsonPatch || image->object.uid != uid) continue;
    for (auto edit = image->edits.rbegin(); edit != image->edits.rend(); ++edit) {
      if (fieldAt(object, edit->pointer) == edit->after) {
        setField(object, edit->pointer, edit->before);
      }
    }
  }
  return object;
}

}  // namespace firebreak::remediate
