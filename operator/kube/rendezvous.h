// Rendezvous: a blocked thread waits for one value from the I/O thread. The giver's end may be
// copied into callbacks; when the last copy goes without a value, the waiter is told so, hence a
// callback that is dropped on shutdown never leaves anybody waiting.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

namespace firebreak::kube {

template <class T>
class Rendezvous {
 public:
  class Giver {
   public:
    explicit Giver(Rendezvous* to) : shared_(to->shared_) {}
    ~Giver() { shared_->settle(std::nullopt); }
    Giver(const Giver&) = delete;
    Giver& operator=(const Giver&) = delete;
    void give(T value) { shared_->settle(std::move(value)); }

   private:
    std::shared_ptr<typename Rendezvous::Shared> shared_;
  };

  std::shared_ptr<Giver> giver() { return std::make_shared<Giver>(this); }
  // Nothing where it was dropped.
  std::optional<T> wait() {
    std::unique_lock lock(shared_->mutex);
    shared_->wake.wait(lock, [this] { return shared_->settled; });
    return std::move(shared_->value);
  }

 private:
  struct Shared {
    std::mutex mutex;
    std::condition_variable wake;
    bool settled = false;
    std::optional<T> value;

    void settle(std::optional<T> given) {
      std::lock_guard lock(mutex);
      if (settled) return;
      settled = true;
      value = std::move(given);
      wake.notify_all();
    }
  };
  std::shared_ptr<Shared> shared_ = std::make_shared<Shared>();
};

}  // namespace firebreak::kube
