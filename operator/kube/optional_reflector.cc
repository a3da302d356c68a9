#include "kube/optional_reflector.h"

#include <algorithm>
#include <mutex>
#include <utility>

#include "base/json.h"
#include "base/log.h"

namespace firebreak::kube {
namespace {

std::string discoveryPath(const ResourceType& type) {
  std::string path = type.group.empty() ? "/api/" : "/apis/" + std::string(type.group) + "/";
  return path + std::string(type.version);
}

// What a 200 of discovery says: is this resource there, and can it be watched?
bool isServed(const std::string& body, const ResourceType& type) {
  const auto json = parseJson(body, "resources");
  if (!json) return false;
  const Json& resources = member(*json, "resources");
  return std::any_of(resources.begin(), resources.end(), [&](const Json& resource) {
    const Json& verbs = member(resource, "verbs");
    return stringOr(member(resource, "name")) == type.plural &&
           std::find(verbs.begin(), verbs.end(), "watch") != verbs.end();
  });
}

}  // namespace

// The Reflector's gate may be held while the sink is called, so the sink's side takes no lock here:
// it only schedules a look.
class OptionalReflector::Driver : public std::enable_shared_from_this<OptionalReflector::Driver> {
 public:
  Driver(Transport& transport, OptionalTarget target, WatchSink& sink, WatchOptions options,
         std::chrono::milliseconds lookEvery)
      : transport_(transport),
        target_(std::move(target)),
        sink_(sink),
        ear_(*this),
        options_(options),
        lookEvery_(lookEvery) {}

  void start() { lookLater(std::chrono::milliseconds(0), true); }

  void stop() {
    std::lock_guard lock(gate_);
    stopped_ = true;
    if (reflector_) reflector_->stop();
  }

  std::optional<ResourceType> watched() const {
    std::lock_guard lock(stateMutex_);
    return watched_;
  }

 private:
  // Hands everything on; the kind's own 404 is the first to know that it is gone.
  class Ear : public WatchSink {
   public:
    explicit Ear(Driver& owner) : owner_(owner) {}
    void begin() override { owner_.sink_.begin(); }
    void upsert(std::string_view json, bool initial) override {
      owner_.sink_.upsert(json, initial);
    }
    void erase(std::string_view json) override { owner_.sink_.erase(json); }
    void synced() override { owner_.sink_.synced(); }
    void resumed() override { owner_.sink_.resumed(); }
    void failed(const Error& error) override {
      owner_.sink_.failed(error);
      if (error.code == ErrorCode::kNotFound) {
        owner_.lookLater(std::chrono::milliseconds(0), false);
      }
    }

   private:
    Driver& owner_;
  };

  void lookLater(std::chrono::milliseconds delay, bool again) {
    transport_.schedule(delay, [weak = weak_from_this(), again] {
      auto self = weak.lock();
      if (!self) return;
      if (again) self->lookLater(self->lookEvery_, true);
      std::lock_guard lock(self->gate_);
      if (self->stopped_ || self->looking_) return;
      self->looking_ = true;
      self->ask(0);
    });
  }

  void ask(size_t at) {
    if (at >= target_.versions.size()) return settle(std::nullopt);
    HttpRequest request;
    request.path = discoveryPath(target_.versions[at]);
    transport_.send(std::move(request), [weak = weak_from_this(), at](TransportResult result) {
      auto self = weak.lock();
      if (!self) return;
      std::lock_guard lock(self->gate_);
      if (!self->stopped_) self->answered(at, result);
    });
  }

  void answered(size_t at, const TransportResult& result) {
    const int status = result ? result->status : 0;
    if (status == 200 && isServed(result->body, target_.versions[at])) {
      return settle(target_.versions[at]);
    }
    if (status == 200 || status == 404) return ask(at + 1);
    // Not known: what is watched goes on, and discovery is asked again.
    looking_ = false;
    if (status == 401) transport_.renewCredentials([] {});
  }

  void settle(const std::optional<ResourceType>& found) {
    looking_ = false;
    if (found == watched_ && known_) return;
    const bool first = !std::exchange(known_, true);
    const std::string name(target_.versions.front().plural);
    if (!first || found) {
      log::info(found ? "optional kind is served, watching it" : "optional kind is gone",
                {{"resource", name}, {"version", found ? apiVersionOf(*found) : ""}});
    }
    if (reflector_) reflector_->stop();
    reflector_.reset();
    {
      std::lock_guard lock(stateMutex_);
      watched_ = found;
    }
    if (!found) {
      sink_.begin();
      sink_.synced();
      return;
    }
    reflector_ = std::make_unique<Reflector>(
        transport_,
        WatchTarget{*found, target_.ns, "", "", target_.metadataOnly, target_.readOversized}, ear_,
        options_);
    reflector_->start();
  }

  Transport& transport_;
  const OptionalTarget target_;
  WatchSink& sink_;
  Ear ear_;
  const WatchOptions options_;
  const std::chrono::milliseconds lookEvery_;

  std::mutex gate_;
  bool stopped_ = false;
  bool looking_ = false;
  bool known_ = false;  // discovery answered at least once
  std::unique_ptr<Reflector> reflector_;
  mutable std::mutex stateMutex_;
  std::optional<ResourceType> watched_;
};

OptionalReflector::OptionalReflector(Transport& transport, OptionalTarget target, WatchSink& sink,
                                     WatchOptions options, std::chrono::milliseconds lookEvery)
    : driver_(std::make_shared<Driver>(transport, std::move(target), sink, options, lookEvery)) {}

OptionalReflector::~OptionalReflector() { stop(); }

void OptionalReflector::start() { driver_->start(); }
void OptionalReflector::stop() { driver_->stop(); }
std::optional<ResourceType> OptionalReflector::watched() const { return driver_->watched(); }

}  // namespace firebreak::kube
