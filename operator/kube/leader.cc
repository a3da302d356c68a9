#include "kube/leader.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

#include "base/log.h"
#include "kube/lease_machine.h"

namespace firebreak::kube {

struct LeaderElector::Impl {
  Impl(Transport& transport, Clock& theClock, LeaderOptions given, Callbacks theirs)
      // One attempt each: the next look comes anyway, and an answer after the deadline is useless.
      : client(transport, ClientOptions{given.renewDeadline / 2, 1, given.retryPeriod}),
        clock(theClock),
        options(std::move(given)),
        callbacks(std::move(theirs)),
        machine(options.identity, options.leaseDuration) {}

  void run() {
    while (!pause(options.retryPeriod)) {
      look();
      if (leading && !leaseHolds()) stopLeading("it could not be renewed in time");
    }
    if (leading) {
      stopLeading("stopping");
      release();
    }
  }

  // Reads the Lease and takes or renews it where that is ours to do.
  void look() {
    // The lease counts from before the write: the server may have taken it any time after.
    const MonoTime asked = clock.mono();
    auto current = client.get(kLeases, options.ns, options.name, Priority::kRemediation);
    if (!current && current.error().code != ErrorCode::kNotFound) {
      return note(current.error());
    }
    if (current) {
      const LeaseView seen = readLease(*current);
      tellHolder(seen.holder);
      if (leading && seen.holder != options.identity) stopLeading("somebody else took it");
      if (!machine.mayTake(seen, clock.mono())) return;
    }
    auto written =
        current ? client.replace(kLeases, options.ns, options.name,
                                 machine.renewed(*current, clock.wall()), Priority::kRemediation)
                : client.create(kLeases, options.ns,
                                machine.created(options.ns, options.name, clock.wall()),
                                Priority::kRemediation);
    if (!written) return note(written.error());
    renewedAt = asked.time_since_epoch().count();
    lease = std::move(*written);
    tellHolder(options.identity);
    if (!leading && leaseHolds()) startLeading();
  }

  void startLeading() {
    leading = true;
    log::info("leading", {{"lease", options.ns + "/" + options.name}, {"as", options.identity}});
    if (callbacks.onStarted) callbacks.onStarted();
  }

  void stopLeading(const char* why) {
    leading = false;
    log::warn("leading no more", {{"lease", options.ns + "/" + options.name}, {"cause", why}});
    if (callbacks.onStopped) callbacks.onStopped();
  }

  void release() {
    auto done = client.replace(kLeases, options.ns, options.name,
                               machine.released(lease, clock.wall()), Priority::kRemediation);
    if (!done) note(done.error());
  }

  void tellHolder(const std::string& holder) {
    if (holder == lastHolder) return;
    lastHolder = holder;
    if (callbacks.onNewLeader && !holder.empty()) callbacks.onNewLeader(holder);
  }

  void note(const Error& error) {
    // Losing the race for it is how elections go.
    if (error.code == ErrorCode::kConflict || error.code == ErrorCode::kAlreadyExists) return;
    log::warn("lease not updated", {{"cause", error.message}});
  }

  bool leaseHolds() const {
    const MonoTime renewed{MonoTime::duration(renewedAt.load())};
    return renewedAt != 0 && clock.mono() - renewed < options.renewDeadline;
  }

  // True when it is time to stop. The first look comes at once.
  bool pause(std::chrono::milliseconds time) {
    std::unique_lock lock(mutex);
    if (std::exchange(first, false)) return stopping;
    return wake.wait_for(lock, time, [this] { return stopping; });
  }

  Client client;
  Clock& clock;
  const LeaderOptions options;
  const Callbacks callbacks;
  LeaseMachine machine;
  Json lease;
  std::string lastHolder;
  std::atomic<bool> leading{false};
  std::atomic<MonoTime::rep> renewedAt{0};
  std::mutex mutex;
  std::condition_variable wake;
  bool first = true;
  bool stopping = false;
  std::thread thread;
};

LeaderElector::LeaderElector(Transport& transport, Clock& clock, LeaderOptions options,
                             Callbacks callbacks)
    : impl_(std::make_unique<Impl>(transport, clock, std::move(options), std::move(callbacks))) {}

LeaderElector::~LeaderElector() { stop(); }

void LeaderElector::start() {
  if (impl_->thread.joinable()) return;
  impl_->thread = std::thread([impl = impl_.get()] { impl->run(); });
}

void LeaderElector::stop() {
  {
    std::lock_guard lock(impl_->mutex);
    impl_->stopping = true;
    impl_->wake.notify_all();
  }
  if (impl_->thread.joinable()) impl_->thread.join();
}

bool LeaderElector::isLeader() const { return impl_->leading && impl_->leaseHolds(); }

}  // namespace firebreak::kube
