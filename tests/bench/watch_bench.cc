// What ./controller-runtime does, over Firebreak's own client: the operator's caches of nine kinds,
// and for each pod that shows a new marker one read and one write. No detector, journal or HTTP
// child runs here; the operator itself is measured beside it. ./run reads the lines that it prints.
#include <unistd.h>

#include <condition_variable>
#include <csignal>
#include <cstdio>
#include <deque>
#include <mutex>
#include <string>
#include <thread>

#include "control/world.h"
#include "kube/client.h"
#include "kube/config.h"
#include "kube/curl_transport.h"

namespace {

using namespace firebreak;
using Mono = std::chrono::steady_clock;

constexpr const char* kMarker = "bench.firebreak.dev/marker";
constexpr const char* kSeen = "bench.firebreak.dev/seen";

double millisSince(Mono::time_point start) {
  return std::chrono::duration<double, std::milli>(Mono::now() - start).count();
}

std::string labelOf(const Pod& pod, const char* name) {
  auto label = pod.meta.labels.find(name);
  return label == pod.meta.labels.end() ? "" : label->second;
}

class Keys {
 public:
  void push(std::string key) {
    {
      std::lock_guard lock(mutex_);
      keys_.push_back(std::move(key));
    }
    wake_.notify_one();
  }
  std::string pop() {
    std::unique_lock lock(mutex_);
    wake_.wait(lock, [this] { return !keys_.empty(); });
    std::string key = std::move(keys_.front());
    keys_.pop_front();
    return key;
  }

 private:
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::string> keys_;
};

void answer(kube::Client& client, const control::World& world, const std::string& key) {
  auto pod = world.pods.get(key);
  if (!pod) return;
  const std::string marker = labelOf(*pod, kMarker);
  if (marker.empty() || labelOf(*pod, kSeen) == marker) return;
  const auto detected = Mono::now();
  auto live = client.get(kube::kPods, pod->meta.ns, pod->meta.name, kube::Priority::kRemediation);
  if (!live) return static_cast<void>(std::fprintf(stderr, "%s\n", live.error().message.c_str()));
  Json patch = {{"metadata", {{"uid", pod->meta.uid}, {"labels", {{kSeen, marker}}}}}};
  auto done =
      client.patch(kube::kPods, pod->meta.ns, pod->meta.name, kube::PatchKind::kMerge, patch);
  if (!done) return static_cast<void>(std::fprintf(stderr, "%s\n", done.error().message.c_str()));
  std::printf("commit %s %.3f\n", marker.c_str(), millisSince(detected));
}

int run(const char* kubeconfig) {
  const auto started = Mono::now();
  kube::ConfigSource source;
  source.kubeconfig = kubeconfig;
  auto config = kube::loadConfig(source);
  if (!config) return std::fprintf(stderr, "%s\n", config.error().message.c_str()), 1;
  auto transport = kube::makeCurlTransport(*config);
  if (!transport) return std::fprintf(stderr, "%s\n", transport.error().message.c_str()), 1;

  kube::Client client(**transport);
  control::World world(**transport, "firebreak-system");
  Keys keys;
  world.pods.onChange([&](const std::string& key, const auto&, const auto& now) {
    if (now && now->meta.labels.contains(kMarker)) keys.push(key);
  });
  world.start();
  std::thread([&] {
    for (;;) answer(client, world, keys.pop());
  }).detach();
  while (!world.synced()) ::usleep(2000);
  std::printf("synced %.3f\n", millisSince(started) / 1000);
  for (;;) ::pause();
}

}  // namespace

int main(int argc, char** argv) {
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  if (argc != 2) return std::fprintf(stderr, "watch_bench KUBECONFIG\n"), 2;
  return run(argv[1]);
}
