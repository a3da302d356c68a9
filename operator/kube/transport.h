// Transport: one request in, one response or one stream of bytes out. The seam under which faults
// are put in; the real one is CurlTransport (curl_transport.h), with one I/O thread.
// Owned by main or a test, and outlives every Client, Reflector and EventRecorder that uses it.
// Every method may be called from any thread; every callback comes on the I/O thread and must not
// block.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "firebreak/result.h"

namespace firebreak::kube {

// Order in which requests leave when more wait than may be in flight.
enum class Priority { kRemediation, kStatus, kRead, kEvent };

struct HttpRequest {
  std::string method = "GET";
  std::string path;  // with query, starts with "/"
  std::string body;
  std::string contentType = "application/json";
  std::string accept = "application/json";
  Priority priority = Priority::kRead;
  // From leaving the queue to the last byte. The server ends a stream earlier by itself, so one that
  // is still there, however slowly it drips, has lost its server.
  std::chrono::milliseconds timeout{10'000};
  // A longer body is an error, not a reason to run out of memory.
  size_t maxBodyBytes = size_t{64} << 20;
};

struct HttpResponse {
  int status = 0;
  std::string body;
  std::chrono::milliseconds retryAfter{0};  // the Retry-After header, 0 = absent
};

// How a request failed without an HTTP answer; tells what may be sent again.
enum class Sent { kNo, kMaybe };

struct TransportError {
  Error error;
  Sent sent = Sent::kMaybe;
};

using TransportResult = tl::expected<HttpResponse, TransportError>;

// The receiving end of one stream (a watch).
class StreamHandler {
 public:
  virtual ~StreamHandler() = default;
  virtual void onHead(int status, std::chrono::milliseconds retryAfter) = 0;
  // False ends the stream at once (onEnd still comes).
  virtual bool onData(std::string_view bytes) = 0;
  // Exactly once, last: ok where the server ended the stream properly.
  virtual void onEnd(const Status& how) = 0;
};

using StreamId = uint64_t;

class Transport {
 public:
  virtual ~Transport() = default;

  virtual void send(HttpRequest request, std::function<void(TransportResult)> done) = 0;
  virtual StreamId open(HttpRequest request, std::shared_ptr<StreamHandler> handler) = 0;
  // No callback of that stream comes after this returned to a caller on the I/O thread.
  virtual void close(StreamId id) = 0;

  // Runs `task` on the I/O thread after `delay`; dropped by stop().
  virtual void schedule(std::chrono::milliseconds delay, std::function<void()> task) = 0;
  virtual bool onIoThread() const = 0;

  // After a 401: reads the token, certificate or exec plugin again, then calls `done`.
  virtual void renewCredentials(std::function<void()> done) = 0;

  // Fails what is waiting or under way (kUnavailable, "shutting down"), ends streams, joins the I/O
  // thread. Later calls fail at once. Idempotent.
  virtual void stop() = 0;
};

}  // namespace firebreak::kube
