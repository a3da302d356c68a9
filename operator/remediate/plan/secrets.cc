#include "remediate/plan/secrets.h"

#include <algorithm>
#include <cctype>

#include "base/digest.h"
#include "base/time_format.h"
#include "remediate/rotate/source_marks.h"
#include "remediate/rotate/source_rotators.h"
#include "remediate/rotate/staging.h"

namespace firebreak::remediate {
namespace {

using rotate::Consumer;
using rotate::Treatment;

constexpr const char* kAction = "Rotate";

ObjectRef refOf(const Json& secret) {
  return {"v1", "Secret", stringOr(member(secret, {"metadata", "namespace"})),
          stringOr(member(secret, {"metadata", "name"})),
          stringOr(member(secret, {"metadata", "uid"}))};
}

std::string lowered(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

// "kubectl -n shop rollout restart deployment/web", for those that are not restarted by a step.
std::string restartLines(const std::vector<Consumer>& consumers) {
  std::string text;
  for (const Consumer& consumer : consumers) {
    text += text.empty() ? " Its users: " : "; ";
    if (consumer.treatment == Treatment::kRestart) {
      text += "kubectl -n " + consumer.object.ns + " rollout restart " +
              lowered(consumer.object.kind) + "/" + consumer.object.name;
    } else {
      text += describe(consumer.object) + " (" + consumer.reason + ")";
    }
  }
  return text.empty() ? text : text + ".";
}

Plan byHand(const RotationTarget& target, const std::string& why, const std::string& todo) {
  Plan plan;
  plan.externalAction = describe(refOf(target.secret)) + " is not rotated by Firebreak: " + why +
                        ". To do: " + todo + "." + restartLines(target.consumers);
  return plan;
}

bool isFor(const RotatorShape& shape, const std::string& secretType) {
  if (shape.secretType == "*") return true;
  if (!shape.secretType.empty()) return secretType == shape.secretType;
  return secretType == "Opaque" || secretType == "kubernetes.io/basic-auth";
}

// The source's own rotator: the object that the Secret comes from may make another value.
std::optional<Unfit> unfitSource(const RotationTarget& target, const RotatorShape& shape,
                                 const rotate::SourceMark& source) {
  if (shape.sourceOf == nullptr) return std::nullopt;
  const std::string& type = target.rotator->type;
  std::string name = shape.sourceOf(target.secret);
  if (name.empty()) {
    return Unfit{"does not come from what a rotator of type " + type + " renews" +
                     (source.what.empty() ? "" : " (" + source.what + ")"),
                 source.todo};
  }
  if (boolOr(member(target.secret, "immutable"), false)) {
    return Unfit{"is immutable", "make a Secret under a new name and let its users refer to that"};
  }
  if (const rotate::Source* from = rotate::sourceOfType(type)) {
    std::string what = std::string(from->kind().kind) + " " + name;
    if (!target.source.is_object()) {
      return Unfit{what + " cannot be read",
                   "look whether it is there, and whether the chart grants the right to read it"};
    }
    std::string unfit = from->unfit(target.source);
    if (!unfit.empty()) return Unfit{what + " " + unfit, std::string(from->then)};
  }
  return std::nullopt;
}

// Why the Secret must not be rotated in place, and what to do instead; empty where it may be.
std::optional<Unfit> refusal(const RotationTarget& target) {
  ObjectRef ref = refOf(target.secret);
  std::string type = stringOr(member(target.secret, "type"), "Opaque");
  std::string procedure = rotate::procedureFor(type, ref.ns, ref.name);
  rotate::SourceMark source = rotate::sourceOf(target.secret);
  const Rotator* rotator = target.rotator ? rotatorOfType(target.rotator->type) : nullptr;
  bool bySource = rotator != nullptr && rotator->shape().sourceOf != nullptr;
  if (!source.what.empty() && !bySource) {
    return Unfit{"its source is elsewhere (" + source.what + ") and would put the exposed value back",
                 source.todo};
  }
  if (!target.rotator) {
    return Unfit{"no rotator of policy " + target.policy + " lists it", procedure};
  }
  const RotatorEntry& entry = *target.rotator;
  std::string named = "rotator " + entry.name + " of policy " + target.policy;
  if (rotator == nullptr) {
    return Unfit{named + " is of type " + entry.type + ", which this version does not carry out",
                 procedure};
  }
  const RotatorShape& shape = rotator->shape();
  if (auto unfit = shape.unfit == nullptr ? std::nullopt : shape.unfit(entry)) {
    return Unfit{named + " " + unfit->why, unfit->todo.empty() ? procedure : unfit->todo};
  }
  if (auto unfit = unfitSource(target, shape, source)) return unfit;
  if (!isFor(shape, type)) {
    return Unfit{"a Secret of type " + type + " is nothing that " + entry.type + " rotates", procedure};
  }
  if (entry.keys.empty()) return Unfit{named + " names no keys", "name the keys in the policy"};
  for (const std::string& key : entry.keys) {
    int64_t length = intOr(member(target.secret, {"keys", key}), 0);
    if (length > 0) continue;
    return Unfit{"it has no value under key " + key + ", which " + named + " names",
                 "correct the keys in the policy"};
  }
  if (ref.uid.empty() || target.remediationUid.empty())
    return Unfit{"it is not in the cluster", procedure};
  return std::nullopt;
}

// adminRef, webhook.hmacRef and their like: in the operator's namespace only, whatever the policy says.
void bindReference(Json& json, const std::string& operatorNamespace) {
  if (json.is_object() && json.contains("name") && json.contains("key")) {
    json["namespace"] = operatorNamespace;
  }
}

rotate::Rotation rotationOf(const RotationTarget& target) {
  ObjectRef ref = refOf(target.secret);
  rotate::Rotation rotation;
  rotation.ns = ref.ns;
  rotation.secret = ref.name;
  rotation.secretUid = ref.uid;
  rotation.staging = rotate::stagingName(ref.name, target.remediationUid, target.episode);
  rotation.type = target.rotator->type;
  rotation.keys = target.rotator->keys;
  rotation.parameters = target.rotator->parameters;
  auto* sourceOf = rotatorOfType(rotation.type)->shape().sourceOf;
  if (sourceOf != nullptr) rotation.parameters["source"] = sourceOf(target.secret);
  for (Json& block : rotation.parameters) {
    bindReference(block, target.operatorNamespace);
    if (!block.is_object()) continue;
    for (Json& inner : block) bindReference(inner, target.operatorNamespace);
  }
  rotation.remediation = target.remediationName;
  rotation.id = target.remediationUid + "-" + std::to_string(target.episode);
  return rotation;
}

Step externalStep(const RotationTarget& target, const rotate::Rotation& rotation,
                  const char* operation, Reversal reversal) {
  Step step;
  step.name = operation;
  step.action = kAction;
  step.object = refOf(target.secret);
  step.type = PatchType::kExternal;
  step.manifest = rotate::toManifest(rotation, operation);
  step.reversal = reversal;
  step.proof = Proof::kRotator;
  return step;
}

Step restartStep(const Consumer& consumer, const std::string& startedAt) {
  Step step;
  step.name = "restart-" + lowered(consumer.object.kind) + "-" + consumer.object.name;
  step.action = kAction;
  step.object = consumer.object;
  step.type = PatchType::kJsonPatch;
  step.proof = Proof::kRolledOut;
  const StringMap& annotations = consumer.templateAnnotations;
  auto before = annotations.find(kRestartedAt);
  // Our own annotation alone is what this step made of a template without any.
  bool ours = before != annotations.end() && before->second == startedAt;
  FieldEdit edit;
  if (annotations.empty() || (ours && annotations.size() == 1)) {
    edit.pointer = "/spec/template/metadata/annotations";
    edit.after = Json{{kRestartedAt, startedAt}};
  } else {
    edit.pointer = "/spec/template/metadata/annotations/" + escapePointerToken(kRestartedAt);
    if (before != annotations.end() && !ours) edit.before = before->second;
    edit.after = startedAt;
  }
  step.edits.push_back(std::move(edit));
  return step;
}

// Adds the restarts; false where a consumer goes on with the previous value.
bool addConsumers(const RotationTarget& target, Plan& plan) {
  bool allTaken = true;
  std::string startedAt = formatTime(target.startedAt);
  int64_t together = 0;
  for (const Consumer& consumer : target.consumers) {
    std::string who = describe(consumer.object);
    if (target.rotator->reloadsItself) {
      if (!consumer.fixedAtStart) continue;
      plan.caveats.push_back(who + " takes it as " + consumer.how +
                             ", which a running pod never reads again: restart it by hand in spite "
                             "of reload: Self");
      allTaken = false;
      continue;
    }
    switch (consumer.treatment) {
      case Treatment::kRestart:
        plan.steps.push_back(restartStep(consumer, startedAt));
        // So many at a time: the next waits until these are Ready again.
        if (++together >= std::max<int64_t>(1, target.restartMaxConcurrent)) {
          plan.steps.back().verifyFirst = true;
          together = 0;
        }
        break;
      case Treatment::kNextRun:
        plan.caveats.push_back(who + " has it as " + consumer.how + ": " + consumer.reason);
        break;
      case Treatment::kWait:
      case Treatment::kByHand:
        plan.caveats.push_back(who + " is not restarted: " + consumer.reason);
        allTaken = false;
        break;
    }
  }
  // What comes after is for a world in which everybody has the new value.
  if (together > 0) plan.steps.back().verifyFirst = true;
  return allTaken;
}

}  // namespace

std::optional<RotatorEntry> rotatorEntryFor(const Json& rotators, const std::string& ns,
                                            const std::string& secret) {
  if (!rotators.is_array()) return std::nullopt;
  for (const Json& json : rotators) {
    if (stringOr(member(json, "namespace")) != ns || stringOr(member(json, "secret")) != secret) {
      continue;
    }
    RotatorEntry entry;
    entry.name = stringOr(member(json, "name"));
    entry.type = stringOr(member(json, "type"));
    entry.ns = ns;
    entry.secret = secret;
    entry.keys = stringsOf(member(json, "keys"));
    const Rotator* rotator = rotatorOfType(entry.type);
    if (rotator != nullptr && entry.keys.empty()) entry.keys = rotator->shape().keys;
    entry.reloadsItself = stringOr(member(json, "reload")) == "Self";
    entry.restartWindows = member(json, "restartWindows");
    for (const auto& [block, value] : json.items()) {
      if (value.is_object()) entry.parameters[block] = value;
    }
    return entry;
  }
  return std::nullopt;
}

Json withoutValues(const Json& secret) {
  Json bare = {{"metadata", member(secret, "metadata")},
               {"type", stringOr(member(secret, "type"), "Opaque")},
               {"immutable", boolOr(member(secret, "immutable"), false)},
               {"keys", Json::object()}};
  if (bare["metadata"].is_object()) {
    bare["metadata"].erase("managedFields");
    // kubectl keeps the whole manifest there, with its values.
    if (member(bare, {"metadata", "annotations"}).is_object()) {
      bare["metadata"]["annotations"].erase("kubectl.kubernetes.io/last-applied-configuration");
    }
  }
  const Json& data = member(secret, "data");
  if (data.is_object()) {
    for (const auto& [key, value] : data.items()) {
      if (!value.is_string()) continue;
      const auto& text = value.get_ref<const std::string&>();
      auto padding = std::count(text.begin(), text.end(), '=');
      bare["keys"][key] = static_cast<int64_t>(text.size() / 4 * 3) - padding;
    }
  }
  return bare;
}

Plan planRotation(const RotationTarget& target) {
  if (auto refused = refusal(target)) return byHand(target, refused->why, refused->todo);

  Plan plan;
  rotate::Rotation rotation = rotationOf(target);
  const RotatorShape& shape = rotatorOfType(rotation.type)->shape();
  plan.steps.push_back(externalStep(target, rotation, "stage", Reversal::kReversible));
  plan.steps.back().verifyFirst = shape.revokes;
  if (shape.creates) {
    plan.steps.push_back(externalStep(target, rotation, "create", Reversal::kUntilRevoked));
    // Nobody is handed a credential that does not work.
    plan.steps.back().verifyFirst = true;
  }
  plan.steps.push_back(externalStep(
      target, rotation, shape.writes,
      shape.sourceOf == nullptr ? Reversal::kUntilRevoked : Reversal::kIrreversible));
  plan.steps.back().verifyFirst = true;
  bool allTaken = addConsumers(target, plan);
  if (allTaken) {
    Step last = externalStep(target, rotation, shape.revokes ? "revoke" : "remove-staging",
                             Reversal::kIrreversible);
    last.delaySeconds = target.keepPreviousSeconds;
    last.verifyFirst = shape.revokes;
    plan.steps.push_back(std::move(last));
    if (shape.revokes) {
      plan.steps.push_back(
          externalStep(target, rotation, "remove-staging", Reversal::kIrreversible));
    }
  } else {
    plan.caveats.push_back("the previous value stays in Secret " + rotation.ns + "/" +
                           rotation.staging + " until those are gone: delete that Secret then" +
                           (shape.revokes ? ", and revoke it where it is checked: it still works" : ""));
  }
  if (!shape.caveat.empty()) plan.caveats.emplace_back(shape.caveat);
  plan.caveats.push_back(
      shape.revokes && allTaken
          ? "verified means that every restarted consumer is Ready with the new value and that the "
            "old one is refused where it was accepted before"
          : "verified means that every restarted consumer is Ready with the new value; whether "
            "anything outside the cluster knows the old one is not known");
  return plan;
}

}  // namespace firebreak::remediate
