// The four stretches of a Remediation's life that next() chooses between. Pure.
#pragma once

#include "remediate/next.h"

namespace firebreak::remediate {

// Before the first write: judge the guards and either say what is in the way or start an episode.
Move decide(const Situation& situation);
// From the first intended write to Contained, and drift after it.
Move carryOut(const Situation& situation);
// Undo in reverse order, each step only where it still holds what Firebreak wrote.
Move revert(const Situation& situation);
// Rejected, reverted or gone: stays so until the finding's fingerprint or tier changes.
Move reopen(const Situation& situation);

bool wantsRevert(const Remediation& remediation);

// Save where the new status differs, else rest.
Move saveOrRest(const Situation& situation, RemediationStatus status,
                std::optional<WallTime> until = std::nullopt);
// Sets Ready, Reconciling and Stalled from phase and outcome (kstatus).
void summarise(const Situation& situation, RemediationStatus& status);

}  // namespace firebreak::remediate
