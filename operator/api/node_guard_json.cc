#include "api/node_guard_json.h"

#include "base/time_format.h"

namespace firebreak {
namespace {

Sighting sightingFromJson(const Json& json) {
  Sighting sighting;
  sighting.podUid = stringOr(member(json, "podUID"));
  sighting.containerId = stringOr(member(json, "containerID"));
  const Json& process = member(json, "process");
  sighting.process = {intOr(member(process, "pid"), 0),
                      intOr(member(process, "startTime"), 0),
                      stringOr(member(process, "comm")),
                      stringOr(member(process, "argv0")),
                      stringOr(member(process, "commandLine")),
                      stringOr(member(process, "executable")),
                      stringOr(member(process, "executableDeleted")) == "True"};
  for (const Json& signal : member(json, "signals")) {
    sighting.signals.push_back({stringOr(member(signal, "signal")),
                                static_cast<int>(intOr(member(signal, "weight"), 0)),
                                stringOr(member(signal, "detail"))});
  }
  sighting.score = static_cast<int>(intOr(member(json, "score"), 0));
  sighting.firstSeen = parseTime(stringOr(member(json, "firstSeen"))).value_or(WallTime{});
  sighting.lastSeen = parseTime(stringOr(member(json, "lastSeen"))).value_or(WallTime{});
  return sighting;
}

MeasureReport reportFromJson(const Json& json) {
  return {stringOr(member(json, "orderID")), stringOr(member(json, "podUID")),
          stringOr(member(json, "measure")), stringOr(member(json, "state")),
          stringOr(member(json, "message")),
          parseTime(stringOr(member(json, "time"))).value_or(WallTime{})};
}

}  // namespace

Result<NodeGuard> nodeGuardFromJson(const Json& object) {
  NodeGuard guard;
  guard.node = stringOr(member(object, {"metadata", "name"}));
  guard.uid = stringOr(member(object, {"metadata", "uid"}));
  guard.resourceVersion = stringOr(member(object, {"metadata", "resourceVersion"}));
  if (guard.node.empty()) return fail(ErrorCode::kInvalid, "a NodeGuard has no name");
  for (const Json& order : member(object, {"spec", "isolations"})) {
    guard.orders.push_back(orderFromJson(order));
  }
  const Json& status = member(object, "status");
  for (const Json& sighting : member(status, "sightings")) {
    guard.sightings.push_back(sightingFromJson(sighting));
  }
  for (const Json& report : member(status, "isolations")) {
    guard.reports.push_back(reportFromJson(report));
  }
  guard.heartbeat = parseTime(stringOr(member(status, "heartbeat"))).value_or(WallTime{});
  guard.level = stringOr(member(status, "level"));
  return guard;
}

IsolationOrder orderFromJson(const Json& json) {
  IsolationOrder order;
  order.orderId = stringOr(member(json, "orderID"));
  order.podUid = stringOr(member(json, "podUID"));
  order.podRef = stringOr(member(json, "podRef"));
  order.containerId = stringOr(member(json, "containerID"));
  order.pid = intOr(member(json, {"process", "pid"}), 0);
  order.startTime = intOr(member(json, {"process", "startTime"}), 0);
  order.remediation = stringOr(member(json, "remediation"));
  order.measures = stringsOf(member(json, "measures"));
  order.expiresAt = parseTime(stringOr(member(json, "expiresAt"))).value_or(WallTime{});
  return order;
}

Json orderToJson(const IsolationOrder& order) {
  Json json = {{"orderID", order.orderId},
               {"podUID", order.podUid},
               {"podRef", order.podRef},
               {"remediation", order.remediation},
               {"measures", order.measures},
               {"expiresAt", formatTime(order.expiresAt)}};
  if (!order.containerId.empty()) json["containerID"] = order.containerId;
  if (order.pid != 0) json["process"] = {{"pid", order.pid}, {"startTime", order.startTime}};
  return json;
}

Json sightingToJson(const Sighting& sighting) {
  Json json = {{"podUID", sighting.podUid},
               {"containerID", sighting.containerId},
               {"process",
                {{"pid", sighting.process.pid},
                 {"startTime", sighting.process.startTime},
                 {"comm", sighting.process.comm},
                 {"argv0", sighting.process.argv0},
                 {"commandLine", sighting.process.commandLine},
                 {"executable", sighting.process.executable},
                 {"executableDeleted", sighting.process.executableDeleted ? "True" : "False"}}},
               {"score", sighting.score},
               {"firstSeen", formatTime(sighting.firstSeen)},
               {"lastSeen", formatTime(sighting.lastSeen)}};
  for (const Evidence& signal : sighting.signals) {
    json["signals"].push_back(
        {{"signal", signal.signal}, {"weight", signal.weight}, {"detail", signal.detail}});
  }
  return json;
}

Json reportToJson(const MeasureReport& report) {
  return {{"orderID", report.orderId}, {"podUID", report.podUid},
          {"measure", report.measure}, {"state", report.state},
          {"message", report.message}, {"time", formatTime(report.time)}};
}

}  // namespace firebreak
