// WorkQueue: keys that wait to be reconciled. A key is in the queue once; one worker at a time has
// it; what is added while it is worked on comes again after done(). Failures wait longer each time,
// per key (5 ms, doubled, up to 120 s). Higher priorities leave first, equal ones in order.
// Thread-safe. Time comes from the Clock; get() sleeps on a condition variable.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

#include "firebreak/clock.h"

namespace firebreak::kube {

// kBackground: what the first list brought; it must not hold back what happens now.
enum class QueuePriority { kUrgent, kNormal, kBackground };

class WorkQueue {
 public:
  explicit WorkQueue(Clock& clock) : clock_(clock) {}

  void add(const std::string& key, QueuePriority priority = QueuePriority::kNormal);
  // The earliest of several wins.
  void addAfter(const std::string& key, std::chrono::milliseconds delay,
                QueuePriority priority = QueuePriority::kNormal);
  // After a failure: addAfter with this key's delay, which doubles. Returns the delay.
  std::chrono::milliseconds addAfterFailure(const std::string& key,
                                            QueuePriority priority = QueuePriority::kNormal);
  // After a success: the key's delay starts over.
  void forget(const std::string& key);
  int failures(const std::string& key) const;

  // The next key, or nothing once the queue was shut down. Each must be followed by done().
  std::optional<std::string> get();
  // The same without waiting: nothing where no key is due.
  std::optional<std::string> tryGet();
  void done(const std::string& key);

  // Wakes every get(); nothing is handed out from then on.
  void shutdown();
  // Keys that are due and not in work.
  size_t size() const;
  // No key is due, delayed or in work.
  bool idle() const;

  static std::chrono::milliseconds failureDelay(int failures);

 private:
  struct Entry {
    QueuePriority priority = QueuePriority::kNormal;
    bool queued = false;   // in ready_
    bool working = false;  // handed out
    bool again = false;    // added while handed out
    QueuePriority againPriority = QueuePriority::kBackground;
    std::optional<MonoTime> due;  // in delayed_
  };
  static constexpr size_t kPriorities = 3;

  void addLocked(const std::string& key, QueuePriority priority);
  void promoteDueLocked();
  std::optional<std::string> takeLocked();
  void dropIfUnusedLocked(const std::string& key);

  Clock& clock_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::unordered_map<std::string, Entry> entries_;
  std::unordered_map<std::string, int> failures_;
  std::deque<std::string> ready_[kPriorities];
  std::multimap<MonoTime, std::pair<std::string, QueuePriority>> delayed_;
  bool shutdown_ = false;
};

}  // namespace firebreak::kube
