#include "remediate/plan/secrets.h"

#include <algorithm>
#include <cctype>

#include "base/digest.h"
#include "base/time_format.h"
#include "remediate/rotate/source_marks.h"
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

// Why the Secret must not be rotated in place, and what to do instead; empty where it may be.
std::optional<std::pair<std::string, std::string>> refusal(const RotationTarget& target) {
  ObjectRef ref = refOf(target.secret);
  std::string type = stringOr(member(target.secret, "type"), "Opaque");
  std::string procedure = rotate::procedureFor(type, ref.ns, ref.name);
  rotate::SourceMark source = rotate::sourceOf(target.secret);
  if (!source.what.empty()) {
    return {{"its source is elsewhere (" + source.what + ") and would put the exposed value back",
             source.todo}};
  }
  if (!target.rotator) {
    return {{"no rotator of policy " + target.policy + " lists it", procedure}};
  }
  const RotatorEntry& entry = *target.rotator;
  std::string named = "rotator " + entry.name + " of policy " + target.policy;
  if (entry.type != "Random")
    return {{named + " is of type " + entry.type + ", which this version does not carry out",
             procedure}};
  if (entry.nature != "SharedToken") {
    return {{named + " does not declare random.nature: SharedToken, and a new value for anything "
                     "else destroys data",
             procedure}};
  }
  if (type != "Opaque" && type != "kubernetes.io/basic-auth") {
    return {{"a Secret of type " + type + " is no shared token", procedure}};
  }
  if (entry.keys.empty()) return {{named + " names no keys", "name the keys in the policy"}};
  for (const std::string& key : entry.keys) {
    int64_t length = intOr(member(target.secret, {"keys", key}), 0);
    if (length > 0) continue;
    return {{"it has no value under key " + key + ", which " + named + " names",
             "correct the keys in the policy"}};
  }
  if (ref.uid.empty() || target.remediationUid.empty())
    return {{"it is not in the cluster", procedure}};
  return std::nullopt;
}

rotate::Rotation rotationOf(const RotationTarget& target) {
  ObjectRef ref = refOf(target.secret);
  rotate::Rotation rotation;
  rotation.ns = ref.ns;
  rotation.secret = ref.name;
  rotation.secretUid = ref.uid;
  rotation.staging = rotate::stagingName(ref.name, target.remediationUid, target.episode);
  rotation.keys = target.rotator->keys;
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
  // One consumer at a time: the next waits until this one is Ready again.
  step.verifyFirst = true;
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
        break;
      case Treatment::kNextRun:
        break;
      case Treatment::kWait:
      case Treatment::kByHand:
        plan.caveats.push_back(who + " is not restarted: " + consumer.reason);
        allTaken = false;
        break;
    }
  }
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
    entry.reloadsItself = stringOr(member(json, "reload")) == "Self";
    entry.nature = stringOr(member(json, {"random", "nature"}));
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
  if (auto refused = refusal(target)) return byHand(target, refused->first, refused->second);

  Plan plan;
  rotate::Rotation rotation = rotationOf(target);
  plan.steps.push_back(externalStep(target, rotation, "stage", Reversal::kReversible));
  plan.steps.push_back(externalStep(target, rotation, "write", Reversal::kUntilRevoked));
  plan.steps.back().verifyFirst = true;
  bool allTaken = addConsumers(target, plan);
  if (allTaken) {
    Step last = externalStep(target, rotation, "remove-staging", Reversal::kIrreversible);
    last.delaySeconds = target.keepPreviousSeconds;
    plan.steps.push_back(std::move(last));
  } else {
    plan.caveats.push_back("the previous value stays in Secret " + rotation.ns + "/" +
                           rotation.staging + " until those are gone: delete that Secret then");
  }
  plan.caveats.push_back(
      "verified means that every restarted consumer is Ready with the new value; whether anything "
      "outside the cluster knows the old one is not known");
  return plan;
}

}  // namespace firebreak::remediate
