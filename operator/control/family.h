// FamilyDriver: what is special about one family of remediations: what to read from the cluster to
// judge a target anew, and how its special proofs are got. Everything else (guards, journal, writes,
// undo) is the same for all of them. Called from worker threads, one call at a time per target.
#pragma once

#include <optional>
#include <string>

#include "firebreak/plan.h"
#include "firebreak/policy.h"
#include "firebreak/remediation.h"
#include "firebreak/result.h"
#include "remediate/next.h"

namespace firebreak::control {

struct Assessment {
  bool targetGone = false;
  std::vector<Finding> findings;
  Plan plan;
  StringMap targetLabels;  // of the pod or workload, for excludes
  bool mirrorPod = false;
  // The controller at the top, its pods and those that are ready; kind is empty where there is none.
  ObjectRef root;
  int64_t ownerReplicas = 0;
  int64_t ownerReady = 0;
  std::optional<WallTime> targetCreated;
  // The policy's window for restarts opens then; nothing where it is open or the plan restarts nobody.
  std::optional<WallTime> windowOpensAt;
  Json context = Json::object();  // kept in the first before-image
  // Of a contained target: when it is put to its proof again; absent = never.
  std::optional<WallTime> proveAgainAt;
};

struct UndoAdvice {
  std::string refusal;  // why it must not be undone at all; empty = it may
  bool later = false;   // not yet: what is undone before it has not settled
};

class FamilyDriver {
 public:
  virtual ~FamilyDriver() = default;
  virtual Family family() const = 0;

  // Reads live objects and judges them anew. `policy` is null where none covers the target. Where the
  // episode has started the objects are rewound by the journal, so that the same plan comes out.
  virtual Result<Assessment> assess(const Remediation& remediation, const SecurityPolicy* policy,
                                    const remediate::JournalKeys& keys) = 0;

  // For Proof::kConsoleShut, kPodUnreachable and kRotator.
  virtual remediate::ProofView prove(const Remediation& remediation, const SecurityPolicy* policy,
                                     const remediate::JournalKeys& keys, const Step& step) = 0;

  // Whether this applied step may be undone now.
  virtual UndoAdvice adviseUndo(const Remediation& remediation,
                                const remediate::BeforeImage& image) {
    (void)remediation;
    (void)image;
    return {};
  }
};

}  // namespace firebreak::control
