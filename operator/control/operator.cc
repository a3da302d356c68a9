#include "control/operator.h"

#include <csignal>
#include <malloc.h>
#include <pthread.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <atomic>
#include <cstdlib>
#include <functional>
#include <iostream>

#include "base/core_dumps.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/metrics.h"
#include "control/controller.h"
#include "kube/config.h"
#include "kube/curl_transport.h"
#include "kube/leader.h"
#include "serve/healthz_socket.h"
#include "serve/http_server.h"

namespace firebreak {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

struct Arguments {
  kube::ConfigSource source;
  std::string ns;
  std::string sensorNs = "firebreak-sensor";
  std::string metricsAddress = "127.0.0.1:8080";
  std::string leaderElect = "true";
  std::vector<std::string> protectedNamespaces;
  std::string logLevel = "info";
};

std::string environment(const char* name, const std::string& fallback) {
  const char* value = std::getenv(name);
  return value == nullptr || *value == '\0' ? fallback : value;
}

int parseArguments(int argc, char** argv, Arguments* out) {
  CLI::App app("Watches SecurityPolicies and remediates what they cover", "firebreak operator");
  app.add_option("--kubeconfig", out->source.kubeconfig, "kubeconfig file");
  app.add_option("--context", out->source.context, "context of the kubeconfig");
  app.add_option("--namespace", out->ns, "namespace of the operator's own objects");
  app.add_option("--sensor-namespace", out->sensorNs, "namespace of the sensor");
  app.add_option("--metrics-address", out->metricsAddress,
                 "HOST:PORT of /healthz, /readyz and /metrics; empty = none");
  app.add_option("--leader-elect", out->leaderElect, "true or false")
      ->check(CLI::IsMember({"true", "false"}));
  app.add_option("--protect-namespaces", out->protectedNamespaces,
                 "further namespaces in which nothing is written")
      ->delimiter(',');
  app.add_option("--log-level", out->logLevel, "debug, info, warn or error")
      ->check(CLI::IsMember({"debug", "info", "warn", "error"}));
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    int code = app.exit(error, std::cout, std::cerr);
    return code == 0 ? -1 : 2;
  }
  return 0;
}

void setLogLevel(const std::string& name) {
  if (name == "debug") log::setLevel(log::Level::kDebug);
  if (name == "warn") log::setLevel(log::Level::kWarn);
  if (name == "error") log::setLevel(log::Level::kError);
}

// An arena per thread keeps what each of them once needed.
void keepMemorySmall() {
  mallopt(M_ARENA_MAX, 2);
  mallopt(M_MMAP_THRESHOLD, 256 << 10);  // also ends glibc's own raising of it
  mallopt(M_TRIM_THRESHOLD, 512 << 10);
}

// SIGTERM and SIGINT are waited for on the main thread; every other thread has them blocked.
sigset_t blockSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  return signals;
}

int64_t monoMillis() {
  return std::chrono::duration_cast<milliseconds>(systemClock().mono().time_since_epoch()).count();
}

// What the process does not use at the moment is given back while it waits: at a start, when lists
// come in and pages of 52 libraries were touched once, every second.
int awaitSignal(const sigset_t& signals, const std::function<bool()>& started) {
  for (;;) {
    const timespec pause{started() ? 10 : 1, 0};
    const int signal = sigtimedwait(&signals, nullptr, &pause);
    if (signal > 0) return signal;
    releaseUnusedMemory();
  }
}

// The I/O thread proves every second that it turns; whoever asks for liveness looks at this.
class Heartbeat {
 public:
  explicit Heartbeat(kube::Transport& transport) : transport_(transport) { beat(); }
  bool alive() const { return monoMillis() - last_.load() < 30'000; }

 private:
  void beat() {
    last_ = monoMillis();
    transport_.schedule(milliseconds(1000), [this] { beat(); });
  }
  kube::Transport& transport_;
  std::atomic<int64_t> last_{0};
};

}  // namespace

int runOperator(int argc, char** argv) {
  Arguments arguments;
  if (int code = parseArguments(argc, argv, &arguments); code != 0) return code < 0 ? 0 : code;
  setLogLevel(arguments.logLevel);
  keepMemorySmall();
  sigset_t signals = blockSignals();
  if (Status forbidden = forbidCoreDumps(); !forbidden) {
    log::error("refuses to start", {{"cause", forbidden.error().message}});
    return 1;
  }

  // Forks: before the first thread and before any credential is read.
  auto server = HttpServer::start({.address = arguments.metricsAddress,
                                   .healthzSocket = healthzSocketName()});
  if (!server) {
    log::error("cannot serve HTTP", {{"cause", server.error().message}});
    return 1;
  }
  auto config = kube::loadConfig(arguments.source);
  if (!config) {
    log::error("no way to the API server", {{"cause", config.error().message}});
    return 1;
  }
  auto transport = kube::makeCurlTransport(*config);
  if (!transport) {
    log::error("cannot connect", {{"cause", transport.error().message}});
    return 1;
  }
  if (arguments.ns.empty()) {
    arguments.ns = environment("POD_NAMESPACE", config->inCluster ? config->ns : "firebreak-system");
  }

  control::ControllerOptions options;
  options.reconciler.operatorNamespace = arguments.ns;
  options.reconciler.sensorNamespace = arguments.sensorNs;
  options.reconciler.protectedNamespaces = {arguments.protectedNamespaces.begin(),
                                            arguments.protectedNamespaces.end()};
  options.reconciler.instance =
      environment("POD_NAME", "firebreak-" + std::to_string(::getpid()));
  options.keySecret = environment("FIREBREAK_KEY_SECRET", "firebreak-keys");

  std::atomic<bool> leads{false};
  kube::LeaderElector* elector = nullptr;
  bool elect = arguments.leaderElect == "true";
  control::Controller controller(**transport, systemClock(), options, [&] {
    return leads.load() && (elector == nullptr || elector->isLeader());
  });
  Heartbeat heartbeat(**transport);
  (*server)->setCallbacks({.ready = [&] { return controller.ready(); },
                           .metrics = [&] { controller.updateMetrics(); return metricsText(); },
                           .alive = [&] { return heartbeat.alive(); }});
  releaseUnusedMemory();  // before the lists, so that the two never add up
  controller.startCaches();

  auto lead = [&] {
    leads = true;
    metrics().set(metric::kLeaderElectionMasterStatus, 1, {{"name", "firebreak"}});
    controller.lead();
  };
  auto follow = [&] {
    leads = false;
    metrics().set(metric::kLeaderElectionMasterStatus, 0, {{"name", "firebreak"}});
    controller.follow();
  };
  std::unique_ptr<kube::LeaderElector> electing;
  if (elect) {
    kube::LeaderOptions lease;
    lease.ns = arguments.ns;
    lease.identity = options.reconciler.instance + "_" + std::to_string(monoMillis());
    electing = std::make_unique<kube::LeaderElector>(
        **transport, systemClock(), lease,
        kube::LeaderElector::Callbacks{
            lead, follow, [](const std::string& holder) {
              log::info("the lead changed", {{"holder", holder}});
            }});
    elector = electing.get();
    electing->start();
  } else {
    lead();
  }
  log::info("operator started", {{"namespace", arguments.ns}, {"leaderElect", elect}});

  const int signal = awaitSignal(signals, [&] { return controller.ready(); });
  log::info("stopping", {{"signal", signal}});
  // The lead is given up first, so that nothing is written while the rest goes away.
  if (electing) {
    electing->stop();
  } else {
    follow();
  }
  (*server)->setCallbacks({});
  controller.follow();
  controller.stopCaches();
  (*transport)->stop();
  return 0;
}

}  // namespace firebreak
