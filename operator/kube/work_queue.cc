#include "kube/work_queue.h"

#include <algorithm>

namespace firebreak::kube {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kFirstDelay{5};
// A provider that was away for an hour must not cost the next quarter of one.
constexpr milliseconds kLongestDelay{120'000};
// A worker that waits looks at the clock at least this often.
constexpr milliseconds kLongestSleep{1'000};

size_t index(QueuePriority priority) { return static_cast<size_t>(priority); }

}  // namespace

milliseconds WorkQueue::failureDelay(int failures) {
  if (failures <= 0) return milliseconds(0);
  return std::min<milliseconds>(kFirstDelay * (1LL << std::min(failures - 1, 30)), kLongestDelay);
}

void WorkQueue::add(const std::string& key, QueuePriority priority) {
  std::lock_guard lock(mutex_);
  addLocked(key, priority);
}

void WorkQueue::addLocked(const std::string& key, QueuePriority priority) {
  if (shutdown_) return;
  Entry& entry = entries_[key];
  if (entry.working) {
    entry.againPriority = entry.again ? std::min(entry.againPriority, priority) : priority;
    entry.again = true;
    return;
  }
  if (entry.queued) {
    if (priority >= entry.priority) return;
    // More urgent now: it changes its queue.
    std::erase(ready_[index(entry.priority)], key);
  }
  entry.queued = true;
  entry.priority = priority;
  ready_[index(priority)].push_back(key);
  wake_.notify_one();
}

void WorkQueue::addAfter(const std::string& key, milliseconds delay, QueuePriority priority) {
  std::lock_guard lock(mutex_);
  if (shutdown_) return;
  if (delay.count() <= 0) return addLocked(key, priority);
  const MonoTime due = clock_.mono() + delay;
  Entry& entry = entries_[key];
  if (entry.due) {
    if (*entry.due <= due) return;
    const auto range = delayed_.equal_range(*entry.due);
    const auto it = std::find_if(range.first, range.second,
                                 [&](const auto& waiting) { return waiting.second.first == key; });
    if (it != range.second) delayed_.erase(it);
  }
  entry.due = due;
  delayed_.emplace(due, std::make_pair(key, priority));
  wake_.notify_one();
}

milliseconds WorkQueue::addAfterFailure(const std::string& key, QueuePriority priority) {
  milliseconds delay{0};
  {
    std::lock_guard lock(mutex_);
    delay = failureDelay(++failures_[key]);
  }
  addAfter(key, delay, priority);
  return delay;
}

void WorkQueue::forget(const std::string& key) {
  std::lock_guard lock(mutex_);
  failures_.erase(key);
}

int WorkQueue::failures(const std::string& key) const {
  std::lock_guard lock(mutex_);
  auto it = failures_.find(key);
  return it == failures_.end() ? 0 : it->second;
}

void WorkQueue::promoteDueLocked() {
  const MonoTime now = clock_.mono();
  while (!delayed_.empty() && delayed_.begin()->first <= now) {
    auto [key, priority] = std::move(delayed_.begin()->second);
    delayed_.erase(delayed_.begin());
    entries_[key].due.reset();
    addLocked(key, priority);
  }
}

std::optional<std::string> WorkQueue::takeLocked() {
  promoteDueLocked();
  for (auto& queue : ready_) {
    if (queue.empty()) continue;
    std::string key = std::move(queue.front());
    queue.pop_front();
    Entry& entry = entries_[key];
    entry.queued = false;
    entry.working = true;
    return key;
  }
  return std::nullopt;
}

std::optional<std::string> WorkQueue::tryGet() {
  std::lock_guard lock(mutex_);
  if (shutdown_) return std::nullopt;
  return takeLocked();
}

std::optional<std::string> WorkQueue::get() {
  std::unique_lock lock(mutex_);
  for (;;) {
    if (shutdown_) return std::nullopt;
    if (auto key = takeLocked()) return key;
    if (delayed_.empty()) {
      wake_.wait(lock);
      continue;
    }
    const auto wait = std::chrono::ceil<milliseconds>(delayed_.begin()->first - clock_.mono());
    wake_.wait_for(lock, std::clamp(wait, milliseconds(1), kLongestSleep));
  }
}

void WorkQueue::done(const std::string& key) {
  std::lock_guard lock(mutex_);
  auto it = entries_.find(key);
  if (it == entries_.end()) return;
  Entry& entry = it->second;
  entry.working = false;
  if (entry.again) {
    entry.again = false;
    addLocked(key, entry.againPriority);
    return;
  }
  dropIfUnusedLocked(key);
}

void WorkQueue::dropIfUnusedLocked(const std::string& key) {
  auto it = entries_.find(key);
  if (it == entries_.end()) return;
  const Entry& entry = it->second;
  if (!entry.queued && !entry.working && !entry.due) entries_.erase(it);
}

void WorkQueue::shutdown() {
  std::lock_guard lock(mutex_);
  shutdown_ = true;
  wake_.notify_all();
}

size_t WorkQueue::size() const {
  std::lock_guard lock(mutex_);
  size_t total = 0;
  for (const auto& queue : ready_) total += queue.size();
  return total;
}

bool WorkQueue::idle() const {
  std::lock_guard lock(mutex_);
  return entries_.empty();
}

}  // namespace firebreak::kube
