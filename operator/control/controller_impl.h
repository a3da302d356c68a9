// What a Controller is made of, for the files that implement it and nobody else: controller.cc (its life, and
// what is done for each key) and controller_watches.cc (which change asks for which key).
#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "control/alerts.h"
#include "control/controller.h"
#include "control/dashboard_family.h"
#include "control/dispatcher.h"
#include "control/executor.h"
#include "control/exposure_sweep.h"
#include "control/historian.h"
#include "control/holders.h"
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

// An object's key, as stores and the queue have it.
inline std::string keyOf(const ObjectMeta& meta) { return meta.ns + "/" + meta.name; }

struct Controller::Impl {
  Impl(kube::Transport& transport, Clock& clockIn, ControllerOptions optionsIn,
       std::function<bool()> mayWrite);

  void enqueue(const std::string& sort, const std::string& key,
               kube::QueuePriority priority = kube::QueuePriority::kNormal) {
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
  Result<std::optional<WallTime>> onPublisher(const std::string& key);
  Result<std::optional<WallTime>> onConsole(const Subject& subject, const SecurityPolicy& policy);
  Result<std::optional<WallTime>> onConsequence(const std::string& key);
  Result<std::optional<WallTime>> onExposures(const std::string& ns, bool marked);
  Result<std::optional<WallTime>> onPublicReaders();
  void addServicesOf(const Pod& pod);
  void pokeTarget(Family family, const ObjectRef& target);
  void pokePublishers(const std::string& ns);
  std::vector<std::string> consolesIn(const std::string& ns, bool publishersAlone) const;
  void wake(const std::vector<std::string>& remediationNames);

  Clock& clock;
  const ControllerOptions options;
  kube::Client client;
  World world;
  KeyRing keys;
  Ledger ledger;
  Holders holders;
  SecretFamily secrets;
  ExposureSweep exposures;
  Executor executor;
  Opener opener;
  RemediationReconciler remediations;
  PolicyReconciler policies;
  kube::EventRecorder recorder;
  Alerts alerts;
  Historian historian;
  MinerJudge minerJudge;
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

}  // namespace firebreak::control
