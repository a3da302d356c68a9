#include "kube/events.h"

#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <thread>
#include <utility>

#include "base/log.h"
#include "base/metrics.h"
#include "base/time_format.h"

namespace firebreak::kube {
namespace {

constexpr size_t kMaxNote = 1024;
constexpr size_t kMaxReason = 128;
// How often an Event that could not be written is tried, beyond the client's own retries.
constexpr int kAttempts = 3;
// What is said again within this time belongs to a series, as client-go has it.
constexpr auto kSeriesWindow = std::chrono::minutes(6);
constexpr size_t kMaxSeries = 1024;

// At most `max` bytes, never half a character: bytes 10xxxxxx continue one.
std::string cutUtf8(const std::string& text, size_t max) {
  if (text.size() <= max) return text;
  size_t end = max;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  return text.substr(0, end);
}

Json refJson(const ObjectRef& ref) {
  Json out = {{"apiVersion", ref.apiVersion}, {"kind", ref.kind}, {"name", ref.name}};
  if (!ref.ns.empty()) out["namespace"] = ref.ns;
  if (!ref.uid.empty()) out["uid"] = ref.uid;
  return out;
}

std::string namespaceOf(const EventSpec& spec) {
  return spec.regarding.ns.empty() ? "default" : spec.regarding.ns;
}

// What two Events of one series have in common.
std::string seriesKey(const EventSpec& spec) {
  return dumpJson(Json::array({static_cast<int>(spec.type), spec.reason, spec.action, spec.note,
                               refJson(spec.regarding)}));
}

struct Series {
  std::string name;  // of the first Event
  int64_t count = 1;
  WallTime last{};
};

}  // namespace

Json eventJson(const EventSpec& spec, const std::string& reportingInstance) {
  Json out = {{"apiVersion", "events.k8s.io/v1"},
              {"kind", "Event"},
              {"metadata", {{"name", spec.name}, {"namespace", namespaceOf(spec)}}},
              {"eventTime", formatMicroTime(spec.time)},
              {"type", spec.type == EventType::kWarning ? "Warning" : "Normal"},
              {"reason", cutUtf8(spec.reason, kMaxReason)},
              {"action", cutUtf8(spec.action.empty() ? spec.reason : spec.action, kMaxReason)},
              {"note", cutUtf8(spec.note, kMaxNote)},
              {"regarding", refJson(spec.regarding)},
              {"reportingController", "firebreak.dev/operator"},
              {"reportingInstance", cutUtf8(reportingInstance, kMaxReason)}};
  if (spec.related) out["related"] = refJson(*spec.related);
  return out;
}

struct EventRecorder::Impl {
  Impl(Client& recorderClient, std::string name, size_t limit)
      : client(recorderClient), instance(std::move(name)), capacity(limit) {}

  void run() {
    std::unique_lock lock(mutex);
    for (;;) {
      changed.wait(lock, [this] { return stopping || !queue.empty(); });
      if (stopping) return;
      const EventSpec spec = std::move(queue.front());
      queue.pop_front();
      writing = true;
      lock.unlock();
      const bool ok = write(spec);
      lock.lock();
      writing = false;
      ++(ok ? stats.written : stats.failed);
      metrics().increment(metric::kEvents, {{"result", ok ? "written" : "failed"}});
      changed.notify_all();
    }
  }

  bool write(const EventSpec& spec) {
    const std::string key = seriesKey(spec);
    auto known = series.find(key);
    if (known != series.end() && spec.time - known->second.last < kSeriesWindow) {
      if (known->second.name == spec.name) return true;  // the same step once more
      if (prolong(spec, known->second)) return true;
    }
    if (!writeOne(spec)) return false;
    if (series.size() >= kMaxSeries) forgetOldSeries(spec.time);
    series[key] = {spec.name, 1, spec.time};
    return true;
  }

  // False where the first Event is gone or cannot be changed; then a new one is made.
  bool prolong(const EventSpec& spec, Series& known) {
    PatchOptions options;
    options.priority = Priority::kEvent;
    const Json patch = {{"series",
                         {{"count", known.count + 1},
                          {"lastObservedTime", formatMicroTime(spec.time)}}}};
    auto done =
        client.patch(kEvents, namespaceOf(spec), known.name, PatchKind::kMerge, patch, options);
    if (!done) return false;
    ++known.count;
    known.last = spec.time;
    return true;
  }

  void forgetOldSeries(WallTime now) {
    std::erase_if(series, [&](const auto& entry) {
      return now - entry.second.last >= kSeriesWindow;
    });
    if (series.size() >= kMaxSeries) series.clear();
  }

  bool writeOne(const EventSpec& spec) {
    const Json body = eventJson(spec, instance);
    for (int attempt = 1;; ++attempt) {
      const auto made = client.create(kEvents, namespaceOf(spec), body, Priority::kEvent);
      if (made || made.error().code == ErrorCode::kAlreadyExists) return true;
      // A namespace that is being deleted takes no Events; neither do bad ones get better.
      const bool again = isRetryable(made.error()) && made.error().code != ErrorCode::kConflict;
      if (again && attempt < kAttempts && !isStopping()) continue;
      log::warn("event not written", {{"event", spec.name}, {"cause", made.error().message}});
      return false;
    }
  }

  bool isStopping() {
    std::lock_guard lock(mutex);
    return stopping;
  }

  Client& client;
  const std::string instance;
  const size_t capacity;
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<EventSpec> queue;
  EventStats stats;
  std::map<std::string, Series> series;  // the writing thread's own
  bool writing = false;
  bool stopping = false;
  std::thread thread;
};

EventRecorder::EventRecorder(Client& client, std::string instance, size_t capacity)
    : impl_(std::make_unique<Impl>(client, std::move(instance), capacity)) {
  impl_->thread = std::thread([impl = impl_.get()] { impl->run(); });
}

EventRecorder::~EventRecorder() {
  {
    std::lock_guard lock(impl_->mutex);
    impl_->stopping = true;
    impl_->changed.notify_all();
  }
  impl_->thread.join();
}

void EventRecorder::emit(EventSpec spec) {
  std::lock_guard lock(impl_->mutex);
  if (impl_->queue.size() >= impl_->capacity) {
    ++impl_->stats.dropped;
    metrics().increment(metric::kEvents, {{"result", "dropped"}});
    return;
  }
  impl_->queue.push_back(std::move(spec));
  impl_->changed.notify_all();
}

bool EventRecorder::flush(std::chrono::milliseconds deadline) {
  std::unique_lock lock(impl_->mutex);
  return impl_->changed.wait_for(lock, deadline,
                                 [this] { return impl_->queue.empty() && !impl_->writing; });
}

EventStats EventRecorder::stats() const {
  std::lock_guard lock(impl_->mutex);
  return impl_->stats;
}

}  // namespace firebreak::kube
