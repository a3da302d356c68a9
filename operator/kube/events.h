// EventRecorder: tells people what Firebreak did, as Events (events.k8s.io/v1). A bounded queue
// with a thread of its own that writes at the lowest priority; emit() never blocks, and what does
// not fit is counted, so that Events can never hold back a remediation. Names are the caller's and
// deterministic: the same step emits the same Event once, also after a restart (AlreadyExists is
// success). Another step that says the same of the same object soon after becomes part of the first
// one's series. Thread-safe.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "firebreak/clock.h"
#include "firebreak/object_ref.h"
#include "kube/client.h"

namespace firebreak::kube {

enum class EventType { kNormal, kWarning };

struct EventSpec {
  std::string name;  // a DNS subdomain; unique within the namespace that the Event lands in
  EventType type = EventType::kNormal;
  std::string reason;   // "PodIsolated"
  std::string action;   // "Isolate"
  std::string note;     // cut at 1024 bytes, never inside a character; no secret value
  ObjectRef regarding;  // the Event lands in its namespace, `default` for cluster-scoped objects
  std::optional<ObjectRef> related;
  WallTime time{};
};

// The Event as JSON; pure.
Json eventJson(const EventSpec& spec, const std::string& reportingInstance);

struct EventStats {
  uint64_t written = 0;  // as an Event of its own, or as one more of a series
  uint64_t dropped = 0;  // the queue was full
  uint64_t failed = 0;   // given up after retries
};

class EventRecorder {
 public:
  // `instance` names this process: the pod's name.
  EventRecorder(Client& client, std::string instance, size_t capacity = 1024);
  ~EventRecorder();  // drops what is left
  EventRecorder(const EventRecorder&) = delete;
  EventRecorder& operator=(const EventRecorder&) = delete;

  void emit(EventSpec spec);
  // Waits until the queue is empty; false where the deadline came first.
  bool flush(std::chrono::milliseconds deadline);
  EventStats stats() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace firebreak::kube
