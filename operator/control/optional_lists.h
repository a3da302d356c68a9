// OptionalLists: lists of kinds whose definitions may not be installed, for what is looked at now and then
// and not worth a watch. One that is not there is asked for again after a minute. Thread-safe.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "base/json.h"
#include "firebreak/clock.h"
#include "kube/client.h"

namespace firebreak::control {

class OptionalLists {
 public:
  OptionalLists(kube::Client& client, Clock& clock) : client_(client), clock_(clock) {}

  // The items with their apiVersion and kind; none where the kind is not there.
  Result<std::vector<Json>> list(const kube::ResourceType& type, const std::string& ns);

 private:
  kube::Client& client_;
  Clock& clock_;
  std::mutex mutex_;
  std::map<std::string, MonoTime> absentSince_;
};

}  // namespace firebreak::control
