// GuardChannel: the sensor's only way to the API server: it creates the NodeGuard of its node where
// there is none, watches it for orders and writes its status. A thread of its own writes, so that a
// hanging API server does not hold up the scan; only the newest status counts.
// Owned by the sensor's main. publish() from any thread; `onGuard` is called on the transport's I/O
// thread and must not block.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "base/json.h"
#include "firebreak/node_guard.h"
#include "kube/client.h"
#include "kube/watch.h"

namespace firebreak::sensor {

class GuardChannel : public kube::WatchSink {
 public:
  // The spec changed (or the first list is complete). An absent object is one without orders.
  using OnGuard = std::function<void(const NodeGuard& guard, int64_t generation)>;

  GuardChannel(kube::Transport& transport, std::string node, OnGuard onGuard);
  ~GuardChannel() override;  // stops

  void start();
  void publish(Json status);

  void begin() override;
  void upsert(std::string_view objectJson, bool initial) override;
  void erase(std::string_view objectJson) override;
  void synced() override;
  void failed(const Error& error) override;

 private:
  void run();
  Status write(const Json& status);

  const std::string node_;
  const OnGuard onGuard_;
  kube::Client client_;
  kube::Reflector reflector_;

  // I/O thread only.
  bool present_ = false;
  std::optional<int64_t> generation_;
  std::string uid_;

  std::mutex mutex_;
  std::condition_variable wake_;
  std::optional<Json> pending_;  // under mutex_
  bool stop_ = false;            // under mutex_
  std::thread thread_;
};

}  // namespace firebreak::sensor
