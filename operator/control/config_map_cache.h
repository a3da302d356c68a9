// ConfigMapCache: the ConfigMaps that pods mount, fetched when a judgement asks for them and kept for a while,
// so that a pod that changes often costs no request each time. Nothing of them is watched. Thread-safe.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "firebreak/clock.h"
#include "firebreak/observed.h"
#include "kube/client.h"

namespace firebreak::control {

class ConfigMapCache {
 public:
  struct Entry {
    std::shared_ptr<const StringMap> data;  // null = there is none, or it is of no interest
    WallTime changed{};                     // when its content was last written, as its field managers say
  };
  enum class Interest {
    kAnyText,      // whatever it holds
    kMinerConfig,  // only where a value of it parses as a miner's configuration
  };

  ConfigMapCache(kube::Client& client, Clock& clock) : client_(client), clock_(clock) {}

  // At most a minute old; "no miner's configuration" at most ten.
  Entry get(const std::string& ns, const std::string& name, Interest interest);

 private:
  struct Fetched {
    MonoTime at{};
    Entry entry;
  };
  const Entry* known(const std::string& key, Interest interest);

  kube::Client& client_;
  Clock& clock_;
  std::mutex mutex_;
  std::map<std::string, Fetched> fetched_;   // by namespace/name
  std::map<std::string, MonoTime> harmless_;  // without their data: they are many
};

}  // namespace firebreak::control
