#include "sensor/responder.h"

#include <algorithm>
#include <utility>

#include "base/log.h"

namespace firebreak::sensor {
namespace {

// A batch of pods is proven at once, not one after the other: a probe waits 0.7 s and costs nothing meanwhile.
constexpr int kThreads = 8;

}  // namespace

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
  for (std::thread& thread : threads_) thread.join();
}

void Responder::start() {
  for (int i = 0; i < kThreads; ++i) threads_.emplace_back([this] { run(); });
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

std::set<std::string> Responder::heldPods() const {
  std::lock_guard lock(mutex_);
  return book_.heldPods();
}

// The first task that is due of a pod at which nobody is.
std::optional<Task> Responder::nextTask() const {
  for (Task& task : book_.due(clock_.wall())) {
    if (!busy_.contains(task.order.podUid)) return std::move(task);
  }
  return std::nullopt;
}

void Responder::takeOrders(std::unique_lock<std::mutex>& lock) {
  const uint64_t told = book_.version();
  const bool first = !std::exchange(adopted_, true);
  if (first) book_.adopt(inbox_->reports);
  book_.setOrders(inbox_->orders, clock_.wall());
  std::vector<std::string> keep;
  for (const IsolationOrder& order : inbox_->orders) keep.push_back(order.podUid);
  inbox_.reset();
  const bool changed = book_.version() != told;
  sweeping_ = first && mayIsolate_;
  lock.unlock();
  if (first && mayIsolate_) isolation_.sweep(keep);
  if (changed) changed_();
  lock.lock();
  sweeping_ = false;
}

void Responder::run() {
  std::unique_lock lock(mutex_);
  while (!stop_) {
    if (sweeping_) {
      wake_.wait(lock, [this] { return stop_ || !sweeping_; });
      continue;
    }
    if (inbox_) {
      takeOrders(lock);
      wake_.notify_all();
      continue;
    }
    if (auto task = nextTask()) {
      carryOut(*task, lock);
      wake_.notify_all();  // its pod is free again, and its next measure perhaps due
      continue;
    }
    const auto due = book_.nextDue(busy_);
    if (!due) {
      wake_.wait(lock);
    } else {
      // Never at once again: whatever was due has just been tried.
      constexpr std::chrono::milliseconds kBreath{20};
      wake_.wait_for(lock, std::max<WallTime::duration>(*due - clock_.wall(), kBreath));
    }
  }
}

void Responder::carryOut(const Task& task, std::unique_lock<std::mutex>& lock) {
  busy_.insert(task.order.podUid);
  const bool undo = task.verb == Task::Verb::kUndo;
  const bool wanted = undo && book_.wants(task.order.podUid, task.measure, clock_.wall());
  lock.unlock();
  Outcome outcome;
  if (wanted) {
    outcome = {MeasureState::kReleased, "another order still holds this pod"};
  } else {
    outcome = undo ? isolation_.undo(task.order, task.measure)
                   : isolation_.ensure(task.order, task.measure);
  }
  lock.lock();
  busy_.erase(task.order.podUid);
  const uint64_t before = book_.version();
  book_.done(task, outcome, clock_.wall());
  if (book_.version() == before) return;
  lock.unlock();
  changed_();
  log::info("isolation measure", {{"orderID", task.order.orderId},
                                  {"podUID", task.order.podUid},
                                  {"measure", task.measure},
                                  {"verb", undo ? "undo" : "ensure"},
                                  {"state", toString(outcome.state)},
                                  {"message", outcome.message}});
  lock.lock();
}

}  // namespace firebreak::sensor
