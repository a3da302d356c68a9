// Responder: a thread that keeps the operator's orders in force, so that a slow pod or probe holds
// up neither the scan nor the reports. Orders come in from any thread; `changed` is called on the
// responder's thread whenever reports() would say something else.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
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

 private:
  void run();
  void carryOut(const Task& task);

  Isolation& isolation_;
  Clock& clock_;
  const std::function<void()> changed_;
  const bool mayIsolate_;

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  OrderBook book_;                  // under mutex_
  std::optional<NodeGuard> inbox_;  // under mutex_
  bool adopted_ = false;            // under mutex_
  bool stop_ = false;               // under mutex_
  std::thread thread_;
};

}  // namespace firebreak::sensor
