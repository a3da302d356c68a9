// Alerts: tells of findings that are not sure enough to be acted on: one Event and one count for each
// object and judgement, and per namespace a few an hour, then one that stands for the rest.
// Thread-safe. What was told is remembered in this process only, in bounded space.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "firebreak/clock.h"
#include "firebreak/finding.h"
#include "kube/events.h"

namespace firebreak::control {

class Alerts {
 public:
  Alerts(kube::EventRecorder& recorder, Clock& clock);

  // Findings of tier Alert about one object, the most certain first. Does not block; a process that
  // is killed before the Event is written judges anew after its start and emits the same one.
  void tell(Family family, const ObjectRef& target, const std::vector<Finding>& findings);

 private:
  enum class Turn { kKnown, kTell, kRollUp };
  Turn turnOf(const std::string& key, const std::string& print, const std::string& ns);

  struct Window {
    int64_t hour = 0;
    int told = 0;
  };
  kube::EventRecorder& recorder_;
  Clock& clock_;
  std::mutex mutex_;
  std::map<std::string, std::string> known_;  // uid and family -> fingerprint
  std::map<std::string, Window> windows_;     // by namespace
};

}  // namespace firebreak::control
