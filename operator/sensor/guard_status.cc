#include "sensor/guard_status.h"

#include <algorithm>

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

bool WritePace::due(bool changed, MonoTime now) {
  if (filled_) {
    tokens_ += kPerSecond * std::chrono::duration<double>(now - *filled_).count();
    tokens_ = std::min(tokens_, kBurst);
  }
  filled_ = now;
  const bool heartbeat = !wrote_ || now - *wrote_ >= kHeartbeat;
  if (!heartbeat && (!changed || tokens_ < 1)) return false;
  if (changed) tokens_ = std::max(0.0, tokens_ - 1);
  wrote_ = now;
  return true;
}

}  // namespace firebreak::sensor
