// Two operators that both believe they lead, against one API server in memory: each with caches of its own that
// lag by as many events as a test likes, kind by kind, skip events over a new list, and are lost in a restart.
// Single thread; everything follows from a seed.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <random>
#include <string>

#include "control/control_world.h"

namespace firebreak::control {

class Replica {
 public:
  Replica(MemoryApi& api, Clock& clock)
      : api_(api),
        client(api.transport),
        world(api.transport, "firebreak-system"),
        keys(client, "firebreak-system", "firebreak-keys"),
        executor(client, rotators, [] { return true; }),
        family(client),
        opener(client, world, keys),
        remediations(client, world, executor, keys, ledger, clock, ReconcilerOptions{}) {
    for (kube::WatchSink* sink : {static_cast<kube::WatchSink*>(&world.pods),
                                  static_cast<kube::WatchSink*>(&world.ingresses),
                                  static_cast<kube::WatchSink*>(&world.nodes),
                                  static_cast<kube::WatchSink*>(&world.nodeGuards),
                                  static_cast<kube::WatchSink*>(&world.brakes),
                                  static_cast<kube::WatchSink*>(&world.locks)}) {
      sink->begin();
      sink->synced();
    }
    remediations.addFamily(family);
    for (const auto& [plural, path] : kPaths) relist(plural);
  }

  // What happened since is in the list that is read now; nobody says what it was.
  void relist(const std::string& plural) {
    pending_[plural].clear();
    sinkOf(plural).begin();
    for (const Json& object : api_.below(kPaths.at(plural))) {
      sinkOf(plural).upsert(dumpJson(object), false);
    }
    sinkOf(plural).synced();
    count();
  }
  void hear(const std::string& plural, const Json& object, bool deleted) {
    if (kPaths.contains(plural)) pending_[plural].push_back({dumpJson(object), deleted});
  }
  bool deliver(const std::string& plural) {
    auto& waiting = pending_[plural];
    if (waiting.empty()) return false;
    auto [text, deleted] = std::move(waiting.front());
    waiting.pop_front();
    if (deleted) {
      sinkOf(plural).erase(text);
    } else {
      sinkOf(plural).upsert(text, false);
    }
    count();
    return true;
  }
  void catchUp() {
    for (const auto& [plural, path] : kPaths) {
      while (deliver(plural)) {
      }
    }
  }

  inline static const std::map<std::string, std::string> kPaths = {
      {"services", "/api/v1/namespaces/shop/services"},
      {"namespaces", "/api/v1/namespaces"},
      {"securitypolicies", "/apis/firebreak.dev/v1alpha1/securitypolicies"},
      {"remediations", "/apis/firebreak.dev/v1alpha1/remediations"}};

 private:
  kube::WatchSink& sinkOf(const std::string& plural) {
    if (plural == "services") return world.services;
    if (plural == "namespaces") return world.namespaces;
    if (plural == "securitypolicies") return world.policies;
    return world.remediations;
  }
  void count() {
    for (const auto& known : world.remediations.snapshot()) ledger.note(*known);
  }

  MemoryApi& api_;
  std::map<std::string, std::deque<std::pair<std::string, bool>>> pending_;

 public:
  kube::Client client;
  World world;
  KeyRing keys;
  NoRotators rotators;
  Executor executor;
  TestFamily family;
  Opener opener;
  Ledger ledger;
  RemediationReconciler remediations;
};

// What went on in the cluster, besides what it looks like.
struct Seen {
  int serviceChanges = 0;
  int locksMade = 0;
};

class Replicas {
 public:
  explicit Replicas(unsigned seed) : api(clock), random_(seed) {
    api.listener = [this](const std::string& plural, const Json& object, bool deleted) {
      note(plural, object, deleted);
      for (auto& each : replica) {
        if (each) each->hear(plural, object, deleted);
      }
    };
    api.put("/api/v1/namespaces/shop", {{"metadata", Json::object()}});
    addConsole();
    for (int i = 0; i < 2; ++i) restart(i);
  }

  void addConsole() {
    api.put(kService, {{"apiVersion", "v1"},
                       {"kind", "Service"},
                       {"metadata", {{"namespace", "shop"}}},
                       {"spec", {{"type", "NodePort"}}}});
  }
  void setMode(const std::string& mode) {
    api.put(ControlWorld::policyPath("default"),
            {{"metadata", Json::object()}, {"spec", {{"mode", mode}}}});
  }
  std::string open() {
    const Json* live = api.find(kService);
    Finding finding;
    finding.rule = "open-console";
    return *replica[0]->opener.open(
        Family::kOpenDashboard,
        {"v1", "Service", "shop", "console", stringOr(member(*live, {"metadata", "uid"}))}, {finding});
  }
  // A new process: it knows what the API server holds, and how far the other one is not.
  void restart(int index) {
    replica[index].reset();
    replica[index] = std::make_unique<Replica>(api, clock);
    ASSERT_TRUE(replica[index]->keys.load());
  }

  // One thing happens to one of them.
  void step(const std::string& name, bool jumps) {
    const int which = static_cast<int>(random_() % 2);
    Replica& one = *replica[which];
    const auto kind = std::next(Replica::kPaths.begin(), random_() % Replica::kPaths.size())->first;
    switch (random_() % 12) {
      case 0:
        return restart(which);
      case 1:
        return one.relist(kind);
      case 2:
        clock.advance(std::chrono::milliseconds(random_() % 3000));
        return;
      case 3:
        if (jumps) clock.advance(std::chrono::minutes(static_cast<int>(random_() % 121) - 60));
        return;
      case 4:
      case 5:
      case 6:
      case 7:
        one.deliver(kind);
        return;
      default:
        (void)one.remediations.reconcile(name);
    }
  }
  // Every third write is a conflict, is lost, or is done without its answer.
  void faults(bool on) {
    api.fault = nullptr;
    if (!on) return;
    api.fault = [this](const std::string&) -> MemoryApi::Fault {
      switch (random_() % 9) {
        case 0:
          return {409, false};
        case 1:
          return {503, false};
        case 2:
          return {503, true};
        default:
          return {};
      }
    };
  }
  // Nothing fails any more, every event arrives, time goes on until nobody waits for it.
  bool settle(const std::string& name) {
    faults(false);
    for (int round = 0; round < 400; ++round) {
      std::optional<WallTime> due;
      size_t writes = api.writes.size();
      bool failed = false;
      for (auto& each : replica) {
        each->catchUp();
        auto again = each->remediations.reconcile(name);
        failed = failed || !again;
        if (again && *again) due = std::min(due.value_or(**again), **again);
      }
      if (failed || api.writes.size() != writes) continue;
      if (!due || *due - clock.wall() > std::chrono::hours(2)) return true;
      clock.advance(std::max<std::chrono::nanoseconds>(*due - clock.wall(), std::chrono::milliseconds(100)));
    }
    return false;
  }

  RemediationStatus status(const std::string& name) {
    return replica[0]->world.remediations.get(name)->status;
  }
  // reason -> how many Events
  std::map<std::string, int> told() {
    std::map<std::string, int> reasons;
    for (const Json& event : api.below("/apis/events.k8s.io/v1/namespaces/shop/events")) {
      ++reasons[stringOr(event["reason"])];
    }
    return reasons;
  }
  bool locked() {
    return !api.below("/apis/networking.k8s.io/v1/namespaces/shop/networkpolicies").empty();
  }
  std::string serviceType() {
    return stringOr(member(*api.find(kService), {"spec", "type"}));
  }

  static constexpr const char* kService = "/api/v1/namespaces/shop/services/console";
  FakeClock clock;
  MemoryApi api;
  std::unique_ptr<Replica> replica[2];
  Seen seen;

 private:
  void note(const std::string& plural, const Json& object, bool deleted) {
    if (plural == "services" && !deleted && intOr(member(object, {"metadata", "generation"}), 1) > 1) {
      ++seen.serviceChanges;
    }
    if (plural == "networkpolicies" && !deleted) ++seen.locksMade;
  }

  std::mt19937 random_;
};

}  // namespace firebreak::control
