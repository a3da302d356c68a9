// Dispatcher: a few workers that take keys from one fair queue and hand each to the handler of its
// sort. "pod|shop/web-1", "remediation|miner-web-1-0a1b". One worker per key at a time; a failure is
// tried again with back-off; an exception is contained, counted and logged.
// Started when this process begins to lead, stopped when it no longer does.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "firebreak/clock.h"
#include "firebreak/result.h"
#include "kube/work_queue.h"

namespace firebreak::control {

class Dispatcher {
 public:
  // Returns when to look at the key again, nothing where only a change makes that worthwhile.
  using Handler = std::function<Result<std::optional<WallTime>>(const std::string& key)>;

  explicit Dispatcher(Clock& clock);
  ~Dispatcher();

  // Before start().
  void handle(const std::string& sort, Handler handler);
  // Dropped while not started: whoever starts enqueues everything.
  void add(const std::string& sort, const std::string& key,
           kube::QueuePriority priority = kube::QueuePriority::kNormal);
  void start(int workers);
  void stop();
  size_t depth() const;

 private:
  void work();
  void handleOne(const std::string& queued);

  Clock& clock_;
  std::unique_ptr<kube::WorkQueue> queue_;
  mutable std::mutex mutex_;  // of queue_'s lifetime
  std::atomic<bool> running_{false};
  std::map<std::string, Handler> handlers_;
  std::vector<std::thread> workers_;
};

}  // namespace firebreak::control
