// RequestQueue: what may leave next, when only so many requests may be under way. Each priority has
// a ceiling below the total, so that a flood of Events or reads leaves room for a remediation.
// Used by one thread.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <deque>
#include <optional>
#include <utility>

#include "kube/transport.h"

namespace firebreak::kube {

template <class T>
class RequestQueue {
 public:
  explicit RequestQueue(int maxInFlight) : max_(std::max(maxInFlight, 4)) {}

  void push(Priority priority, T item) { waiting_[index(priority)].push_back(std::move(item)); }
  // Counted as under way until finished() is called for its priority.
  std::optional<std::pair<Priority, T>> pop() {
    int upTo = 0;  // under way at this priority and below
    for (const int count : inFlight_) upTo += count;
    for (size_t i = 0; i < kCount && upTo < ceiling(i); ++i) {
      if (!waiting_[i].empty()) {
        T item = std::move(waiting_[i].front());
        waiting_[i].pop_front();
        ++inFlight_[i];
        return std::make_pair(static_cast<Priority>(i), std::move(item));
      }
      upTo -= inFlight_[i];
    }
    return std::nullopt;
  }
  void finished(Priority priority) { --inFlight_[index(priority)]; }
  // Everything that waits; for shutting down.
  std::deque<T> drain() {
    std::deque<T> all;
    for (auto& queue : waiting_) {
      for (T& item : queue) all.push_back(std::move(item));
      queue.clear();
    }
    return all;
  }

 private:
  static constexpr size_t kCount = 4;
  static size_t index(Priority priority) { return static_cast<size_t>(priority); }
  // Of `max`: remediations all, status 7/8, reads 3/4, Events 1/8.
  int ceiling(size_t i) const {
    const std::array<int, kCount> shares{8, 7, 6, 1};
    return std::max(1, max_ * shares[i] / 8);
  }

  const int max_;
  std::array<std::deque<T>, kCount> waiting_;
  std::array<int, kCount> inFlight_{};
};

}  // namespace firebreak::kube
