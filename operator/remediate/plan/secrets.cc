#include "remediate/plan/secrets.h"

#include <algorithm>
#include <cctype>

#include "base/digest.h"
#include "base/time_format.h"
#include "remediate/rotate/aws_rotator.h"
#include "remediate/rotate/postgres_rotator.h"
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

// Which steps of its own each rotator has, and which Secrets it is for.
struct TypeRow {
  std::string_view type;
  bool creates;  // a step that lets the staged credential in where it is checked
  const char* writes;  // the step that brings the next value into the Secret
  bool revokes;  // a step that has the previous one refused there
  std::string_view secretType = "";  // empty: Opaque and basic-auth; "*": any
  const char* keys[2] = {nullptr, nullptr};  // where the policy need not name them
  // The object that the Secret has to come from; null: none, it is written in place.
  std::string (*sourceOf)(const Json& secret) = nullptr;
};
constexpr TypeRow kTypes[] = {
    {"Random", false, "write", false},
    {"PostgreSQL", true, "write", true},
    {"AWSAccessKey", true, "write", true},
    {"Webhook", false, "write", true},
    {"ServiceAccountToken", true, "write", true, "kubernetes.io/service-account-token", {"token"}},
    {"TLS", false, "renew", false, "kubernetes.io/tls", {"tls.crt", "tls.key"}, rotate::certificateOf},
    {"ExternalSecret", false, "sync", false, "*", {}, rotate::externalSecretOf},
};

const TypeRow* typeRow(const std::string& type) {
  for (const TypeRow& row : kTypes) {
    if (row.type == type) return &row;
  }
  return nullptr;
}

using Refusal = std::pair<std::string, std::string>;  // why, what to do ("" = the general procedure)

bool hasRef(const RotatorEntry& entry, std::initializer_list<std::string_view> path) {
  const Json* at = &entry.parameters;
  for (std::string_view key : path) at = &member(*at, key);
  return !stringOr(member(*at, "name")).empty() && !stringOr(member(*at, "key")).empty();
}

// What the policy's entry lacks.
std::optional<Refusal> unfitFor(const RotatorEntry& entry) {
  if (typeRow(entry.type) == nullptr) {
    return Refusal{"is of type " + entry.type + ", which this version does not carry out", ""};
  }
  if (entry.type == "Random" && entry.nature != "SharedToken") {
    return Refusal{"does not declare random.nature: SharedToken, and a new value for anything else "
                   "destroys data",
                   ""};
  }
  if (entry.type == "PostgreSQL") {
    const Json& block = member(entry.parameters, "postgresql");
    if (stringOr(member(block, "role")).empty() || stringOr(member(block, "host")).empty()) {
      return Refusal{"names no postgresql.role and postgresql.host", "complete the policy"};
    }
    if (!hasRef(entry, {"adminRef"})) {
      return Refusal{"names no adminRef", "complete the policy"};
    }
    if (!entry.keys.empty() && !rotate::postgresUserKey(entry.keys)) {
      return Refusal{"names other keys than a password, or a user name and a password",
                     "correct the keys in the policy"};
    }
  }
  if (entry.type == "AWSAccessKey") {
    if (stringOr(member(entry.parameters, {"awsAccessKey", "iamUserName"})).empty()) {
      return Refusal{"names no awsAccessKey.iamUserName", "complete the policy"};
    }
    if (!hasRef(entry, {"adminRef"})) {
      return Refusal{"names no adminRef", "complete the policy"};
    }
    if (!entry.keys.empty() && !rotate::awsIdKey(entry.keys)) {
      return Refusal{"names other keys than an access key's id and its secret",
                     "correct the keys in the policy"};
    }
  }
  if (entry.type == "ServiceAccountToken" && entry.keys != std::vector<std::string>{"token"}) {
    return Refusal{"names other keys than token", "correct the keys in the policy"};
  }
  if (entry.type == "Webhook") {
    if (!stringOr(member(entry.parameters, {"webhook", "url"})).starts_with("https://") ||
        !hasRef(entry, {"webhook", "hmacRef"})) {
      return Refusal{"names no webhook.url over https and webhook.hmacRef", "complete the policy"};
    }
  }
  return std::nullopt;
}

bool isFor(const TypeRow& row, const std::string& secretType) {
  if (row.secretType == "*") return true;
  if (!row.secretType.empty()) return secretType == row.secretType;
  return secretType == "Opaque" || secretType == "kubernetes.io/basic-auth";
}

// The source's own rotator: the object that the Secret comes from may make another value.
std::optional<Refusal> unfitSource(const RotationTarget& target, const TypeRow& row,
                                   const rotate::SourceMark& source) {
  if (row.sourceOf == nullptr) return std::nullopt;
  std::string name = row.sourceOf(target.secret);
  if (name.empty()) {
    return Refusal{"does not come from what a rotator of type " + std::string(row.type) + " renews" +
                       (source.what.empty() ? "" : " (" + source.what + ")"),
                   source.todo};
  }
  if (boolOr(member(target.secret, "immutable"), false)) {
    return Refusal{"is immutable", "make a Secret under a new name and let its users refer to that"};
  }
  if (row.type == "TLS") {
    if (!target.source.is_object()) {
      return Refusal{"Certificate " + name + " cannot be read",
                     "look whether it is there, and whether the chart grants the right to read it"};
    }
    std::string unfit = rotate::unfitCertificate(target.source);
    if (!unfit.empty()) return Refusal{"Certificate " + name + " " + unfit, "renew it then"};
  }
  return std::nullopt;
}

// Why the Secret must not be rotated in place, and what to do instead; empty where it may be.
std::optional<std::pair<std::string, std::string>> refusal(const RotationTarget& target) {
  ObjectRef ref = refOf(target.secret);
  std::string type = stringOr(member(target.secret, "type"), "Opaque");
  std::string procedure = rotate::procedureFor(type, ref.ns, ref.name);
  rotate::SourceMark source = rotate::sourceOf(target.secret);
  const TypeRow* row = target.rotator ? typeRow(target.rotator->type) : nullptr;
  bool bySource = row != nullptr && row->sourceOf != nullptr;
  if (!source.what.empty() && !bySource) {
    return {{"its source is elsewhere (" + source.what + ") and would put the exposed value back",
             source.todo}};
  }
  if (!target.rotator) {
    return {{"no rotator of policy " + target.policy + " lists it", procedure}};
  }
  const RotatorEntry& entry = *target.rotator;
  std::string named = "rotator " + entry.name + " of policy " + target.policy;
  if (auto unfit = unfitFor(entry)) {
    return {{named + " " + unfit->first, unfit->second.empty() ? procedure : unfit->second}};
  }
  if (auto unfit = unfitSource(target, *row, source)) return unfit;
  if (!isFor(*row, type)) {
    return {{"a Secret of type " + type +
                 (entry.type == "Random" ? " is no shared token"
                                         : " is nothing that " + entry.type + " rotates"),
             procedure}};
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
  rotation.type = target.rotator->type;
  rotation.keys = target.rotator->keys;
  rotation.parameters = target.rotator->parameters;
  const TypeRow& row = *typeRow(rotation.type);
  if (row.sourceOf != nullptr) rotation.parameters["source"] = row.sourceOf(target.secret);
  for (const char* name : {"/adminRef", "/webhook/caRef", "/webhook/hmacRef"}) {
    Json::json_pointer pointer(name);
    // In the operator's namespace only, whatever the policy may say.
    if (rotation.parameters.contains(pointer)) {
      rotation.parameters[pointer]["namespace"] = target.operatorNamespace;
    }
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
    if (const TypeRow* row = typeRow(entry.type); row != nullptr && entry.keys.empty()) {
      for (const char* key : row->keys) {
        if (key != nullptr) entry.keys.emplace_back(key);
      }
    }
    entry.reloadsItself = stringOr(member(json, "reload")) == "Self";
    entry.restartWindows = member(json, "restartWindows");
    entry.nature = stringOr(member(json, {"random", "nature"}));
    for (const char* block : {"postgresql", "awsAccessKey", "webhook", "adminRef"}) {
      if (member(json, block).is_object()) entry.parameters[block] = member(json, block);
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
  if (auto refused = refusal(target)) return byHand(target, refused->first, refused->second);

  Plan plan;
  rotate::Rotation rotation = rotationOf(target);
  const TypeRow& row = *typeRow(target.rotator->type);
  plan.steps.push_back(externalStep(target, rotation, "stage", Reversal::kReversible));
  plan.steps.back().verifyFirst = row.revokes;
  if (row.creates) {
    plan.steps.push_back(externalStep(target, rotation, "create", Reversal::kUntilRevoked));
    // Nobody is handed a credential that does not work.
    plan.steps.back().verifyFirst = true;
  }
  plan.steps.push_back(externalStep(
      target, rotation, row.writes,
      row.sourceOf == nullptr ? Reversal::kUntilRevoked : Reversal::kIrreversible));
  plan.steps.back().verifyFirst = true;
  bool allTaken = addConsumers(target, plan);
  if (allTaken) {
    Step last = externalStep(target, rotation, row.revokes ? "revoke" : "remove-staging",
                             Reversal::kIrreversible);
    last.delaySeconds = target.keepPreviousSeconds;
    last.verifyFirst = row.revokes;
    plan.steps.push_back(std::move(last));
    if (row.revokes) {
      plan.steps.push_back(
          externalStep(target, rotation, "remove-staging", Reversal::kIrreversible));
    }
  } else {
    plan.caveats.push_back("the previous value stays in Secret " + rotation.ns + "/" +
                           rotation.staging + " until those are gone: delete that Secret then" +
                           (row.revokes ? ", and revoke it where it is checked: it still works" : ""));
  }
  if (row.sourceOf != nullptr) {
    plan.caveats.push_back("there is no way back: the source does not keep the old value, and whether "
                           "the old one is still accepted outside is not known");
  }
  if (row.type == "ServiceAccountToken") {
    plan.caveats.push_back("the API server refuses the old token from the write on: its users fail "
                           "until they are restarted");
  }
  plan.caveats.push_back(
      row.revokes && allTaken
          ? "verified means that every restarted consumer is Ready with the new value and that the "
            "old one is refused where it was accepted before"
          : "verified means that every restarted consumer is Ready with the new value; whether "
            "anything outside the cluster knows the old one is not known");
  return plan;
}

}  // namespace firebreak::remediate
