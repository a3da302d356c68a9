#include "control/controller_impl.h"

#include <algorithm>
#include <optional>
#include <set>

#include "base/log.h"
#include "base/metrics.h"
#include "control/coverage.h"
#include "control/look_pace.h"
#include "control/publisher.h"
#include "detect/dashboards/host_publication.h"
#include "detect/secrets/rbac_reach.h"

namespace firebreak::control {
namespace {

using kube::QueuePriority;

std::vector<std::string> protectedNamespaces(const ReconcilerOptions& options) {
  std::vector<std::string> all = {"kube-system", "kube-public", "kube-node-lease",
                                  options.operatorNamespace, options.sensorNamespace};
  all.insert(all.end(), options.protectedNamespaces.begin(), options.protectedNamespaces.end());
  return all;
}

}  // namespace

Controller::Impl::Impl(kube::Transport& transport, Clock& clockIn, ControllerOptions optionsIn,
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
      minerJudge(client, world, clock),
      miners(client, world, clock, minerJudge, options.reconciler.operatorNamespace),
      prober({}, clock),
      dashboards(client, world, prober, clock),
      dispatcher(clock) {
  remediations.addFamily(miners);
  remediations.addFamily(dashboards);
  remediations.addFamily(secrets);
  addHandlers();
  watchChanges();
}

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
      if (isOurs(keys, *remediation)) continue;
      ledger.forget(remediation->name);
      holders.forget(remediation->name);
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
  dispatcher.handle("publisher", [this](const std::string& key) { return onPublisher(key); });
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

Result<std::optional<WallTime>> Controller::Impl::onPod(const std::string& key) {
  auto pod = world.pods.get(key);
  if (!pod || pod->meta.deleting) return std::optional<WallTime>();
  if (detect::publishesItself(*pod)) enqueue("publisher", publisherKey(*pod));
  ObjectRef target{"v1", "Pod", pod->meta.ns, pod->meta.name, pod->meta.uid};
  Coverage coverage = coverageOf(world, pod->meta.ns);
  const SecurityPolicy* policy = coverage.acting();
  if (policy == nullptr || policy->modeOf(Family::kMiner) == Mode::kDisabled) {
    return std::optional<WallTime>();
  }
  std::vector<Finding> findings = minerJudge.judge(*pod, *policy);
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

Result<std::optional<WallTime>> Controller::Impl::onService(const std::string& key) {
  auto service = world.services.get(key);
  if (!service || service->meta.deleting) return std::optional<WallTime>();
  Coverage coverage = coverageOf(world, service->meta.ns);
  const SecurityPolicy* policy = coverage.acting();
  if (policy == nullptr || policy->modeOf(Family::kOpenDashboard) == Mode::kDisabled) {
    return std::optional<WallTime>();
  }
  auto subject = dashboards.subjectOf(*service);
  if (!subject) return tl::unexpected(subject.error());
  return onConsole(*subject, *policy);
}

Result<std::optional<WallTime>> Controller::Impl::onPublisher(const std::string& key) {
  Coverage coverage = coverageOf(world, key.substr(0, key.find('/')));
  const SecurityPolicy* policy = coverage.acting();
  if (policy == nullptr || policy->modeOf(Family::kOpenDashboard) == Mode::kDisabled) {
    return std::optional<WallTime>();
  }
  auto publisher = publisherOf(client, world, key);
  if (!publisher) return tl::unexpected(publisher.error());
  if (!*publisher) return std::optional<WallTime>();
  return onConsole(dashboards.subjectOf(**publisher, policy), *policy);
}

// Whether it is open now, and when to look again.
Result<std::optional<WallTime>> Controller::Impl::onConsole(const Subject& subject,
                                                            const SecurityPolicy& policy) {
  const ObjectRef& target = subject.target;
  std::string name = opener.nameFor(Family::kOpenDashboard, target);
  if (auto known = world.remediations.get(name); known && remediate::hasStarted(known->status)) {
    dashboards.askSoon(name);
    enqueue("remediation", name);  // looks for drift
    return std::optional<WallTime>();
  }
  ConsoleLook look = dashboards.look(subject, policy);
  // Endpoints that somebody writes by hand are not watched.
  const bool byHand =
      subject.byEndpoints || (subject.service.selector.empty() && target.kind == "Service" &&
                              subject.service.type != "ExternalName");
  if (!look.candidate && !byHand) return std::optional<WallTime>();
  if (highestTier(look.findings) == Tier::kRemediate) {
    auto opened = opener.open(Family::kOpenDashboard, target, look.findings);
    if (!opened) return tl::unexpected(opened.error());
    enqueue("remediation", *opened);
  } else {
    alerts.tell(Family::kOpenDashboard, target, look.findings);
    if (!look.silent && !name.empty() && world.remediations.get(name)) enqueue("remediation", name);
  }
  return std::optional<WallTime>(
      clock.wall() + untilNextLook(probeInterval(policy), look.silentLooks, target.uid));
}

Result<std::optional<WallTime>> Controller::Impl::onConsequence(const std::string& key) {
  auto console = world.remediations.get(key);
  if (!console || console->status.findings.empty()) return std::optional<WallTime>();
  // What RBAC alone puts within reach is told and never acted on.
  for (const Finding& finding : console->status.findings) {
    if (finding.rule == detect::kRbacReachRule) {
      alerts.tell(Family::kExposedSecret, console->target, {finding});
    }
  }
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
  auto found = marked ? exposures.marked(ns, *policy) : exposures.literals(ns, world.hasBarePods(ns));
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
