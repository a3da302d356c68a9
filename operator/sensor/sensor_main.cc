#include "sensor/sensor_main.h"

#include <signal.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <atomic>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <string_view>

#include "base/core_dumps.h"
#include "base/log.h"
#include "kube/config.h"
#include "kube/curl_transport.h"
#include "sensor/cgroup_tree.h"
#include "sensor/guard_channel.h"
#include "sensor/guard_status.h"
#include "sensor/isolator.h"
#include "sensor/judge.h"
#include "sensor/process_scan.h"
#include "sensor/procfs.h"
#include "sensor/responder.h"
#include "sensor/sighting_book.h"

namespace firebreak {
namespace {

using namespace sensor;

constexpr std::chrono::seconds kRound{1};

struct Options {
  std::string node;
  std::string level = "Basic";
  std::string proc = "/proc";
  std::string cgroupMount;
  std::string cgroupRoot;
  std::string evidenceFolder;
  std::string kubeconfig;
  std::string context;
  bool print = false;
};

volatile sig_atomic_t stopRequested = 0;

// What wakes the main loop before its next round.
class Wake {
 public:
  void notify() {
    {
      std::lock_guard lock(mutex_);
      woken_ = true;
    }
    condition_.notify_all();
  }
  void waitUntil(MonoTime time) {
    std::unique_lock lock(mutex_);
    condition_.wait_until(lock, time, [this] { return woken_; });
    woken_ = false;
  }

 private:
  std::mutex mutex_;
  std::condition_variable condition_;
  bool woken_ = false;
};

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

// The API server as pods see it.
std::string apiServerForPods() {
  const std::string host = environment("KUBERNETES_SERVICE_HOST");
  const std::string port = environment("KUBERNETES_SERVICE_PORT");
  if (host.empty() || port.empty()) return "";
  return (host.find(':') == host.npos ? host : "[" + host + "]") + ":" + port;
}

// In a pod /sys/fs/cgroup shows the pod's own part; the chart mounts the node's beside it.
std::string findCgroupMount() {
  for (const char* path : {"/host/sys/fs/cgroup", "/sys/fs/cgroup"}) {
    if (access(path, R_OK | X_OK) == 0) return path;
  }
  return "/sys/fs/cgroup";
}

std::string findOwnPod(const std::string& selfCgroup) {
  const std::string told = environment("POD_UID");
  return told.empty() ? podOfAnyRoot(selfCgroup).value_or(PodPlace{}).podUid : told;
}

class Sensor {
 public:
  Sensor(const Options& options, std::string ownNamespace)
      : level_(options.level),
        proc_(options.proc),
        root_(options.cgroupRoot.empty() ? rootOfSelf(selfCgroup()) : parseCgroupRoot(options.cgroupRoot)),
        ownPod_(findOwnPod(selfCgroup())),
        cgroups_(options.cgroupMount.empty() ? findCgroupMount() : options.cgroupMount, root_),
        scan_(proc_, cgroups_, judgeProcess, book_, {root_, ownPod_, sysconf(_SC_CLK_TCK)}),
        isolator_(proc_, cgroups_, apiServerForPods(), options.evidenceFolder),
        responder_(isolator_, systemClock(), {level_ == "Responder", ownPod_, std::move(ownNamespace)},
                   [this] { wake_.notify(); }) {}

  void onGuard(const NodeGuard& guard, int64_t generation) {
    generation_.store(generation);
    heard_.store(true);
    responder_.setOrders(guard);
    wake_.notify();
  }

  // `publish` is called on this thread.
  void run(const std::function<void(Json)>& publish) {
    responder_.start();
    log::info("sensor started", {{"sensorLevel", level_}, {"cgroupRoot", describeRoot()}, {"ownPod", ownPod_}});
    MonoTime nextRound = systemClock().mono();
    Json told;
    WritePace pace;
    while (stopRequested == 0) {
      const MonoTime now = systemClock().mono();
      if (now >= nextRound) {
        scan_.round(now, systemClock().wall());
        nextRound = std::max(nextRound + kRound, now + kRound / 2);
      }
      GuardStatus status{level_, FB_VERSION, generation_.load(), book_.published(responder_.heldPods()),
                         responder_.reports()};
      const WallTime wall = systemClock().wall();
      Json content = guardStatusJson(status, wall);
      // Not before the NodeGuard was read: its status says what a sensor before this one holds.
      if (heard_.load() && pace.due(changeBetween(told, content), now)) {
        told = content;
        publish(std::move(content));
      }
      wake_.waitUntil(nextRound);
    }
    log::info("sensor stops; what is isolated stays so");
  }

 private:
  std::string selfCgroup() const { return proc_.readTop("self/cgroup").value_or(""); }
  std::string describeRoot() const {
    std::string path;
    for (const std::string& part : root_) path += "/" + part;
    return path.empty() ? "/" : path;
  }

  const std::string level_;
  const ProcFs proc_;
  const CgroupRoot root_;
  const std::string ownPod_;
  const CgroupTree cgroups_;
  SightingBook book_;
  ProcessScan scan_;
  Isolator isolator_;
  Wake wake_;
  std::atomic<int64_t> generation_{0};
  std::atomic<bool> heard_{false};
  Responder responder_;  // last: its threads use what stands above
};

int printOnly(const Options& options) {
  Sensor sensor(options, "");
  sensor.onGuard(NodeGuard{}, 0);  // no orders in this mode
  sensor.run([](const Json& status) {
    std::printf("%s\n", dumpJson(status).c_str());
    std::fflush(stdout);
  });
  return 0;
}

int watchNode(const Options& options) {
  const auto config = kube::loadConfig({options.kubeconfig, options.context});
  if (!config) {
    log::error("no way to the API server", {{"cause", config.error().message}});
    return 1;
  }
  auto transport = kube::makeCurlTransport(*config);
  if (!transport) {
    log::error("no way to the API server", {{"cause", transport.error().message}});
    return 1;
  }
  Sensor sensor(options, config->inCluster ? config->ns : "");
  GuardChannel channel(**transport, options.node, [&sensor](const NodeGuard& guard, int64_t generation) {
    sensor.onGuard(guard, generation);
  });
  channel.start();
  sensor.run([&channel](Json status) { channel.publish(std::move(status)); });
  return 0;
}

}  // namespace

int runSensor(int argc, char** argv) {
  if (argc > 1 && std::string_view(argv[1]) == "sensor") {
    --argc;
    ++argv;
  }
  Options options;
  CLI::App app{"Watches the processes of one node and carries out isolation orders.", "firebreak sensor"};
  app.add_option("--node", options.node, "Name of the node, and of its NodeGuard")->required();
  app.add_option("--level", options.level,
                 "Basic watches, Full may read executables and memory maps, Responder isolates")
      ->check(CLI::IsMember({"Basic", "Full", "Responder"}))
      ->envname("FIREBREAK_SENSOR_LEVEL")
      ->capture_default_str();
  app.add_option("--proc", options.proc, "Where the node's processes are")->capture_default_str();
  app.add_option("--cgroup-mount", options.cgroupMount,
                 "Where the node's cgroup hierarchies are mounted "
                 "(default: /host/sys/fs/cgroup, else /sys/fs/cgroup)")
      ->envname("FIREBREAK_CGROUP_ROOT");
  app.add_option("--cgroup-root", options.cgroupRoot,
                 "What is above kubepods on this node (default: from the sensor's own cgroup)");
  app.add_option("--evidence-folder", options.evidenceFolder, "Where evidence of isolated pods is kept")
      ->envname("FIREBREAK_EVIDENCE_DIR");
  app.add_option("--kubeconfig", options.kubeconfig, "How to reach the API server (default: in-cluster)");
  app.add_option("--context", options.context, "Context of the kubeconfig");
  app.add_flag("--print", options.print, "Print each status as a line of JSON instead of writing it");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  if (Status forbidden = forbidCoreDumps(); !forbidden) {
    log::error("refuses to start", {{"cause", forbidden.error().message}});
    return 1;
  }
  struct sigaction action = {};
  action.sa_handler = [](int) { stopRequested = 1; };
  sigaction(SIGTERM, &action, nullptr);
  sigaction(SIGINT, &action, nullptr);
  signal(SIGPIPE, SIG_IGN);
  return options.print ? printOnly(options) : watchNode(options);
}

}  // namespace firebreak
