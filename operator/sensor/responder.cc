#include "sensor/responder.h"

#include <algorithm>

#include "base/log.h"

namespace firebreak::sensor {

Responder::Responder(Isolation& isolation, Clock& clock, OrderLimits limits,
                     std::function<void()> changed)
    : isolation_(isolation),
      clock_(clock),
      changed_(std::move(changed)),
      mayIsolate_(limits.responder),
      book_(std::move(limits)) {}

Responder::~Responder() {
  {
    std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Responder::start() {
  thread_ = std::thread([this] { run(); });
}

void Responder::setOrders(const NodeGuard& guard) {
  {
    std::lock_guard lock(mutex_);
    inbox_ = guard;
  }
  wake_.notify_all();
}

std::vector<MeasureReport> Responder::reports() const {
  std::lock_guard lock(mutex_);
  return book_.reports();
}

void Responder::run() {
  std::unique_lock lock(mutex_);
  while (!stop_) {
    uint64_t told = book_.version();
    const auto tell = [&] {
      if (std::exchange(told, book_.version()) == book_.version()) return;
      lock.unlock();
      changed_();
      lock.lock();
    };
    if (inbox_) {
      const bool first = !std::exchange(adopted_, true);
      if (first) book_.adopt(inbox_->reports);
      book_.setOrders(inbox_->orders, clock_.wall());
      std::vector<std::string> keep;
      for (const IsolationOrder& order : inbox_->orders) keep.push_back(order.podUid);
      inbox_.reset();
      if (first && mayIsolate_) {
        lock.unlock();
        isolation_.sweep(keep);
        lock.lock();
      }
      tell();
    }
    for (const Task& task : book_.due(clock_.wall())) {
      lock.unlock();
      carryOut(task);
      lock.lock();
      tell();
      if (stop_ || inbox_) break;  // newer orders first
    }
    if (stop_ || inbox_) continue;
    const auto due = book_.nextDue();
    const WallTime now = clock_.wall();
    if (!due) {
      wake_.wait(lock, [this] { return stop_ || inbox_.has_value(); });
    } else {
      // Never at once again: whatever was due has just been tried.
      constexpr std::chrono::milliseconds kBreath{20};
      const auto wait = std::max<WallTime::duration>(*due - now, kBreath);
      wake_.wait_for(lock, wait, [this] { return stop_ || inbox_.has_value(); });
    }
  }
}

void Responder::carryOut(const Task& task) {
  Outcome outcome;
  if (task.verb == Task::Verb::kEnsure) {
    outcome = isolation_.ensure(task.order, task.measure);
  } else {
    bool wanted = false;
    {
      std::lock_guard lock(mutex_);
      wanted = book_.wants(task.order.podUid, task.measure, clock_.wall());
    }
    outcome = wanted ? Outcome{MeasureState::kReleased, "another order still holds this pod"}
                     : isolation_.undo(task.order, task.measure);
  }
  std::lock_guard lock(mutex_);
  const uint64_t before = book_.version();
  book_.done(task, outcome, clock_.wall());
  if (book_.version() == before) return;
  log::info("isolation measure", {{"orderID", task.order.orderId},
                                  {"podUID", task.order.podUid},
                                  {"measure", task.measure},
                                  {"verb", task.verb == Task::Verb::kEnsure ? "ensure" : "undo"},
                                  {"state", toString(outcome.state)},
                                  {"message", outcome.message}});
}

}  // namespace firebreak::sensor
