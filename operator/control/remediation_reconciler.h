// RemediationReconciler: drives one Remediation by remediate::next(): gather, ask, do one thing, ask
// again, until there is nothing to do now. Called by the queue's workers, one at a time per name.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>

#include "control/coverage.h"
#include "control/executor.h"
#include "control/family.h"
#include "control/key_ring.h"
#include "control/ledger.h"
#include "control/world.h"
#include "firebreak/clock.h"

namespace firebreak::control {

struct ReconcilerOptions {
  std::string operatorNamespace = "firebreak-system";
  std::string sensorNamespace = "firebreak-sensor";
  std::set<std::string> protectedNamespaces;
  std::string instance;  // this process, for Events
};

class RemediationReconciler {
 public:
  RemediationReconciler(kube::Client& client, World& world, Executor& executor, KeyRing& keys,
                        Ledger& ledger, Clock& clock, ReconcilerOptions options);

  void addFamily(FamilyDriver& driver);
  // Called after a Remediation's episode was saved, on the worker: consequences are opened here.
  void onSaved(std::function<void(const Remediation&)> callback) { onSaved_ = std::move(callback); }

  // When to look again; absent = when something changes. An error is tried again with back-off.
  Result<std::optional<WallTime>> reconcile(const std::string& name);
  void forgotten(const std::string& name);

 private:
  struct Gathered {
    Remediation remediation;
    Coverage coverage;
    Assessment assessment;
    std::vector<remediate::BudgetView> budgets;
    int64_t reverting = 0;  // other Remediations
    remediate::Situation situation;
  };
  std::optional<Remediation> newest(const std::string& name);
  // remediation_look.cc
  Result<Gathered> gather(const Remediation& remediation,
                          const std::vector<remediate::ProofView>& proofs);
  remediate::GuardInput guardInput(Gathered& gathered);
  Status observeSteps(Gathered& gathered, const std::vector<remediate::ProofView>& proofs);
  bool policyLeaves(const std::string& uid) const;

  Result<Remediation> save(const Remediation& remediation, const RemediationStatus& status);
  Result<Remediation> setFinalizer(const Gathered& gathered, bool present);
  // One move of next(). Nothing where it is done for now.
  Result<std::optional<Remediation>> carryOut(const Gathered& gathered,
                                              const remediate::Move& move,
                                              std::vector<remediate::ProofView>* proofs);
  Status write(const Gathered& gathered, const remediate::Move& move, size_t* index);
  Status emit(const Remediation& remediation, const std::vector<remediate::EventDraft>& events);
  remediate::ProofView prove(const Gathered& gathered, size_t index);
  bool proveAgain(const Gathered& gathered, std::vector<remediate::ProofView>* proofs);
  void shareProof(const Gathered& gathered, size_t index, const remediate::ProofView& proof,
                  std::vector<remediate::ProofView>* proofs) const;
  void sayUnseen(const Remediation& remediation, const Error& error);
  Result<Remediation> failStep(const Gathered& gathered, size_t index, const Error& error);
  const Step* plannedStep(const Gathered& gathered, size_t index) const;

  kube::Client& client_;
  World& world_;
  Executor& executor_;
  KeyRing& keys_;
  Ledger& ledger_;
  Clock& clock_;
  const ReconcilerOptions options_;
  std::map<Family, FamilyDriver*> families_;
  std::function<void(const Remediation&)> onSaved_;
  std::mutex mutex_;
  std::map<std::string, Remediation> latest_;  // our own last write, until the watch shows it
};

}  // namespace firebreak::control
