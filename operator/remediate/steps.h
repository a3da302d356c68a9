// What the stretches of a Remediation's life share about steps and their records. Pure.
#pragma once

#include <string>

#include "firebreak/plan.h"
#include "remediate/next.h"

namespace firebreak::remediate {

const Step* stepNamed(const Plan& plan, const std::string& name);
// Verified or skipped: nothing is to be done about it any more.
bool isDone(StepState state);
// Its effect may be in the cluster.
bool isUndoable(StepState state);
void mark(StepRecord& record, StepState state, WallTime now, std::string message = "");
// Intends a step: its before-image is taken and sealed anew.
void intend(const Situation& s, const RemediationStatus& status, const Step& step,
            StepRecord& record, StepState state = StepState::kIntended);
// A proof's reason where waiting longer will not make it true: its controller has given up.
inline constexpr const char* kRolloutFailed = "RolloutFailed";
// Waits for an approval of its own, also in mode Enforce: what it does reaches beyond the target.
inline constexpr const char* kBlockImage = "BlockImage";
bool asksAlways(const Step& step);
// A plan that hands out a new credential.
bool isRotation(const Plan& plan);

}  // namespace firebreak::remediate
