#include "firebreak/plan.h"

#include "base/digest.h"
#include "base/json.h"

namespace firebreak {
namespace {

Json testOp(const std::string& pointer, const Json& value) {
  return {{"op", "test"}, {"path", pointer}, {"value", value}};
}

// One edit as JSON patch operations, from `from` to `to`.
void appendEdit(Json& operations, const std::string& pointer, const std::optional<Json>& from,
                const std::optional<Json>& to) {
  if (from == to) return;
  if (from) operations.push_back(testOp(pointer, *from));
  if (!to) {
    operations.push_back({{"op", "remove"}, {"path", pointer}});
  } else {
    operations.push_back(
        {{"op", from ? "replace" : "add"}, {"path", pointer}, {"value", *to}});
  }
}

std::string editsText(const Step& step, bool inverse) {
  Json operations = Json::array();
  if (!step.object.uid.empty()) operations.push_back(testOp("/metadata/uid", step.object.uid));
  auto append = [&](const FieldEdit& edit) {
    if (inverse) {
      appendEdit(operations, edit.pointer, edit.after, edit.before);
    } else {
      appendEdit(operations, edit.pointer, edit.before, edit.after);
    }
  };
  if (inverse) {
    for (auto edit = step.edits.rbegin(); edit != step.edits.rend(); ++edit) append(*edit);
  } else {
    for (const FieldEdit& edit : step.edits) append(edit);
  }
  return dumpJson(operations);
}

}  // namespace

std::string patchText(const Step& step) {
  switch (step.type) {
    case PatchType::kJsonPatch:
      return editsText(step, false);
    case PatchType::kDelete:
      return dumpJson({{"preconditions", {{"uid", step.object.uid}}}});
    case PatchType::kCreate:
    case PatchType::kNodeOrder:
    case PatchType::kExternal:
      return dumpJson(step.manifest);
  }
  return "";
}

std::string undoText(const Step& step) {
  // What was deleted nobody brings back by a patch; a person may have a line that does.
  if (step.type == PatchType::kDelete) return stringOr(member(step.manifest, "undoByHand"));
  if (step.reversal == Reversal::kIrreversible) return "";
  switch (step.type) {
    case PatchType::kJsonPatch:
      return editsText(step, true);
    case PatchType::kCreate:
      return dumpJson({{"op", "delete"}, {"name", step.object.name}});
    case PatchType::kNodeOrder:
      return dumpJson({{"op", "release"}, {"orderID", member(step.manifest, "orderID")}});
    case PatchType::kDelete:
    case PatchType::kExternal:
      break;
  }
  return "";
}

std::string Plan::hash() const {
  std::string text = externalAction;
  for (const Step& step : steps) {
    text += '\0' + step.name + '\0' + step.action + '\0' + describe(step.object) + '\0' +
            step.object.uid + '\0' + patchText(step);
  }
  return sha256Hex(text).substr(0, 32);
}

}  // namespace firebreak
