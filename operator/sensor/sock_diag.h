// Sockets of the current network namespace over NETLINK_SOCK_DIAG: list the flows, destroy them
// (the peer gets an RST, the owner ECONNABORTED). Called inside a short-lived child (netns_child.h).
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "firebreak/result.h"

namespace firebreak::sensor {

struct Flow {
  std::string protocol;  // "tcp", "udp"
  std::string local;     // "10.0.0.7:51446"
  std::string remote;
  // The pod opened it: its port is not one that the pod listens on.
  bool outgoing = false;
  bool established = false;  // else on its way in or out of being so
  bool destroyed = false;
};

// Every connected socket whose two ends are not both loopback; TIME_WAIT and listening ones are
// left out. With `destroy`, tries to destroy each. A set `onlyInodes` restricts both to these
// sockets (a pod on the node's own network); nullptr = all.
Result<std::vector<Flow>> connectedSockets(bool destroy, const std::set<uint64_t>* onlyInodes);

// One flow per line, for the way through a pipe, and back.
std::string flowsToText(const std::vector<Flow>& flows);
std::vector<Flow> flowsFromText(std::string_view text);

}  // namespace firebreak::sensor
