// Reflector: lists and watches one resource type for ever and hands the raw bytes of each object to
// a sink. Streaming list first, paged list where the server refuses it, resume after every end of
// stream, a full list only after 410 or a lost line. The decisions are in watch_machine.h; this is
// the part that does I/O.
// Owned by whoever owns the sink; start and stop from any thread but the I/O thread. The sink is
// called on the I/O thread only, one call at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "firebreak/clock.h"
#include "firebreak/result.h"
#include "kube/resource_types.h"
#include "kube/transport.h"

namespace firebreak::kube {

// What a watch delivers to. The bytes are valid during the call only.
class WatchSink {
 public:
  virtual ~WatchSink() = default;
  // A full list starts; what was announced since an earlier begin() without synced() is void.
  virtual void begin() = 0;
  // Added or modified; `initial` while it belongs to the list that begin() started.
  virtual void upsert(std::string_view objectJson, bool initial) = 0;
  virtual void erase(std::string_view objectJson) = 0;
  // The list is complete: whatever was not upserted since begin() is gone.
  virtual void synced() = 0;
  // The watch does not run at the moment and will be tried again; for conditions and metrics.
  virtual void failed(const Error& error) = 0;
  // It runs again where it was, without a list.
  virtual void resumed() {}
};

struct WatchTarget {
  ResourceType type;
  std::string ns;  // empty = all namespaces
  std::string labelSelector;
  std::string fieldSelector;
  bool metadataOnly = false;  // PartialObjectMetadata: no spec, no status, no data
  // What to do with an object beyond maxLineBytes: judge its beginning (what somebody else wrote
  // and would like to hide), or keep its last state (what is carried out: half of it is worse).
  bool readOversized = false;
};

struct WatchOptions {
  size_t maxLineBytes = size_t{4} << 20;  // no more is read of one object
  int pageSize = 500;
  Clock& clock = systemClock();
  std::function<double()> random;  // numbers in [0, 1); empty = really random
};

struct WatchStats {
  uint64_t lists = 0;      // full lists that were begun
  uint64_t watches = 0;    // streams that were opened
  uint64_t events = 0;     // object lines
  uint64_t badLines = 0;   // not JSON, or without type and object
  uint64_t oversized = 0;  // lines beyond maxLineBytes
  uint64_t failures = 0;
  uint64_t bytes = 0;
};

class Reflector {
 public:
  // `transport` and `sink` outlive the Reflector.
  Reflector(Transport& transport, WatchTarget target, WatchSink& sink, WatchOptions options = {});
  ~Reflector();  // stops
  Reflector(const Reflector&) = delete;
  Reflector& operator=(const Reflector&) = delete;

  void start();
  // No call to the sink comes after this returned.
  void stop();
  WatchStats stats() const;

 private:
  class Driver;
  std::shared_ptr<Driver> driver_;
};

}  // namespace firebreak::kube
