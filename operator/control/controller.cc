#include "control/controller.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <optional>
#include <set>

#include "base/log.h"
#include "base/metrics.h"
#include "control/alerts.h"
#include "control/coverage.h"
#include "control/dashboard_family.h"
#include "control/dispatcher.h"
#include "control/executor.h"
#include "control/exposure_sweep.h"
#include "control/historian.h"
#include "control/key_ring.h"
#include "control/ledger.h"
#include "control/miner_family.h"
#include "control/opener.h"
#include "control/policy_reconciler.h"
#include "control/prober.h"
#include "control/secret_family.h"
#include "control/world.h"
#include "kube/client.h"
#include "kube/events.h"

namespace firebreak::control {
namespace {

using kube::QueuePriority;

std::string keyOf(const ObjectMeta& meta) { return meta.ns + "/" + meta.name; }

// Only what a detector looks at; a pod's status changes every few seconds.
bool looksTheSame(const Pod& a, const Pod& b) {
  auto running = [](const Pod& pod) {
    std::string text;
    for (const ContainerStatus& status : pod.statuses) {
      text += status.name + (status.running ? "+" : "-") + status.containerID;
    }
    return text;
  };
  return a.spec == b.spec && a.meta.labels == b.meta.labels && a.phase == b.phase &&
         a.node == b.node && a.podIP == b.podIP && a.meta.deleting == b.meta.deleting &&
         running(a) == running(b);
}

std::vector<std::string> protectedNamespaces(const ReconcilerOptions& options) {
  std::vector<std::string> all = {"kube-system", "kube-public", "kube-node-lease",
                                  options.operatorNamespace, options.sensorNamespace};
  all.insert(all.end(), options.protectedNamespaces.begin(), options.protectedNamespaces.end());
  return all;
}

}  // namespace

struct Controller::Impl {
  Impl(kube::Transport& transport, Clock& clockIn, ControllerOptions optionsIn,
       std::function<bool()> mayWrite)
      : clock(clockIn),
        options(std::move(optionsIn)),
        client(transport),
        world(transport, options.reconciler.operatorNamespace),
        keys(client, options.reconciler.operatorNamespace, options.keySecret),
        secrets(client, world, clock, protectedNamespaces(options.reconciler),
                options.reconciler.operatorNamespace,
                [this](const Remediation& console) { return isOurs(keys, console); }),
        exposures(client, clock),
        executor(client, secrets, std::move(mayWrite)),
        opener(client, world, keys),
        remediations(client, world, executor, keys, ledger, clock, options.reconciler),
        policies(client, world, ledger, clock, options.reconciler.instance),
        recorder(client, options.reconciler.instance),
        alerts(recorder, clock),
        historian(client, world, clock, options.reconciler.operatorNamespace),
        miners(client, world, clock, options.reconciler.operatorNamespace),
        prober({}, clock),
        dashboards(client, world, prober, clock),
        dispatcher(clock) {
    remediations.addFamily(miners);
    remediations.addFamily(dashboards);
    remediations.addFamily(secrets);
    addHandlers();
    watchChanges();
  }

  void enqueue(const std::string& sort, const std::string& key,
               QueuePriority priority = QueuePriority::kNormal) {
    if (judging) dispatcher.add(sort, key, priority);
  }
  void addHandlers();
  void watchChanges();
  void enqueueEverything();
  void tellWhatIsMissing();
  Result<std::optional<WallTime>> sweepPods();
  Result<std::optional<WallTime>> onPod(const std::string& key);
  Result<std::optional<WallTime>> onNodeGuard(const std::string& key);
  void followGuard(const NodeGuard& old, const NodeGuard& now);
  void addPodOf(const Sighting& sighting, const std::string& node);
  Result<std::optional<WallTime>> onService(const std::string& key);
  Result<std::optional<WallTime>> onConsequence(const std::string& key);
  Result<std::optional<WallTime>> onExposures(const std::string& ns, bool marked);
  Result<std::optional<WallTime>> onPublicReaders();
  void addServicesOf(const Pod& pod);
  void pokeTarget(Family family, const ObjectRef& target);

  Clock& clock;
  const ControllerOptions options;
  kube::Client client;
  World world;
  KeyRing keys;
  Ledger ledger;
  SecretFamily secrets;
  ExposureSweep exposures;
  Executor executor;
  Opener opener;
  RemediationReconciler remediations;
  PolicyReconciler policies;
  kube::EventRecorder recorder;
  Alerts alerts;
  Historian historian;
  MinerFamily miners;
  Prober prober;
  DashboardFamily dashboards;
  Dispatcher dispatcher;
  // What changes before everything is known is looked at with everything else.
  std::atomic<bool> judging{false};
  std::optional<MonoTime> toldMissing;  // the one worker that has "start"
  // Pods that enqueueEverything() has not handed over yet.
  std::mutex sweepMutex;
  std::vector<std::string> sweep;
};

void Controller::Impl::addHandlers() {
  dispatcher.handle("start", [this](const std::string&) -> Result<std::optional<WallTime>> {
    // Nothing is judged before every cache has synced and the journal can be sealed.
    if (!world.synced()) {
      tellWhatIsMissing();
      return std::optional<WallTime>(clock.wall() + std::chrono::milliseconds(50));
    }
    if (auto loaded = keys.load(); !loaded) return tl::unexpected(loaded.error());
    log::info("caches are in step", {{"pods", world.pods.size()},
                                     {"remediations", world.remediations.size()}});
    // Nobody fills the budget with Remediations of his own making; only now can they be told apart.
    for (const auto& remediation : world.remediations.snapshot()) {
      if (!isOurs(keys, *remediation)) ledger.forget(remediation->name);
    }
    judging = true;
    enqueueEverything();
    enqueue("history", "all", QueuePriority::kBackground);
    enqueue("readers", "all", QueuePriority::kBackground);
    return std::optional<WallTime>();
  });
  dispatcher.handle("policy", [this](const std::string& key) { return policies.reconcile(key); });
  dispatcher.handle("history", [this](const std::string&) -> Result<std::optional<WallTime>> {
    if (auto pruned = historian.prune(); !pruned) return tl::unexpected(pruned.error());
    if (auto expired = historian.expireBlockedImages(); !expired) return tl::unexpected(expired.error());
    return std::optional<WallTime>(clock.wall() + std::chrono::seconds(60));
  });
  dispatcher.handle("remediation",
                    [this](const std::string& key) { return remediations.reconcile(key); });
  dispatcher.handle("sweep", [this](const std::string&) { return sweepPods(); });
  dispatcher.handle("pod", [this](const std::string& key) { return onPod(key); });
  dispatcher.handle("service", [this](const std::string& key) { return onService(key); });
  dispatcher.handle("marked", [this](const std::string& ns) { return onExposures(ns, true); });
  dispatcher.handle("literals", [this](const std::string& ns) { return onExposures(ns, false); });
  dispatcher.handle("readers", [this](const std::string&) { return onPublicReaders(); });
  dispatcher.handle("consequence", [this](const std::string& key) { return onConsequence(key); });
  // What an open console's pods hold is exposed by it, whether the console may be locked or not.
  remediations.onSaved([this](const Remediation& saved) {
    if (saved.family == Family::kOpenDashboard) enqueue("consequence", saved.name);
  });
  dispatcher.handle("nodeguard", [this](const std::string& key) { return onNodeGuard(key); });
}

void Controller::Impl::watchChanges() {
  world.pods.onChange([this](const std::string& key, const auto& old, const auto& now) {
    if (!judging) return;  // everything is looked at when that begins
    bool same = old && now && looksTheSame(*old, *now);
    if (same && old->ready == now->ready) return;
    if (now) addServicesOf(*now);
    if (same) return;
    enqueue("pod", key);
    if (!now && old) {
      pokeTarget(Family::kMiner, {"v1", "Pod", old->meta.ns, old->meta.name, old->meta.uid});
    }
  });
  world.services.onChange([this](const std::string& key, const auto& old, const auto& now) {
    if (now) enqueue("service", key, QueuePriority::kUrgent);
    if (!now && old) {
      pokeTarget(Family::kOpenDashboard,
                 {"v1", "Service", old->meta.ns, old->meta.name, old->meta.uid});
    }
  });
  for (auto* kind : {&world.ingresses, &world.routes}) {
    kind->onChange([this](const std::string&, const auto&, const auto& now) {
      if (!now) return;
      for (const IngressPath& path : now->paths) {
        enqueue("service", now->meta.ns + "/" + path.service);
      }
    });
  }
  world.nodeGuards.onChange([this](const std::string& key, const auto& old, const auto& now) {
    if (now && old && judging) {
      followGuard(*old, *now);
    } else if (now) {
      enqueue("nodeguard", key, QueuePriority::kUrgent);
    }
  });
  world.policies.onChange([this](const std::string& key, const auto& old, const auto& now) {
    enqueue("policy", key);
    // A status write of our own changes nothing that was judged.
    if (old && now && old->generation == now->generation && old->deletedAt == now->deletedAt) return;
    enqueueEverything();
  });
  world.namespaces.onChange([this](const std::string& key, const auto& old, const auto& now) {
    // Which policy covers a namespace, and which exclude entries, may hang on its labels.
    if (old && now && old->meta.labels != now->meta.labels) enqueueEverything();
    if (old || !now) return;
    enqueue("marked", key, QueuePriority::kBackground);
    enqueue("literals", key, QueuePriority::kBackground);
  });
  world.locks.onChange([this](const std::string&, const auto& old, const auto& now) {
    // One that is new is our own write; one that was changed or taken off is looked at at once.
    if (old && !old->remediation.empty()) {
      enqueue("remediation", old->remediation, QueuePriority::kUrgent);
    }
    (void)now;
  });
  world.brakes.onChange([this](const std::string&, const auto&, const auto&) {
    enqueueEverything();
  });
  world.remediations.onChange([this](const std::string& key, const auto& old, const auto& now) {
    if (!now) {
      ledger.forget(key);
      remediations.forgotten(key);
      return;
    }
    if (isOurs(keys, *now)) ledger.note(*now);
    bool decided =
        old && (old->generation != now->generation || old->deleting != now->deleting);
    bool mine = old && !decided;
    if (!mine) enqueue("remediation", key, QueuePriority::kUrgent);
    if (now->status.policyName.empty()) return;
    if (!old || old->status.phase != now->status.phase) {
      enqueue("policy", now->status.policyName, QueuePriority::kBackground);
    }
  });
}

// What keeps the caches from coming in step: in the log, and on the policies, which wait for it.
void Controller::Impl::tellWhatIsMissing() {
  constexpr std::chrono::seconds kEvery{30};
  if (toldMissing && clock.mono() - *toldMissing < kEvery) return;
  const std::vector<WatchFailure> failures = world.failures();
  if (failures.empty()) return;
  toldMissing = clock.mono();
  for (const WatchFailure& failure : failures) {
    const bool forbidden = failure.error.code == ErrorCode::kForbidden;
    log::warn("nothing is judged: a watch does not run",
              {{"resource", failure.resource},
               {"cause", failure.error.message},
               {"next", forbidden ? "grant the operator list and watch" : "it is tried again"}});
  }
  if (!world.policies.hasSynced() || !world.remediations.hasSynced()) return;
  for (const std::string& name : world.policies.keys()) dispatcher.add("policy", name);
}

void Controller::Impl::enqueueEverything() {
  for (const std::string& key : world.policies.keys()) enqueue("policy", key);
  for (const std::string& key : world.remediations.keys()) {
    enqueue("remediation", key, QueuePriority::kUrgent);
  }
  for (const std::string& key : world.nodeGuards.keys()) enqueue("nodeguard", key);
  for (const std::string& key : world.services.keys()) {
    enqueue("service", key, QueuePriority::kBackground);
  }
  {
    std::lock_guard lock(sweepMutex);
    sweep = world.pods.keys();
  }
  for (const std::string& key : world.namespaces.keys()) {
    enqueue("marked", key, QueuePriority::kBackground);
    enqueue("literals", key, QueuePriority::kBackground);
  }
  enqueue("sweep", "pods", QueuePriority::kBackground);
}

// A queue of all pods of a large cluster would be larger than what is known of them.
Result<std::optional<WallTime>> Controller::Impl::sweepPods() {
  constexpr size_t kAtOnce = 1000;
  std::lock_guard lock(sweepMutex);
  for (size_t room = kAtOnce; room > dispatcher.depth() && !sweep.empty(); --room) {
    enqueue("pod", sweep.back(), QueuePriority::kBackground);
    sweep.pop_back();
  }
  if (!sweep.empty()) return std::optional<WallTime>(clock.wall() + std::chrono::milliseconds(10));
  sweep.shrink_to_fit();
  return std::optional<WallTime>();
}

void Controller::Impl::pokeTarget(Family family, const ObjectRef& target) {
  std::string name = opener.nameFor(family, target);
  if (!name.empty() && world.remediations.get(name)) enqueue("remediation", name);
}

Result<std::optional<WallTime>> Controller::Impl::onPod(const std::string& key) {
  auto pod = world.pods.get(key);
  if (!pod || pod->meta.deleting) return std::optional<WallTime>();
  ObjectRef target{"v1", "Pod", pod->meta.ns, pod->meta.name, pod->meta.uid};
  Coverage coverage = coverageOf(world, pod->meta.ns);
  const SecurityPolicy* policy = coverage.acting();
  if (policy == nullptr || policy->modeOf(Family::kMiner) == Mode::kDisabled) {
    return std::optional<WallTime>();
  }
  std::vector<Finding> findings = miners.judge(*pod, *policy);
  if (findings.empty() || highestTier(findings) != Tier::kRemediate) {
    pokeTarget(Family::kMiner, target);
    alerts.tell(Family::kMiner, target, findings);
    return std::optional<WallTime>();
  }
  auto opened = opener.open(Family::kMiner, target, findings);
  if (!opened) return tl::unexpected(opened.error());
  if (world.remediations.get(*opened)) enqueue("remediation", *opened);
  return std::optional<WallTime>();
}

void Controller::Impl::addServicesOf(const Pod& pod) {
  for (const auto& service : world.services.inNamespace(pod.meta.ns)) {
    if (service->selector.empty()) continue;
    bool selects = std::all_of(
        service->selector.begin(), service->selector.end(), [&](const auto& wanted) {
          auto label = pod.meta.labels.find(wanted.first);
          return label != pod.meta.labels.end() && label->second == wanted.second;
        });
    if (selects) enqueue("service", keyOf(service->meta));
  }
}

Result<std::optional<WallTime>> Controller::Impl::onService(const std::string& key) {
  auto service = world.services.get(key);
  if (!service || service->meta.deleting) return std::optional<WallTime>();
  Coverage coverage = coverageOf(world, service->meta.ns);
  const SecurityPolicy* policy = coverage.acting();
  if (policy == nullptr || policy->modeOf(Family::kOpenDashboard) == Mode::kDisabled) {
    return std::optional<WallTime>();
  }
  ObjectRef target{"v1", "Service", service->meta.ns, service->meta.name, service->meta.uid};
  std::string name = opener.nameFor(Family::kOpenDashboard, target);
  if (auto known = world.remediations.get(name); known && remediate::hasStarted(known->status)) {
    enqueue("remediation", name);  // looks for drift
    return std::optional<WallTime>();
  }
  ConsoleLook look = dashboards.look(*service, *policy);
  if (!look.candidate) return std::optional<WallTime>();
  if (highestTier(look.findings) == Tier::kRemediate) {
    auto opened = opener.open(Family::kOpenDashboard, target, look.findings);
    if (!opened) return tl::unexpected(opened.error());
    enqueue("remediation", *opened);
  } else {
    alerts.tell(Family::kOpenDashboard, target, look.findings);
    if (!look.silent && !name.empty() && world.remediations.get(name)) enqueue("remediation", name);
  }
  // A port that does not answer yet (a pod that starts, a rule that is being programmed) is asked
  // again soon, everything else on the policy's interval.
  auto interval = std::chrono::seconds(std::max<int64_t>(5, policy->dashboards.probeIntervalSeconds));
  bool young = clock.wall() - service->meta.created < std::chrono::minutes(5);
  auto again = look.silent ? std::chrono::seconds(young ? 1 : 30) : interval;
  return std::optional<WallTime>(clock.wall() + std::min(again, interval));
}

Result<std::optional<WallTime>> Controller::Impl::onConsequence(const std::string& key) {
  auto console = world.remediations.get(key);
  if (!console || console->status.findings.empty()) return std::optional<WallTime>();
  auto consequences = secrets.consequencesOf(*console);
  if (!consequences) {
    if (consequences.error().code != ErrorCode::kForbidden) {
      return tl::unexpected(consequences.error());
    }
    log::warn("the Secrets behind an open console cannot be looked at",
              {{"remediation", key},
               {"next", "list the namespace under capabilities.secrets in the chart's values"}});
    return std::optional<WallTime>();
  }
  for (const Consequence& consequence : *consequences) {
    auto opened = opener.open(Family::kExposedSecret, consequence.secret, consequence.findings, key);
    if (!opened) return tl::unexpected(opened.error());
    if (world.remediations.get(*opened)) enqueue("remediation", *opened);
  }
  return std::optional<WallTime>();
}

// Secrets and the objects that may hold literals are not watched: they are looked at again and again.
Result<std::optional<WallTime>> Controller::Impl::onExposures(const std::string& ns, bool marked) {
  constexpr std::chrono::seconds kMarkedEvery{20};
  constexpr std::chrono::seconds kLiteralsEvery{300};
  if (!world.namespaces.get(ns)) return std::optional<WallTime>();
  std::optional<WallTime> again(clock.wall() + (marked ? kMarkedEvery : kLiteralsEvery));
  Coverage coverage = coverageOf(world, ns);
  const SecurityPolicy* policy = coverage.acting();
  if (policy == nullptr || policy->modeOf(Family::kExposedSecret) == Mode::kDisabled) return again;
  auto found = marked ? exposures.marked(ns, *policy) : exposures.literals(ns);
  if (!found) return tl::unexpected(found.error());
  std::set<std::string> uids;
  for (const Exposed& exposed : *found) {
    uids.insert(exposed.target.uid);
    auto opened = opener.open(Family::kExposedSecret, exposed.target, exposed.findings);
    if (!opened) return tl::unexpected(opened.error());
    if (world.remediations.get(*opened)) enqueue("remediation", *opened);
  }
  if (marked) return again;
  // What is gone from an object ends its Remediation.
  for (const auto& known : world.remediations.snapshot()) {
    if (known->family == Family::kExposedSecret && known->target.ns == ns &&
        known->target.kind != "Secret" && !uids.contains(known->target.uid)) {
      enqueue("remediation", known->name);
    }
  }
  return again;
}

// Told and not acted on, so that no policy is asked: who may read Secrets without a login is a matter of the
// cluster.
Result<std::optional<WallTime>> Controller::Impl::onPublicReaders() {
  constexpr std::chrono::seconds kEvery{300};
  auto found = exposures.publicReaders();
  if (!found) return tl::unexpected(found.error());
  for (const Exposed& exposed : *found) {
    alerts.tell(Family::kExposedSecret, exposed.target, exposed.findings);
  }
  return std::optional<WallTime>(clock.wall() + kEvery);
}

Result<std::optional<WallTime>> Controller::Impl::onNodeGuard(const std::string& key) {
  auto guard = world.nodeGuards.get(key);
  if (!guard) return std::optional<WallTime>();
  for (const Sighting& sighting : guard->sightings) addPodOf(sighting, guard->node);
  for (const IsolationOrder& order : guard->orders) {
    if (world.remediations.get(order.remediation)) {
      enqueue("remediation", order.remediation, QueuePriority::kUrgent);
    }
  }
  return std::optional<WallTime>();
}

void Controller::Impl::addPodOf(const Sighting& sighting, const std::string& node) {
  auto pod = world.podByUid(sighting.podUid);
  if (pod && pod->node == node) enqueue("pod", keyOf(pod->meta), QueuePriority::kUrgent);
}

// A sensor writes often, and most of it was known: only what is new is looked at.
void Controller::Impl::followGuard(const NodeGuard& old, const NodeGuard& now) {
  const auto knownSighting = [&](const Sighting& sighting) {
    return std::any_of(old.sightings.begin(), old.sightings.end(), [&](const Sighting& before) {
      return before.podUid == sighting.podUid && before.process.pid == sighting.process.pid &&
             before.process.startTime == sighting.process.startTime &&
             before.score == sighting.score && before.signals.size() == sighting.signals.size() &&
             (before.lastSeen == sighting.lastSeen || !MinerFamily::needsTime(sighting));
    });
  };
  for (const Sighting& sighting : now.sightings) {
    if (!knownSighting(sighting)) addPodOf(sighting, now.node);
  }
  std::set<std::string> changed;
  for (const MeasureReport& report : now.reports) {
    const bool known = std::any_of(old.reports.begin(), old.reports.end(), [&](const auto& before) {
      return before.orderId == report.orderId && before.measure == report.measure &&
             before.state == report.state && before.message == report.message;
    });
    if (!known) changed.insert(report.orderId);
  }
  const auto poke = [&](const IsolationOrder& order) {
    if (!world.remediations.get(order.remediation)) return;
    enqueue("remediation", order.remediation, QueuePriority::kUrgent);
  };
  std::set<std::string> standing;
  for (const IsolationOrder& order : now.orders) {
    standing.insert(order.orderId);
    if (changed.contains(order.orderId)) poke(order);
  }
  // One that somebody took out is put back.
  for (const IsolationOrder& order : old.orders) {
    if (!standing.contains(order.orderId)) poke(order);
  }
}

Controller::Controller(kube::Transport& transport, Clock& clock, ControllerOptions options,
                       std::function<bool()> mayWrite)
    : impl_(std::make_unique<Impl>(transport, clock, std::move(options), std::move(mayWrite))) {}

Controller::~Controller() {
  follow();
  stopCaches();
}

void Controller::startCaches() { impl_->world.start(); }
void Controller::stopCaches() { impl_->world.stop(); }
bool Controller::ready() const { return impl_->world.synced(); }

void Controller::lead() {
  impl_->dispatcher.start(impl_->options.workers);
  impl_->dispatcher.add("start", "up", kube::QueuePriority::kUrgent);
}

void Controller::follow() {
  impl_->judging = false;
  impl_->dispatcher.stop();
  impl_->recorder.flush(std::chrono::seconds(2));
}

void Controller::updateMetrics() {
  metrics().set(metric::kWorkqueueDepth, static_cast<double>(impl_->dispatcher.depth()),
                {{"name", "firebreak"}});
}

}  // namespace firebreak::control
