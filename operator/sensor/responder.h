// Responder: a few threads that keep the operator's orders in force, so that a slow pod or probe holds
// up neither the scan nor the reports, nor the other pods: a probe that proves something waits for its
// time-out. Never two of them at one pod. Orders come in from any thread; `changed` is called on one of
// the responder's threads whenever reports() would say something else.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "firebreak/clock.h"
#include "sensor/isolator.h"
#include "sensor/order_book.h"

namespace firebreak::sensor {

class Responder {
 public:
  // `isolation` and `clock` outlive it.
  Responder(Isolation& isolation, Clock& clock, OrderLimits limits, std::function<void()> changed);
  ~Responder();  // stops; what is in force stays so
  Responder(const Responder&) = delete;
  Responder& operator=(const Responder&) = delete;

  void start();
  // The NodeGuard as it is now. The first one also says what a sensor before this one did.
  void setOrders(const NodeGuard& guard);
  std::vector<MeasureReport> reports() const;
  // Pods that an order holds.
  std::set<std::string> heldPods() const;

 private:
  void run();
  // Both with mutex_ locked, which they may give up for a while.
  void takeOrders(std::unique_lock<std::mutex>& lock);
  void carryOut(const Task& task, std::unique_lock<std::mutex>& lock);
  std::optional<Task> nextTask() const;

  Isolation& isolation_;
  Clock& clock_;
  const std::function<void()> changed_;
  const bool mayIsolate_;

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  OrderBook book_;                  // under mutex_
  std::optional<NodeGuard> inbox_;  // under mutex_
  std::set<std::string> busy_;      // pods that a thread is at; under mutex_
  bool adopted_ = false;            // under mutex_
  bool sweeping_ = false;           // under mutex_
  bool stop_ = false;               // under mutex_
  std::vector<std::thread> threads_;
};

}  // namespace firebreak::sensor
