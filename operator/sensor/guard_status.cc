#include "sensor/guard_status.h"

#include <algorithm>
#include <map>

#include "api/node_guard_json.h"
#include "base/time_format.h"

namespace firebreak::sensor {

Json guardStatusJson(const GuardStatus& status, WallTime now) {
  Json json = {{"heartbeat", formatTime(now)},
               {"level", status.level},
               {"sensorVersion", status.version},
               {"observedGeneration", status.observedGeneration},
               {"truncated", status.sightings.truncated},
               // Lists are replaced whole by a merge patch; an absent one would keep what was there.
               {"sightings", Json::array()},
               {"isolations", Json::array()}};
  for (const Sighting& sighting : status.sightings.sightings) {
    json["sightings"].push_back(sightingToJson(sighting));
  }
  for (const MeasureReport& report : status.reports) {
    json["isolations"].push_back(reportToJson(report));
  }
  return json;
}

namespace {

std::map<std::string, int64_t> bestScores(const Json& status) {
  std::map<std::string, int64_t> best;
  for (const Json& sighting : member(status, "sightings")) {
    int64_t& score = best[stringOr(member(sighting, "podUID"))];
    score = std::max(score, intOr(member(sighting, "score"), 0));
  }
  return best;
}

Json withoutTimes(Json status) {
  status.erase("heartbeat");
  for (Json& sighting : status["sightings"]) sighting.erase("lastSeen");
  return status;
}

}  // namespace

Change changeBetween(const Json& told, const Json& now) {
  if (told.is_null()) return Change::kNews;
  if (withoutTimes(told) == withoutTimes(now)) return Change::kNone;
  if (member(told, "isolations") != member(now, "isolations")) return Change::kNews;
  const auto before = bestScores(told);
  for (const auto& [pod, score] : bestScores(now)) {
    const auto known = before.find(pod);
    if (known == before.end() || known->second < score) return Change::kNews;
  }
  return Change::kDetail;
}

bool WritePace::due(Change change, MonoTime now) {
  Bucket* bucket = change == Change::kNews ? &news_ : &details_;
  if (filled_) {
    const double passed = std::chrono::duration<double>(now - *filled_).count();
    for (Bucket* each : {&details_, &news_}) {
      each->tokens = std::min(each->tokens + each->perSecond * passed, kBurst);
    }
  }
  filled_ = now;
  const bool heartbeat = !wrote_ || now - *wrote_ >= kHeartbeat;
  if (!heartbeat && (change == Change::kNone || bucket->tokens < 1)) return false;
  if (change != Change::kNone) bucket->tokens = std::max(0.0, bucket->tokens - 1);
  wrote_ = now;
  return true;
}

}  // namespace firebreak::sensor
