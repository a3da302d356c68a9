#include "sensor/guard_channel.h"

#include <algorithm>

#include "api/node_guard_json.h"
#include "base/log.h"

namespace firebreak::sensor {
namespace {

constexpr std::chrono::seconds kFirstRetry{1};
constexpr std::chrono::seconds kLongestRetry{30};

}  // namespace

GuardChannel::GuardChannel(kube::Transport& transport, std::string node, OnGuard onGuard)
    : node_(std::move(node)),
      onGuard_(std::move(onGuard)),
      client_(transport),
      reflector_(transport,
                 kube::WatchTarget{kube::kNodeGuards, "", "", "metadata.name=" + node_, false},
                 *this) {}

GuardChannel::~GuardChannel() {
  reflector_.stop();
  {
    std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void GuardChannel::start() {
  thread_ = std::thread([this] { run(); });
  reflector_.start();
}

void GuardChannel::publish(Json status) {
  {
    std::lock_guard lock(mutex_);
    pending_ = std::move(status);
  }
  wake_.notify_all();
}

void GuardChannel::run() {
  std::chrono::seconds retry = kFirstRetry;
  std::unique_lock lock(mutex_);
  while (true) {
    wake_.wait(lock, [this] { return stop_ || pending_.has_value(); });
    if (stop_) return;
    const Json status = *std::exchange(pending_, std::nullopt);
    lock.unlock();
    const Status wrote = write(status);
    lock.lock();
    if (wrote) {
      retry = kFirstRetry;
      continue;
    }
    log::warn("the NodeGuard cannot be written; the sensor goes on and tries again",
              {{"node", node_}, {"cause", wrote.error().message}});
    if (!pending_) pending_ = status;
    wake_.wait_for(lock, std::max<std::chrono::milliseconds>(retry, wrote.error().retryAfter),
                   [this] { return stop_; });
    retry = std::min(retry * 2, kLongestRetry);
  }
}

Status GuardChannel::write(const Json& status) {
  kube::PatchOptions options;
  options.subresource = "status";
  options.fieldManager = "firebreak-sensor";
  options.priority = kube::Priority::kStatus;
  const Json body = {{"status", status}};
  auto patched = client_.patch(kube::kNodeGuards, "", node_, kube::PatchKind::kMerge, body, options);
  if (!patched && patched.error().code == ErrorCode::kNotFound) {
    const Json guard = {{"apiVersion", kube::apiVersionOf(kube::kNodeGuards)},
                        {"kind", kube::kNodeGuards.kind},
                        {"metadata", {{"name", node_}}}};
    const auto created = client_.create(kube::kNodeGuards, "", guard, kube::Priority::kStatus);
    if (!created && created.error().code != ErrorCode::kAlreadyExists) {
      return tl::unexpected<Error>(created.error());
    }
    patched = client_.patch(kube::kNodeGuards, "", node_, kube::PatchKind::kMerge, body, options);
  }
  if (!patched) return tl::unexpected<Error>(patched.error());
  return {};
}

void GuardChannel::begin() { present_ = false; }

void GuardChannel::upsert(std::string_view objectJson, bool) {
  const auto json = parseJson(objectJson, "the NodeGuard of " + node_);
  if (!json) return log::warn("skipped", {{"cause", json.error().message}});
  // The server selects by name; an object of another node is none of ours whoever sent it.
  if (stringOr(member(*json, {"metadata", "name"})) != node_) return;
  present_ = true;
  const int64_t generation = intOr(member(*json, {"metadata", "generation"}), 0);
  const std::string uid = stringOr(member(*json, {"metadata", "uid"}));
  if (generation_ == generation && uid == uid_) return;  // our own write to the status
  auto guard = nodeGuardFromJson(*json);
  if (!guard) return log::warn("skipped", {{"cause", guard.error().message}});
  generation_ = generation;
  uid_ = uid;
  onGuard_(*guard, generation);
}

void GuardChannel::erase(std::string_view) {
  present_ = false;
  generation_.reset();
  onGuard_(NodeGuard{}, 0);
}

void GuardChannel::synced() {
  if (!present_) {
    generation_.reset();
    onGuard_(NodeGuard{}, 0);
  }
}

void GuardChannel::failed(const Error& error) {
  log::warn("the watch for orders does not run and will be tried again",
            {{"node", node_}, {"cause", error.message}});
}

}  // namespace firebreak::sensor
