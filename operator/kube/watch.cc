#include "kube/watch.h"

#include <atomic>
#include <mutex>
#include <random>
#include <utility>

#include "base/log.h"
#include "base/metrics.h"
#include "kube/api_status.h"
#include "kube/json_prefix.h"
#include "kube/list_page.h"
#include "kube/object_identity.h"
#include "kube/watch_line.h"
#include "kube/watch_machine.h"

namespace firebreak::kube {
namespace {

constexpr size_t kMaxErrorBody = size_t{64} << 10;
constexpr const char* kMetadataOnly =
    "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";
constexpr const char* kMetadataOnlyList =
    "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";

std::function<double()> realRandom() {
  auto engine = std::make_shared<std::minstd_rand>(std::random_device{}());
  return [engine] { return std::uniform_real_distribution<double>(0.0, 1.0)(*engine); };
}

std::string describeWatch(const WatchTarget& target) {
  std::string text = "watch " + std::string(target.type.plural);
  if (!target.ns.empty()) text += " in " + target.ns;
  return text;
}

}  // namespace

// Everything happens on the I/O thread under `gate_`, which stop() takes to end it all.
class Reflector::Driver : public StreamHandler,
                          public std::enable_shared_from_this<Reflector::Driver> {
 public:
  Driver(Transport& transport, WatchTarget target, WatchSink& sink, WatchOptions options)
      : transport_(transport),
        target_(std::move(target)),
        sink_(sink),
        options_(options),
        machine_(describeWatch(target_), options.random ? options.random : realRandom(),
                 policyOf(options)),
        framer_(options.maxLineBytes) {}

  void start() {
    transport_.schedule(std::chrono::milliseconds(0), [self = shared_from_this()] {
      std::lock_guard lock(self->gate_);
      self->apply(self->machine_.start(self->now()));
    });
  }

  void stop() {
    std::lock_guard lock(gate_);
    stopped_ = true;
    if (stream_ != 0) transport_.close(stream_);
    stream_ = 0;
  }

  WatchStats stats() const {
    std::lock_guard lock(statsMutex_);
    return stats_;
  }

  void onHead(int status, std::chrono::milliseconds retryAfter) override {
    std::lock_guard lock(gate_);
    status_ = status;
    retryAfter_ = retryAfter;
    apply(machine_.onHead(status, now()));
  }

  bool onData(std::string_view bytes) override {
    std::lock_guard lock(gate_);
    if (stopped_) return false;
    count(&WatchStats::bytes, bytes.size());
    if (status_ != 200) {
      errorBody_.append(
          bytes.substr(0, kMaxErrorBody - std::min(kMaxErrorBody, errorBody_.size())));
      return true;
    }
    const uint64_t stream = stream_;
    const bool more = framer_.feed(bytes, [&](std::string_view line, bool whole) {
      if (whole) {
        handleLine(line);
      } else {
        handleOversized(line);
      }
      return !stopped_ && stream_ == stream;
    });
    return more;
  }

  void onEnd(const Status& how) override {
    std::lock_guard lock(gate_);
    if (stopped_) return;
    stream_ = 0;
    framer_.reset();
    if (how && status_ != 200) {
      refused(parseApiStatus(errorBody_, status_, retryAfter_));
    } else {
      apply(machine_.onEnd(how, now()));
    }
  }

 private:
  static WatchPolicy policyOf(const WatchOptions& options) {
    WatchPolicy policy;
    policy.pageSize = options.pageSize;
    return policy;
  }
  MonoTime now() const { return options_.clock.mono(); }

  void count(uint64_t WatchStats::*field, uint64_t by = 1) {
    std::lock_guard lock(statsMutex_);
    stats_.*field += by;
  }

  // The beginning of a line that is too long. What cannot be read of it is no reason to list again:
  // the list would hold the same object.
  void handleOversized(std::string_view beginning) {
    count(&WatchStats::oversized);
    metrics().increment(metric::kWatchOversized, {{"resource", std::string(target_.type.plural)}});
    const std::string closed = closeJsonPrefix(beginning);
    auto event = readWatchLine(space_, closed);
    auto identity = event ? identityOf(event->object)
                          : Result<ObjectIdentity>(fail(ErrorCode::kInvalid, "not readable"));
    const bool deleted = event && event->type == WatchLine::Type::kDeleted;
    const bool used = identity && (target_.readOversized || deleted);
    log::warn(used ? "object too large, only its beginning was read" : "object too large, skipped",
              {{"watch", describeWatch(target_)},
               {"object", identity ? identity->key() : "unknown"},
               {"limit", options_.maxLineBytes}});
    if (used) handleEvent(*event);
    space_.shrink();
  }

  void refused(const ApiStatus& status) {
    if (status.code == 401) transport_.renewCredentials([] {});
    apply(machine_.onRefused(status, now()));
  }

  void handleLine(std::string_view line) {
    auto event = readWatchLine(space_, line);
    if (!event) {
      count(&WatchStats::badLines);
      metrics().increment(metric::kWatchBadLines,
                          {{"resource", std::string(target_.type.plural)}});
      apply(machine_.onBadLine(now()));
      return;
    }
    handleEvent(*event);
    space_.shrink();
  }

  void handleEvent(const WatchLine& event) {
    object_ = event.object;
    switch (event.type) {
      case WatchLine::Type::kAdded:
        object(WatchEventType::kAdded, event);
        break;
      case WatchLine::Type::kModified:
        object(WatchEventType::kModified, event);
        break;
      case WatchLine::Type::kDeleted:
        object(WatchEventType::kDeleted, event);
        break;
      case WatchLine::Type::kBookmark:
        apply(machine_.onBookmark(event.resourceVersion, event.initialEventsEnd, now()));
        break;
      case WatchLine::Type::kError: {
        const ApiStatus status = parseApiStatus(event.object, 500);
        if (status.code == 401) transport_.renewCredentials([] {});
        apply(machine_.onErrorEvent(status, now()));
        break;
      }
      case WatchLine::Type::kUnknown:
        break;
    }
    object_ = {};
  }

  void object(WatchEventType type, const WatchLine& event) {
    count(&WatchStats::events);
    apply(machine_.onObject(type, event.resourceVersion, now()));
  }

  void apply(const WatchEffects& effects) {
    for (const WatchEffect& effect : effects) {
      if (stopped_) return;
      switch (effect.kind) {
        case WatchEffectKind::kOpenWatch:
          openStream(effect);
          break;
        case WatchEffectKind::kFetchPage:
          fetchPage(effect);
          break;
        case WatchEffectKind::kWait:
          wait(effect.delay);
          break;
        case WatchEffectKind::kCloseStream:
          closeStream();
          break;
        case WatchEffectKind::kSinkBegin:
          count(&WatchStats::lists);
          metrics().increment(metric::kWatchLists,
                              {{"resource", std::string(target_.type.plural)}});
          sink_.begin();
          break;
        case WatchEffectKind::kSinkUpsert:
          sink_.upsert(object_, effect.initial);
          break;
        case WatchEffectKind::kSinkErase:
          sink_.erase(object_);
          break;
        case WatchEffectKind::kSinkSynced:
          sink_.synced();
          break;
        case WatchEffectKind::kSinkFailed:
          count(&WatchStats::failures);
          log::info("watch failed", {{"cause", effect.error.message}});
          metrics().increment(metric::kWatchFailures,
                              {{"resource", std::string(target_.type.plural)}});
          sink_.failed(effect.error);
          break;
        case WatchEffectKind::kSinkResumed:
          sink_.resumed();
          break;
      }
    }
  }

  void closeStream() {
    if (stream_ != 0) transport_.close(stream_);
    stream_ = 0;
    framer_.reset();
  }

  HttpRequest request(const std::string& query) const {
    HttpRequest out;
    out.path = pathOf(target_.type, target_.ns) + "?" + query;
    if (!target_.labelSelector.empty()) {
      out.path += "&labelSelector=" + urlEncode(target_.labelSelector);
    }
    if (!target_.fieldSelector.empty()) {
      out.path += "&fieldSelector=" + urlEncode(target_.fieldSelector);
    }
    return out;
  }

  void openStream(const WatchEffect& effect) {
    HttpRequest out = request(effect.query);
    out.timeout = effect.idle;
    if (target_.metadataOnly) out.accept = kMetadataOnly;
    status_ = 0;
    retryAfter_ = {};
    errorBody_.clear();
    framer_.reset();
    count(&WatchStats::watches);
    stream_ = transport_.open(std::move(out), shared_from_this());
  }

  void fetchPage(const WatchEffect& effect) {
    HttpRequest out = request(effect.query);
    out.timeout = std::chrono::minutes(1);
    if (target_.metadataOnly) out.accept = kMetadataOnlyList;
    transport_.send(std::move(out), [weak = weak_from_this()](TransportResult result) {
      auto self = weak.lock();
      if (!self) return;
      std::lock_guard lock(self->gate_);
      if (!self->stopped_) self->handlePage(std::move(result));
    });
  }

  void handlePage(TransportResult result) {
    if (!result) return apply(machine_.onPageFailed(result.error().error, now()));
    if (result->status != 200) {
      const ApiStatus status = parseApiStatus(result->body, result->status, result->retryAfter);
      if (status.code == 401) transport_.renewCredentials([] {});
      return apply(machine_.onPageRefused(status, now()));
    }
    count(&WatchStats::bytes, result->body.size());
    auto page = readListPage(space_, result->body, [this](std::string_view objectJson) {
      count(&WatchStats::events);
      if (!stopped_) sink_.upsert(objectJson, true);
    });
    space_.shrink();
    if (!page) return apply(machine_.onPageFailed(page.error(), now()));
    apply(machine_.onPage(page->resourceVersion, page->continueToken, now()));
  }

  void wait(std::chrono::milliseconds delay) {
    transport_.schedule(delay, [weak = weak_from_this()] {
      auto self = weak.lock();
      if (!self) return;
      std::lock_guard lock(self->gate_);
      if (!self->stopped_) self->apply(self->machine_.onTimer(self->now()));
    });
  }

  Transport& transport_;
  const WatchTarget target_;
  WatchSink& sink_;
  const WatchOptions options_;

  std::mutex gate_;
  bool stopped_ = false;
  WatchMachine machine_;
  LineFramer framer_;
  PaddedJson space_;
  std::string_view object_;  // of the line that is being handled
  StreamId stream_ = 0;
  int status_ = 0;
  std::chrono::milliseconds retryAfter_{0};
  std::string errorBody_;
  mutable std::mutex statsMutex_;
  WatchStats stats_;
};

Reflector::Reflector(Transport& transport, WatchTarget target, WatchSink& sink,
                     WatchOptions options)
    : driver_(std::make_shared<Driver>(transport, std::move(target), sink, options)) {}

Reflector::~Reflector() { stop(); }

void Reflector::start() { driver_->start(); }
void Reflector::stop() { driver_->stop(); }
WatchStats Reflector::stats() const { return driver_->stats(); }

}  // namespace firebreak::kube
