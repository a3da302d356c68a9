// NodeGuard: the operator's orders to one node's sensor (spec) and what that sensor saw and did
// (status). Named after its node. Parsed and written by operator/api/node_guard_json.h.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "firebreak/finding.h"
#include "firebreak/observed.h"

namespace firebreak {

struct ProcessRef {
  int64_t pid = 0;        // in the node's pid namespace
  int64_t startTime = 0;  // field 22 of /proc/PID/stat, in clock ticks since boot
  std::string comm;
  std::string argv0;
  std::string commandLine;  // scrubbed
  std::string executable;
  bool executableDeleted = false;
};

struct Sighting {
  std::string podUid;
  std::string containerId;
  ProcessRef process;
  std::vector<Evidence> signals;
  int score = 0;  // 0-100
  WallTime firstSeen{};
  WallTime lastSeen{};
};

// One order: hold this pod by these measures until expiresAt. Removing it from the spec undoes it.
struct IsolationOrder {
  std::string orderId;
  std::string podUid;
  std::string podRef;  // "namespace/name", for people
  std::string containerId;
  int64_t pid = 0;
  int64_t startTime = 0;
  std::string remediation;
  std::vector<std::string> measures;  // Freeze, CutConnections, Drop, CaptureEvidence, Probe
  WallTime expiresAt{};
};

struct MeasureReport {
  std::string orderId;
  std::string podUid;
  std::string measure;
  std::string state;  // Pending, Applied, Verified, Failed, Released, Refused
  std::string message;
  WallTime time{};
};

struct NodeGuard {
  std::string node;
  std::string uid;
  std::string resourceVersion;
  std::vector<IsolationOrder> orders;
  std::vector<Sighting> sightings;
  std::vector<MeasureReport> reports;
  WallTime heartbeat{};
  std::string level;  // Basic, Full, Responder
};

}  // namespace firebreak
