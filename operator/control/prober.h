// Prober: asks a console, without any credential, as a stranger would. One GET per call, no redirect
// followed, 64 KiB at most, only to addresses that the caller allows, never to loopback, link-local or
// metadata addresses. It does not judge (detect/dashboards does).
// `probe` and `tcpConnect` block and may be called from any thread; `submit` runs them on the prober's
// own workers and calls back there. Owned by the operator; the destructor waits for what runs.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "detect/dashboards/probe_answer.h"
#include "firebreak/clock.h"

namespace firebreak::control {

struct ProbeRequest {
  std::string scheme = "http";
  std::string address;  // IP literal; host names are never looked up
  int port = 0;
  std::string host;     // Host header and TLS server name; empty = the address
  std::string path = "/";
  std::chrono::milliseconds timeout{3000};
};

struct ProberOptions {
  std::string version = "0.1.0";  // in the User-Agent
  int workers = 2;
  int requestsPerMinute = 600;  // over all targets; beyond it requests fail with `error` saying so
  size_t maxQueued = 4096;
  bool allowLoopback = false;  // tests only
};

class Prober {
 public:
  using Addresses = std::set<std::string>;  // normal IP literals (detect::normalAddress)
  using Callback = std::function<void(detect::ProbeAnswer)>;

  Prober(ProberOptions options, Clock& clock);
  ~Prober();
  Prober(const Prober&) = delete;
  Prober& operator=(const Prober&) = delete;

  detect::ProbeAnswer probe(const ProbeRequest& request, const Addresses& allowed);

  // The control request: does a TCP connection to this address come about?
  detect::ProbeAnswer tcpConnect(const std::string& address, int port, const Addresses& allowed,
                                 std::chrono::milliseconds timeout);

  // Any blocking work that uses this prober, on its workers. False where the queue is full.
  bool submit(std::function<void()> work);
  bool submit(ProbeRequest request, Addresses allowed, Callback callback);

 private:
  // Empty where the request may go out.
  std::string refusal(const std::string& address, int port, const Addresses& allowed);
  bool withinBudget();
  void work();

  const ProberOptions options_;
  Clock& clock_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> queue_;
  std::deque<MonoTime> sent_;  // within the last minute
  bool stopping_ = false;
  std::vector<std::thread> workers_;
};

}  // namespace firebreak::control
