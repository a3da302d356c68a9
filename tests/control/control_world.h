// ControlWorld: the reconcilers against an API server in memory: a console's Service that is to be made
// ClusterIP and locked by a NetworkPolicy. Single thread; every change reaches the caches at once.
#pragma once

#include <gtest/gtest.h>

#include <deque>
#include <memory>
#include <string>

#include "control/executor.h"
#include "control/key_ring.h"
#include "control/ledger.h"
#include "control/opener.h"
#include "control/policy_reconciler.h"
#include "control/remediation_reconciler.h"
#include "control/world.h"
#include "remediate/journal.h"
#include "support/fake_clock.h"
#include "support/memory_api.h"

namespace firebreak::control {

class NoRotators : public ExternalSteps {
 public:
  Result<remediate::StepView> observe(const Remediation&, const Step&) override { return none(); }
  Status apply(const Remediation&, const Step&) override { return none(); }
  Status undo(const Remediation&, const Step&) override { return none(); }

 private:
  static tl::unexpected<Error> none() { return fail(ErrorCode::kInternal, "no rotators"); }
};

class TestFamily : public FamilyDriver {
 public:
  explicit TestFamily(kube::Client& client) : client_(client) {}
  Family family() const override { return Family::kOpenDashboard; }
  Result<Assessment> assess(const Remediation& remediation, const SecurityPolicy*,
                            const remediate::JournalKeys& keys) override {
    Assessment assessment;
    auto live = client_.get(kube::kServices, remediation.target.ns, remediation.target.name);
    if (!live && live.error().code != ErrorCode::kNotFound) return tl::unexpected(live.error());
    if (!live || stringOr(member(*live, {"metadata", "uid"})) != remediation.target.uid) {
      assessment.targetGone = true;
      return assessment;
    }
    Json before = remediate::rewind(*live, remediate::sealedImages(keys, remediation));
    Finding finding;
    finding.family = Family::kOpenDashboard;
    finding.rule = "open-console";
    finding.tier = Tier::kRemediate;
    finding.confidence = 95;
    assessment.findings = {finding};
    Step lock;
    lock.name = "restrict-ingress";
    lock.action = "RestrictIngress";
    lock.type = PatchType::kCreate;
    lock.object = {"networking.k8s.io/v1", "NetworkPolicy", remediation.target.ns,
                   "lock-" + remediation.target.name, ""};
    lock.manifest = {
        {"apiVersion", lock.object.apiVersion},
        {"kind", lock.object.kind},
        {"metadata",
         {{"name", lock.object.name},
          {"namespace", lock.object.ns},
          {"annotations", {{"firebreak.dev/remediation", remediation.name}}}}},
        {"spec", {{"podSelector", {{"matchLabels", {{"app", "console"}}}}}}}};
    Step unpublish;
    unpublish.name = "unpublish";
    unpublish.action = "Unpublish";
    unpublish.object = remediation.target;
    unpublish.edits = {{"/spec/type", member(before, {"spec", "type"}), Json("ClusterIP")}};
    assessment.plan.steps = {lock, unpublish};
    return assessment;
  }
  remediate::ProofView prove(const Remediation&, const SecurityPolicy*,
                             const remediate::JournalKeys&, const Step&) override {
    return {remediate::ProofView::Verdict::kTrue, "Shut", "shut"};
  }

 private:
  kube::Client& client_;
};

class ControlWorld {
 public:
  ControlWorld()
      : api(clock),
        client(api.transport),
        world(api.transport, "firebreak-system"),
        keys(client, "firebreak-system", "firebreak-keys"),
        executor(client, rotators, [this] { return leads; }),
        family(client),
        opener(client, world, keys) {
    for (kube::WatchSink* sink : sinks()) {
      sink->begin();
      sink->synced();
    }
    api.listener = [this](const std::string& plural, const Json& object, bool deleted) {
      follow(plural, object, deleted);
    };
    EXPECT_TRUE(keys.load());
    restart();
    api.put("/api/v1/namespaces/shop", {{"metadata", Json::object()}});
    addService("console");
  }

  // A new process: what it knows is what the API server holds.
  void restart() {
    ledger = std::make_unique<Ledger>();
    for (const auto& known : world.remediations.snapshot()) ledger->note(*known);
    remediations = std::make_unique<RemediationReconciler>(client, world, executor, keys, *ledger,
                                                           clock, ReconcilerOptions{});
    remediations->addFamily(family);
    policies = std::make_unique<PolicyReconciler>(client, world, *ledger, clock, "test");
  }

  void addService(const std::string& name, const std::string& ns = "shop") {
    api.put("/api/v1/namespaces/" + ns + "/services/" + name,
            {{"apiVersion", "v1"},
             {"kind", "Service"},
             {"metadata", {{"namespace", ns}}},
             {"spec", {{"type", "NodePort"}}}});
  }
  void addPolicy(const std::string& name, const Json& spec) {
    api.put(policyPath(name), {{"metadata", Json::object()}, {"spec", spec}});
  }
  static std::string policyPath(const std::string& name) {
    return "/apis/firebreak.dev/v1alpha1/securitypolicies/" + name;
  }
  static std::string remediationPath(const std::string& name) {
    return "/apis/firebreak.dev/v1alpha1/remediations/" + name;
  }

  std::string open(const std::string& service, const std::string& ns = "shop") {
    const Json* live = api.find("/api/v1/namespaces/" + ns + "/services/" + service);
    ObjectRef target{"v1", "Service", ns, service, stringOr(member(*live, {"metadata", "uid"}))};
    Finding finding;
    finding.rule = "open-console";
    return *opener.open(Family::kOpenDashboard, target, {finding});
  }

  // Works until nothing is to be done now; an error is tried again.
  std::optional<WallTime> settle(const std::string& name) {
    for (int i = 0; i < 60; ++i) {
      auto done = remediations->reconcile(name);
      if (!done) continue;
      // Proofs that are asked again within the second.
      if (*done && **done - clock.wall() < std::chrono::seconds(1)) {
        clock.advance(std::chrono::milliseconds(600));
        continue;
      }
      return *done;
    }
    ADD_FAILURE() << name << " does not come to rest";
    return std::nullopt;
  }
  void settlePolicy(const std::string& name) {
    for (int i = 0; i < 10 && !policies->reconcile(name); ++i) {
    }
  }

  RemediationStatus status(const std::string& name) {
    auto known = world.remediations.get(name);
    return known ? known->status : RemediationStatus{};
  }
  Json condition(const std::string& policy, const std::string& type) {
    const Json* live = api.find(policyPath(policy));
    for (const Json& each : member(*live, {"status", "conditions"})) {
      if (each["type"] == type) return each;
    }
    return Json();
  }
  std::vector<std::string> events(const std::string& reason) {
    std::vector<std::string> notes;
    for (const char* ns : {"shop", "other", "default"}) {
      for (const Json& event :
           api.below("/apis/events.k8s.io/v1/namespaces/" + std::string(ns) + "/events")) {
        if (event["reason"] == reason) notes.push_back(event["note"]);
      }
    }
    return notes;
  }
  std::string serviceType() {
    return stringOr(member(*api.find("/api/v1/namespaces/shop/services/console"), {"spec", "type"}));
  }
  bool locked() {
    return api.find("/apis/networking.k8s.io/v1/namespaces/shop/networkpolicies/lock-console") !=
           nullptr;
  }

  FakeClock clock;
  MemoryApi api;
  kube::Client client;
  World world;
  KeyRing keys;
  NoRotators rotators;
  bool leads = true;
  Executor executor;
  TestFamily family;
  Opener opener;
  std::unique_ptr<Ledger> ledger;
  std::unique_ptr<RemediationReconciler> remediations;
  std::unique_ptr<PolicyReconciler> policies;

 private:
  std::vector<kube::WatchSink*> sinks() {
    return {&world.pods,          &world.services,   &world.ingresses, &world.nodes,
            &world.namespaces,    &world.policies,   &world.nodeGuards, &world.brakes,
            &world.remediations,  &world.networkPolicies};
  }
  void follow(const std::string& plural, const Json& object, bool deleted) {
    kube::WatchSink* sink = nullptr;
    if (plural == "securitypolicies") sink = &world.policies;
    if (plural == "remediations") sink = &world.remediations;
    if (plural == "services") sink = &world.services;
    if (plural == "namespaces") sink = &world.namespaces;
    if (sink == nullptr) return;
    const std::string text = dumpJson(object);
    if (deleted) {
      sink->erase(text);
    } else {
      sink->upsert(text, false);
    }
    if (plural == "remediations" && ledger) {
      const std::string name = object["metadata"]["name"];
      if (deleted) {
        ledger->forget(name);
      } else if (auto known = world.remediations.get(name)) {
        ledger->note(*known);
      }
    }
  }
};

}  // namespace firebreak::control
