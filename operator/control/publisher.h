// Publisher: what stands for pods that publish themselves (detect/dashboards/host_publication.h): the
// controller at the top whose labels select them, or the bare pod. Reads the API server and the caches;
// safe from any worker.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "control/world.h"
#include "kube/client.h"

namespace firebreak::control {

struct Publisher {
  ObjectRef target;
  Json object;         // as the API server holds it
  StringMap selector;  // labels that are theirs alone; empty where there are none
  std::vector<std::shared_ptr<const Pod>> pods;
};

// The same for all pods of one controller: a place in the queue.
std::string publisherKey(const Pod& pod);

// The one behind such a key; nothing where its pods or it are gone.
Result<std::optional<Publisher>> publisherOf(kube::Client& client, const World& world,
                                             const std::string& key);
// The one that this is; nothing where it is gone or another object has its name now.
Result<std::optional<Publisher>> publisherAt(kube::Client& client, const World& world,
                                             const ObjectRef& target);

// The pods behind the target of an open console: a Service's, or those of such a publisher.
Result<std::vector<std::shared_ptr<const Pod>>> consolePods(kube::Client& client,
                                                            const World& world,
                                                            const ObjectRef& target);

}  // namespace firebreak::control
