// The stretches of a Remediation's life that next() chooses between. Pure.
#pragma once

#include "remediate/next.h"

namespace firebreak::remediate {

// Before the first write: judge the guards and either say what is in the way or start an episode.
Move decide(const Situation& situation);
// From the first intended write to Contained.
Move carryOut(const Situation& situation);
// Everything that was to be applied is; prove it (verify.cc).
Move verify(const Situation& situation, RemediationStatus status);
Move contain(const Situation& situation, RemediationStatus status,
             std::optional<WallTime> until = std::nullopt);
// A contained target whose fix may have been undone (drift.cc).
Move watchDrift(const Situation& situation, RemediationStatus status);
// The target is gone: what selects or holds it is of no use to anybody any more (episode.cc).
Move tidy(const Situation& situation, RemediationStatus status);
// Rejected, reverted or gone: stays so until the finding's fingerprint or tier changes.
Move reopen(const Situation& situation);
// A failed one is planned anew once the guards let it start again.
Move tryAgain(const Situation& situation);
// Undo in reverse order, each step only where it still holds what Firebreak wrote.
Move revert(const Situation& situation);

// Why what was begun has to be undone; empty = it has not.
struct Release {
  std::string reason;  // Decided, Excluded, PolicyDeleted, Deleted
  std::string by;      // "alice", "policy default: excluded as load-tests"
};
Release releaseOf(const Situation& situation);
bool wantsRevert(const Situation& situation);

// A new credential goes on to its proof whatever the guards say by now, but never further.
bool mayOpen(const Situation& situation, const Step& step);
Move failEpisode(const Situation& situation, RemediationStatus status, const std::string& message,
                 Outcome outcome);
Move rollBack(const Situation& situation, RemediationStatus status, const std::string& message);

// Save where the new status differs, else rest.
Move saveOrRest(const Situation& situation, RemediationStatus status,
                std::optional<WallTime> until = std::nullopt);
// Sets Ready, Reconciling and Stalled from phase and outcome (kstatus).
void summarise(const Situation& situation, RemediationStatus& status);

}  // namespace firebreak::remediate
