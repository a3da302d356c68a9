#include "control/dispatcher.h"

#include <algorithm>
#include <exception>

#include "base/log.h"
#include "base/metrics.h"

namespace firebreak::control {
namespace {

const MetricLabels kQueueLabels = {{"name", "firebreak"}};

}  // namespace

Dispatcher::Dispatcher(Clock& clock) : clock_(clock) {}

Dispatcher::~Dispatcher() { stop(); }

void Dispatcher::handle(const std::string& sort, Handler handler) {
  handlers_[sort] = std::move(handler);
}

void Dispatcher::add(const std::string& sort, const std::string& key,
                     kube::QueuePriority priority) {
  std::lock_guard lock(mutex_);
  if (!running_ || !queue_) return;
  queue_->add(sort + "|" + key, priority);
  metrics().increment(metric::kWorkqueueAdds, kQueueLabels);
}

void Dispatcher::start(int workers) {
  {
    std::lock_guard lock(mutex_);
    if (running_) return;
    queue_ = std::make_unique<kube::WorkQueue>(clock_);
    running_ = true;
  }
  for (int i = 0; i < workers; ++i) workers_.emplace_back([this] { work(); });
}

void Dispatcher::stop() {
  {
    std::lock_guard lock(mutex_);
    if (!running_) return;
    running_ = false;
    queue_->shutdown();
  }
  for (std::thread& worker : workers_) worker.join();
  workers_.clear();
}

size_t Dispatcher::depth() const {
  std::lock_guard lock(mutex_);
  return queue_ ? queue_->size() : 0;
}

void Dispatcher::work() {
  while (auto queued = queue_->get()) {
    handleOne(*queued);
    queue_->done(*queued);
  }
}

void Dispatcher::handleOne(const std::string& queued) {
  size_t bar = queued.find('|');
  auto handler = handlers_.find(queued.substr(0, bar));
  if (handler == handlers_.end()) return;
  Result<std::optional<WallTime>> result = std::optional<WallTime>();
  try {
    result = handler->second(queued.substr(bar + 1));
  } catch (const std::exception& exception) {
    result = fail(ErrorCode::kInternal, exception.what());
  }
  if (!result) {
    auto delay = queue_->addAfterFailure(queued);
    metrics().increment(metric::kWorkqueueRetries, kQueueLabels);
    // A conflict is the normal way to learn of somebody else's change.
    bool expected = result.error().code == ErrorCode::kConflict;
    log::write(expected ? log::Level::kDebug : log::Level::kWarn, "work is tried again",
               {{"key", queued}, {"cause", result.error().message}, {"delayMs", delay.count()}});
    return;
  }
  queue_->forget(queued);
  if (*result) {
    auto delay = std::chrono::duration_cast<std::chrono::milliseconds>(**result - clock_.wall());
    queue_->addAfter(queued, std::max(delay, std::chrono::milliseconds(10)));
  }
}

}  // namespace firebreak::control
