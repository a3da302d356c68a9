#include "api/remediation_json.h"

#include <algorithm>

#include "api/enums.h"
#include "base/time_format.h"

namespace firebreak {
namespace {

// A schema's maxLength counts characters; cutting bytes at that number never exceeds it. The cut
// does not split a UTF-8 sequence.
std::string cut(std::string text, size_t most) {
  if (text.size() <= most) return text;
  while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xC0U) == 0x80U) --most;
  text.resize(most);
  return text;
}

void put(Json& object, const char* key, const std::string& value) {
  if (!value.empty()) object[key] = value;
}

void put(Json& object, const char* key, const std::optional<WallTime>& time) {
  if (time) object[key] = formatTime(*time);
}

Json findingToJson(const Finding& finding) {
  Json json = {{"rule", finding.rule},
               {"severity", toString(finding.severity)},
               {"confidence", finding.confidence},
               {"tier", toString(finding.tier)}};
  put(json, "fieldPath", cut(finding.fieldPath, 1024));
  put(json, "message", cut(finding.message, 1024));
  for (const Evidence& evidence : finding.evidence) {
    if (json["evidence"].size() == 16) break;
    json["evidence"].push_back({{"signal", cut(evidence.signal, 63)},
                                {"weight", evidence.weight},
                                {"detail", cut(evidence.detail, 512)}});
  }
  return json;
}

Finding findingFromJson(const Json& json, Family family, const ObjectRef& target) {
  Finding finding;
  finding.family = family;
  finding.resource = target;
  finding.rule = stringOr(member(json, "rule"));
  parseSeverity(stringOr(member(json, "severity")), &finding.severity);
  finding.confidence = static_cast<int>(intOr(member(json, "confidence"), 0));
  finding.tier =
      stringOr(member(json, "tier")) == "Remediate" ? Tier::kRemediate : Tier::kAlert;
  finding.fieldPath = stringOr(member(json, "fieldPath"));
  finding.message = stringOr(member(json, "message"));
  for (const Json& evidence : member(json, "evidence")) {
    finding.evidence.push_back({stringOr(member(evidence, "signal")),
                                static_cast<int>(intOr(member(evidence, "weight"), 0)),
                                stringOr(member(evidence, "detail"))});
  }
  return finding;
}

Json stepToJson(const PlannedStep& step) {
  // What somebody else wrote in part is written back in part: an empty text is none of an enum's values.
  Json json = {{"name", step.name}};
  put(json, "action", step.action);
  if (Json object = refToJson(step.object); !object.empty()) json["objectRef"] = std::move(object);
  put(json, "patchType", step.patchType);
  put(json, "reversal", step.reversal);
  put(json, "patch", step.patch);
  put(json, "undo", step.undo);
  return json;
}

PlannedStep stepFromJson(const Json& json) {
  return {stringOr(member(json, "name")),      stringOr(member(json, "action")),
          refFromJson(member(json, "objectRef")), stringOr(member(json, "patchType")),
          stringOr(member(json, "patch")),     stringOr(member(json, "undo")),
          stringOr(member(json, "reversal"))};
}

Json recordToJson(const StepRecord& record) {
  Json json = {{"name", record.name},
               {"state", toString(record.state)},
               {"attempts", record.attempts},
               {"time", formatTime(record.time)}};
  if (record.undone > 0) json["undone"] = record.undone;
  put(json, "before", record.before);
  put(json, "mac", record.mac);
  put(json, "message", cut(record.message, 1024));
  return json;
}

StepRecord recordFromJson(const Json& json) {
  StepRecord record;
  record.name = stringOr(member(json, "name"));
  parse(stringOr(member(json, "state")), &record.state);
  record.before = stringOr(member(json, "before"));
  record.mac = stringOr(member(json, "mac"));
  record.attempts = intOr(member(json, "attempts"), 0);
  record.undone = intOr(member(json, "undone"), 0);
  record.message = stringOr(member(json, "message"));
  record.time = parseTime(stringOr(member(json, "time"))).value_or(WallTime{});
  return record;
}

Json guardToJson(const GuardRecord& guard) {
  Json json = {{"guard", guard.guard}, {"result", guard.result}};
  put(json, "reason", guard.reason);
  put(json, "message", cut(guard.message, 1024));
  return json;
}

RemediationStatus statusFromJson(const Json& json, Family family, const ObjectRef& target) {
  RemediationStatus status;
  status.observedGeneration = intOr(member(json, "observedGeneration"), 0);
  status.usedGeneration = intOr(member(json, "usedGeneration"), 0);
  status.episode = intOr(member(json, "episode"), 0);
  if (member(json, "episodes").is_array()) status.episodes = member(json, "episodes");
  status.policyName = stringOr(member(json, {"policyRef", "name"}));
  status.policyUid = stringOr(member(json, {"policyRef", "uid"}));
  status.mode = stringOr(member(json, "mode"));
  for (const Json& finding : member(json, "findings")) {
    status.findings.push_back(findingFromJson(finding, family, target));
  }
  for (const Json& step : member(json, "plan")) status.plan.push_back(stepFromJson(step));
  status.planHash = stringOr(member(json, "planHash"));
  parse(stringOr(member(json, "phase")), &status.phase);
  parse(stringOr(member(json, "outcome")), &status.outcome);
  status.message = stringOr(member(json, "message"));
  status.startedAt = parseTime(stringOr(member(json, "startedAt")));
  status.containedAt = parseTime(stringOr(member(json, "containedAt")));
  status.endedAt = parseTime(stringOr(member(json, "endedAt")));
  if (const Json& owner = member(json, "owner"); owner.is_object()) status.owner = refFromJson(owner);
  for (const Json& guard : member(json, "guards")) {
    status.guards.push_back({stringOr(member(guard, "guard")), stringOr(member(guard, "result")),
                             stringOr(member(guard, "reason")), stringOr(member(guard, "message"))});
  }
  status.conditions = conditionsFromJson(member(json, "conditions"));
  for (const Json& record : member(json, "steps")) status.steps.push_back(recordFromJson(record));
  const Json& blocked = member(json, "blocked");
  status.blocked = {stringOr(member(blocked, "reason")), stringOr(member(blocked, "message")),
                    parseTime(stringOr(member(blocked, "until")))};
  if (member(json, "evidence").is_object()) status.evidence = member(json, "evidence");
  status.eventsEmitted = stringsOf(member(json, "eventsEmitted"));
  return status;
}

}  // namespace

Json refToJson(const ObjectRef& ref) {
  Json json = Json::object();
  put(json, "apiVersion", ref.apiVersion);
  put(json, "kind", ref.kind);
  put(json, "name", ref.name);
  put(json, "namespace", ref.ns);
  put(json, "uid", ref.uid);
  return json;
}

ObjectRef refFromJson(const Json& json) {
  return {stringOr(member(json, "apiVersion")), stringOr(member(json, "kind")),
          stringOr(member(json, "namespace")), stringOr(member(json, "name")),
          stringOr(member(json, "uid"))};
}

Json conditionsToJson(const std::vector<Condition>& conditions) {
  Json json = Json::array();
  for (const Condition& condition : conditions) {
    json.push_back({{"type", condition.type},
                    {"status", condition.status},
                    {"reason", condition.reason},
                    {"message", cut(condition.message, 1024)},
                    {"lastTransitionTime", formatTime(condition.since)},
                    {"observedGeneration", condition.observedGeneration}});
  }
  return json;
}

std::vector<Condition> conditionsFromJson(const Json& json) {
  std::vector<Condition> conditions;
  for (const Json& condition : json) {
    conditions.push_back(
        {stringOr(member(condition, "type")), stringOr(member(condition, "status")),
         stringOr(member(condition, "reason")), stringOr(member(condition, "message")),
         parseTime(stringOr(member(condition, "lastTransitionTime"))).value_or(WallTime{}),
         intOr(member(condition, "observedGeneration"), 0)});
  }
  return conditions;
}

Result<Remediation> remediationFromJson(const Json& object) {
  Remediation remediation;
  const Json& meta = member(object, "metadata");
  const Json& spec = member(object, "spec");
  remediation.name = stringOr(member(meta, "name"));
  remediation.uid = stringOr(member(meta, "uid"));
  remediation.resourceVersion = stringOr(member(meta, "resourceVersion"));
  remediation.generation = intOr(member(meta, "generation"), 0);
  remediation.created = parseTime(stringOr(member(meta, "creationTimestamp"))).value_or(WallTime{});
  remediation.deleting = !member(meta, "deletionTimestamp").is_null();
  remediation.deletedAt = parseTime(stringOr(member(meta, "deletionTimestamp")));
  for (const std::string& finalizer : stringsOf(member(meta, "finalizers"))) {
    remediation.held = remediation.held || finalizer == kUndoFinalizer;
  }
  if (!parseFamily(stringOr(member(spec, "family")), &remediation.family)) {
    return fail(ErrorCode::kInvalid, "Remediation " + remediation.name +
                                         ": spec.family is none that this version knows");
  }
  remediation.target = refFromJson(member(spec, "targetRef"));
  remediation.fingerprint = stringOr(member(spec, "fingerprint"));
  remediation.cause = stringOr(member(spec, "cause"));
  const Json& decision = member(spec, "decision");
  remediation.decision = {
      stringOr(member(decision, "action")), stringOr(member(decision, "planHash")),
      stringOr(member(decision, "by")), stringOr(member(decision, "reason"))};
  remediation.status =
      statusFromJson(member(object, "status"), remediation.family, remediation.target);
  return remediation;
}

Json remediationToCreate(const Remediation& remediation) {
  Json spec = {{"family", toString(remediation.family)},
               {"targetRef", refToJson(remediation.target)},
               {"fingerprint", remediation.fingerprint}};
  put(spec, "cause", remediation.cause);
  return {{"apiVersion", "firebreak.dev/v1alpha1"},
          {"kind", "Remediation"},
          {"metadata", {{"name", remediation.name}}},
          {"spec", spec}};
}

Json statusToJson(const RemediationStatus& status) {
  Json json = {{"observedGeneration", status.observedGeneration}, {"episode", status.episode}};
  if (status.usedGeneration > 0) json["usedGeneration"] = status.usedGeneration;
  if (!status.episodes.empty()) json["episodes"] = status.episodes;
  if (!status.policyName.empty()) {
    json["policyRef"] = {{"name", status.policyName}, {"uid", status.policyUid}};
  }
  put(json, "mode", status.mode);
  for (const Finding& finding : status.findings) json["findings"].push_back(findingToJson(finding));
  for (const PlannedStep& step : status.plan) json["plan"].push_back(stepToJson(step));
  put(json, "planHash", status.planHash);
  put(json, "phase", std::string(toString(status.phase)));
  put(json, "outcome", std::string(toString(status.outcome)));
  put(json, "message", cut(status.message, 2048));
  put(json, "startedAt", status.startedAt);
  put(json, "containedAt", status.containedAt);
  put(json, "endedAt", status.endedAt);
  if (!status.owner.kind.empty()) json["owner"] = refToJson(status.owner);
  for (const GuardRecord& guard : status.guards) json["guards"].push_back(guardToJson(guard));
  if (!status.conditions.empty()) json["conditions"] = conditionsToJson(status.conditions);
  for (const StepRecord& record : status.steps) json["steps"].push_back(recordToJson(record));
  if (!status.blocked.reason.empty()) {
    json["blocked"]["reason"] = status.blocked.reason;
    put(json["blocked"], "message", cut(status.blocked.message, 1024));
    put(json["blocked"], "until", status.blocked.until);
  }
  if (!status.evidence.empty()) json["evidence"] = status.evidence;
  if (!status.eventsEmitted.empty()) json["eventsEmitted"] = status.eventsEmitted;
  return json;
}

bool setCondition(std::vector<Condition>& conditions, std::string_view type,
                  std::string_view status, std::string_view reason, std::string_view message,
                  WallTime now, int64_t generation) {
  auto found = std::find_if(conditions.begin(), conditions.end(),
                            [&](const Condition& c) { return c.type == type; });
  if (found == conditions.end()) {
    conditions.push_back({std::string(type), std::string(status), std::string(reason),
                          std::string(message), now, generation});
    return true;
  }
  bool moved = found->status != status;
  bool changed = moved || found->reason != reason || found->message != message ||
                 found->observedGeneration != generation;
  if (!changed) return false;
  *found = {std::string(type),    std::string(status),          std::string(reason),
            std::string(message), moved ? now : found->since, generation};
  return true;
}

const Condition* findCondition(const std::vector<Condition>& conditions, std::string_view type) {
  auto found = std::find_if(conditions.begin(), conditions.end(),
                            [&](const Condition& c) { return c.type == type; });
  return found == conditions.end() ? nullptr : &*found;
}

}  // namespace firebreak
