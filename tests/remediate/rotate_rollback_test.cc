// What the pipe does when a consumer does not become Ready with the new value.
#include <gtest/gtest.h>

#include "remediate/next.h"
#include "remediate/plan/secrets.h"

namespace firebreak::remediate {
namespace {

class RollBack : public ::testing::Test {
 protected:
  RollBack() {
    rotate::Consumer web;
    web.object = {"apps/v1", "Deployment", "shop", "web", "uid-web"};
    web.treatment = rotate::Treatment::kRestart;
    RotationTarget target;
    target.secret = {{"metadata", {{"namespace", "shop"}, {"name", "token"}, {"uid", "uid-s"}}},
                     {"type", "Opaque"},
                     {"keys", {{"token", 20}}}};
    target.rotator = RotatorEntry{"r", "Random", "shop", "token", {"token"}, false,
                                  {{"random", {{"nature", "SharedToken"}}}}};
    target.remediationUid = "uid-r";
    target.consumers = {web};
    s.plan = planRotation(target);
    s.keys = {{"k1", std::string(32, 'k')}};
    s.remediation.uid = "uid-r";
    s.now = WallTime{std::chrono::seconds(2000)};
    RemediationStatus& status = s.remediation.status;
    status.phase = Phase::kVerifying;
    status.startedAt = WallTime{std::chrono::seconds(1000)};
    // Staged and written, the restart applied 1000 s ago and still not Ready.
    StepState states[] = {StepState::kVerified, StepState::kVerified, StepState::kApplied,
                          StepState::kPending};
    for (size_t i = 0; i < s.plan.steps.size(); ++i) {
      StepRecord record;
      record.name = s.plan.steps[i].name;
      record.state = states[i];
      record.time = WallTime{std::chrono::seconds(1000)};
      record.before = beforeText(s.plan.steps[i], Json::object());
      record.mac = seal(s.keys, s.remediation.uid, s.remediation.status.episode, record.name,
                        record.before);
      status.steps.push_back(record);
    }
    s.steps = {{Effect::kPresent, ""}, {Effect::kPresent, ""}, {Effect::kPresent, ""}, {}};
    s.proofs.resize(4);
    s.proofs[2] = {ProofView::Verdict::kFalse, "RollingOut", "Deployment shop/web is not Ready"};
  }

  Situation s;
};

TEST_F(RollBack, BeginsWhenARestartedConsumerIsNotReadyInTime) {
  Move move = next(s);
  auto* save = std::get_if<SaveStatus>(&move);
  ASSERT_NE(save, nullptr);
  EXPECT_EQ(save->status.phase, Phase::kReverting);
  EXPECT_NE(save->status.message.find("Deployment shop/web is not Ready"), std::string::npos);
}

TEST_F(RollBack, WaitsWhileThereIsTime) {
  s.now = WallTime{std::chrono::seconds(1100)};
  Move move = next(s);
  auto* save = std::get_if<SaveStatus>(&move);
  ASSERT_NE(save, nullptr);
  EXPECT_EQ(save->status.phase, Phase::kVerifying);
}

TEST_F(RollBack, PutsTheValueBackBeforeTheConsumersAreMadeAnew) {
  std::vector<size_t> undone;
  for (int round = 0; round < 20; ++round) {
    Move move = next(s);
    if (auto* save = std::get_if<SaveStatus>(&move)) {
      s.remediation.status = save->status;
      continue;
    }
    auto* undo = std::get_if<UndoStep>(&move);
    if (undo == nullptr) break;
    undone.push_back(undo->index);
    s.steps[undo->index] = {Effect::kAbsent, ""};
  }
  // write, stage, restart; the step that would have revoked was never begun.
  EXPECT_EQ(undone, (std::vector<size_t>{1, 0, 2}));
  EXPECT_EQ(s.remediation.status.phase, Phase::kFailed);
  EXPECT_EQ(s.remediation.status.steps[3].state, StepState::kPending);
  EXPECT_NE(s.remediation.status.message.find("rolled back"), std::string::npos);
}

TEST_F(RollBack, APersonsRevertEndsAsReverted) {
  s.remediation.decision.action = "Revert";
  s.remediation.decision.by = "alice";
  s.remediation.generation = 2;  // a decision is a change of the spec
  s.remediation.status.phase = Phase::kContained;
  for (int round = 0; round < 20; ++round) {
    Move move = next(s);
    if (auto* save = std::get_if<SaveStatus>(&move)) {
      s.remediation.status = save->status;
    } else if (auto* undo = std::get_if<UndoStep>(&move)) {
      s.steps[undo->index] = {Effect::kAbsent, ""};
    } else {
      break;
    }
  }
  EXPECT_EQ(s.remediation.status.phase, Phase::kReverted);
}

}  // namespace
}  // namespace firebreak::remediate
