// The HTTP port of the operator: /healthz, /readyz and /metrics. The server itself (cpprestsdk)
// runs in a process of its own, with a memory limit, without credentials, files or outgoing
// connections; it asks this object over a socketpair and answers 503 where no answer comes in time.
// Whoever floods the port kills that process alone, which is started again with back-off. Also
// answers `firebreak healthz`.
//
// One per process, owned by the operator command. start() forks: call it before the first thread is
// started and before any credential is read. The callbacks run on a thread of this object's own,
// one call at a time; they should answer within the deadline and must not throw.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "firebreak/result.h"

namespace firebreak {

class HttpServer {
 public:
  struct Callbacks {
    std::function<bool()> ready{};           // /readyz: 200 or 503; absent = not ready yet
    std::function<std::string()> metrics{};  // /metrics; absent = 503
    std::function<bool()> alive{};  // /healthz and `firebreak healthz`; absent = starting, 200
  };
  struct Options {
    std::string address;  // "host:port", IPv4; empty = no HTTP port, only `firebreak healthz`
    Callbacks callbacks{};
    std::chrono::milliseconds deadline{2000};
    // Address space that the serving process may use on top of what it starts with.
    size_t memoryBytes = size_t{48} * 1024 * 1024;
    // Name of the abstract Unix socket for `firebreak healthz`; empty = none.
    std::string healthzSocket{};
  };

  // Returns once the port is open; an error says why it cannot be.
  static Result<std::unique_ptr<HttpServer>> start(Options options);
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  // May be called later and from any thread.
  void setCallbacks(Callbacks callbacks);

 private:
  struct Impl;
  explicit HttpServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace firebreak
