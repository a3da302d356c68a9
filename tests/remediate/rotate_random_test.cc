#include <gtest/gtest.h>

#include <algorithm>

#include "remediate/plan/secrets.h"
#include "remediate/rotate/random_rotator.h"
#include "remediate/rotate/staging.h"
#include "support/memory_secret_store.h"

namespace firebreak::rotate {
namespace {

using Effect = Observation::Effect;
using firebreak::testing::CountingRandom;
using firebreak::testing::MemorySecretStore;
using Crash = MemorySecretStore::Crash;

constexpr const char* kOld = "old-value-of-the-test";

class RandomRotation : public ::testing::Test {
 protected:
  RandomRotation() { plan_ = makePlan(); }

  Plan makePlan() {
    StoredSecret secret;
    secret.meta.ns = "shop";
    secret.meta.name = "api-token";
    secret.meta.uid = "uid-secret";
    secret.data.emplace("token", SecretValue(kOld));
    secret.data.emplace("other", SecretValue("untouched"));
    store_.put(secret);
    remediate::RotationTarget target;
    target.secret = {
        {"metadata", {{"namespace", "shop"}, {"name", "api-token"}, {"uid", "uid-secret"}}},
        {"type", "Opaque"},
        {"keys", {{"token", 21}, {"other", 9}}}};
    target.rotator = RotatorEntry{"r", "Random", "shop", "api-token", {"token"}, false,
                                  {{"random", {{"nature", "SharedToken"}}}}};
    target.policy = "default";
    target.remediationName = "exposed-secret-api-token-1";
    target.remediationUid = "uid-remediation";
    return remediate::planRotation(target);
  }

  const Step& step(const std::string& name) const {
    auto found = std::find_if(plan_.steps.begin(), plan_.steps.end(),
                              [&](const Step& s) { return s.name == name; });
    EXPECT_NE(found, plan_.steps.end()) << name;
    return *found;
  }
  Status apply(const std::string& name) {
    RotationContext context{store_, random_, systemClock()};
    return rotatorFor(step(name))->apply(step(name), context);
  }
  Status undo(const std::string& name) {
    RotationContext context{store_, random_, systemClock()};
    return rotatorFor(step(name))->undo(step(name), context);
  }
  Observation observe(const std::string& name) {
    RotationContext context{store_, random_, systemClock()};
    auto seen = rotatorFor(step(name))->observe(step(name), context);
    EXPECT_TRUE(seen.has_value()) << (seen ? "" : seen.error().message);
    return seen.value_or(Observation{Effect::kForeign, "error"});
  }
  // As the executor does: looks, applies what is absent, looks again.
  bool drive(const std::string& name) {
    for (int attempt = 0; attempt < 4; ++attempt) {
      Observation seen = observe(name);
      if (seen.effect == Effect::kPresent) return true;
      if (seen.effect == Effect::kForeign) return false;
      Status applied = apply(name);
      if (!applied && !isRetryable(applied.error())) return false;
    }
    return false;
  }
  bool driveAll() { return drive("stage") && drive("write") && drive("remove-staging"); }

  std::string value(const std::string& key = "token") const {
    return store_.at("shop", "api-token").data.at(key).bytes();
  }
  std::string staging() const { return stagingName("api-token", "uid-remediation", 1); }

  MemorySecretStore store_;
  CountingRandom random_;
  Plan plan_;
};

TEST_F(RandomRotation, ReplacesTheValueAndLeavesNothingBehind) {
  ASSERT_TRUE(driveAll());
  EXPECT_NE(value(), kOld);
  EXPECT_EQ(value().size(), 43U);
  EXPECT_EQ(value("other"), "untouched");
  EXPECT_EQ(store_.names(), std::vector<std::string>{"api-token"});
  EXPECT_EQ(store_.writes(), 3);
}

TEST_F(RandomRotation, StagesBeforeItChangesAnything) {
  ASSERT_TRUE(apply("stage").has_value());
  EXPECT_EQ(value(), kOld);
  ASSERT_EQ(store_.names().size(), 2U);
  const StoredSecret& staged = store_.at("shop", staging());
  EXPECT_EQ(staged.owner.uid, "uid-secret");
  EXPECT_EQ(staged.data.at("previous.token").bytes(), kOld);
  EXPECT_EQ(staged.data.at("next.token").size(), 43U);
  EXPECT_EQ(staged.data.count("next.other"), 0U);
}

TEST_F(RandomRotation, EveryCallMayBeMadeTwice) {
  ASSERT_TRUE(apply("stage").has_value());
  ASSERT_TRUE(apply("stage").has_value());
  ASSERT_TRUE(apply("write").has_value());
  std::string first = value();
  ASSERT_TRUE(apply("write").has_value());
  EXPECT_EQ(value(), first);
  ASSERT_TRUE(apply("remove-staging").has_value());
  ASSERT_TRUE(apply("remove-staging").has_value());
  // A restarted operator that looks at finished steps does nothing.
  ASSERT_TRUE(apply("stage").has_value());
  ASSERT_TRUE(apply("write").has_value());
  EXPECT_EQ(value(), first);
  EXPECT_EQ(store_.names().size(), 1U);
}

// The same end from a crash at every write, before it and after it: one new value, nothing left.
TEST_F(RandomRotation, SurvivesACrashAtEveryWrite) {
  for (Crash how : {Crash::kBeforeWrite, Crash::kAfterWrite}) {
    for (int write = 0; write < 3; ++write) {
      SCOPED_TRACE(write);
      store_ = MemorySecretStore();
      plan_ = makePlan();
      store_.crashAt(write, how);
      ASSERT_TRUE(driveAll());
      EXPECT_NE(value(), kOld);
      EXPECT_EQ(store_.names(), std::vector<std::string>{"api-token"});
    }
  }
}

TEST_F(RandomRotation, ACrashAfterTheWriteDoesNotRotateAgain) {
  ASSERT_TRUE(drive("stage"));
  std::string next = store_.at("shop", staging()).data.at("next.token").bytes();
  store_.crashAt(1, Crash::kAfterWrite);
  EXPECT_FALSE(apply("write").has_value());
  EXPECT_EQ(observe("write").effect, Effect::kPresent);
  ASSERT_TRUE(drive("write"));
  EXPECT_EQ(value(), next);
}

TEST_F(RandomRotation, SomebodyElsesChangeIsForeignAndNeverForced) {
  ASSERT_TRUE(drive("stage"));
  store_.overwrite("shop", "api-token", "token", "set-by-a-person");
  EXPECT_EQ(observe("write").effect, Effect::kForeign);
  auto written = apply("write");
  ASSERT_FALSE(written.has_value());
  EXPECT_EQ(written.error().code, ErrorCode::kConflict);
  EXPECT_EQ(value(), "set-by-a-person");
  // The staging Secret can still be taken away.
  EXPECT_TRUE(undo("stage").has_value());
  EXPECT_EQ(store_.names().size(), 1U);
}

TEST_F(RandomRotation, AForeignStagingSecretIsLeftAlone) {
  StoredSecret other;
  other.meta.ns = "shop";
  other.meta.name = staging();
  store_.put(other);
  EXPECT_EQ(observe("stage").effect, Effect::kForeign);
  EXPECT_FALSE(apply("stage").has_value());
  EXPECT_FALSE(apply("write").has_value());
  EXPECT_FALSE(apply("remove-staging").has_value());
  EXPECT_EQ(value(), kOld);
  EXPECT_EQ(store_.names().size(), 2U);
}

TEST_F(RandomRotation, ASecretMadeAnewIsNotTouched) {
  StoredSecret fresh = store_.at("shop", "api-token");
  fresh.meta.uid = "another-uid";
  store_.put(fresh);
  auto staged = apply("stage");
  ASSERT_FALSE(staged.has_value());
  EXPECT_EQ(staged.error().code, ErrorCode::kConflict);
  EXPECT_EQ(store_.names().size(), 1U);
}

TEST_F(RandomRotation, RollsBackToThePreviousValue) {
  ASSERT_TRUE(drive("stage"));
  ASSERT_TRUE(drive("write"));
  // The previous value would be lost with the staging Secret.
  EXPECT_FALSE(undo("stage").has_value());
  ASSERT_TRUE(undo("write").has_value());
  EXPECT_EQ(value(), kOld);
  EXPECT_EQ(observe("write").effect, Effect::kAbsent);
  ASSERT_TRUE(undo("write").has_value());
  ASSERT_TRUE(undo("stage").has_value());
  EXPECT_EQ(observe("stage").effect, Effect::kAbsent);
  EXPECT_EQ(store_.names(), std::vector<std::string>{"api-token"});
  // What was rolled back is not done again by the same episode.
  EXPECT_FALSE(apply("stage").has_value());
}

TEST_F(RandomRotation, AfterTheEndThereIsNoWayBackAndItSaysSo) {
  ASSERT_TRUE(driveAll());
  EXPECT_FALSE(observe("write").message.empty());
  auto undone = undo("write");
  ASSERT_FALSE(undone.has_value());
  EXPECT_EQ(undone.error().code, ErrorCode::kInvalid);
}

TEST_F(RandomRotation, GivesNothingUpWhileTheExposedValueIsBack) {
  ASSERT_TRUE(drive("stage"));
  ASSERT_TRUE(drive("write"));
  store_.overwrite("shop", "api-token", "token", kOld);
  EXPECT_FALSE(apply("remove-staging").has_value());
  EXPECT_NE(store_.find("shop", staging()), nullptr);
  EXPECT_EQ(observe("write").effect, Effect::kAbsent);
}

TEST_F(RandomRotation, ALostKeyIsAConflict) {
  StoredSecret bare = store_.at("shop", "api-token");
  bare.data.erase("token");
  store_.put(bare);
  auto staged = apply("stage");
  ASSERT_FALSE(staged.has_value());
  EXPECT_EQ(staged.error().code, ErrorCode::kConflict);
}

TEST_F(RandomRotation, NoErrorHoldsAValue) {
  ASSERT_TRUE(drive("stage"));
  std::string next = store_.at("shop", staging()).data.at("next.token").bytes();
  store_.overwrite("shop", "api-token", "token", "set-by-a-person");
  for (const char* name : {"stage", "write", "remove-staging"}) {
    for (const Status& status : {apply(name), undo(name)}) {
      if (status) continue;
      EXPECT_EQ(status.error().message.find(kOld), std::string::npos);
      EXPECT_EQ(status.error().message.find(next), std::string::npos);
      EXPECT_EQ(status.error().message.find("set-by-a-person"), std::string::npos);
    }
  }
}

TEST(Successor, KeepsLengthClassAlphabetAndLineEnd) {
  CountingRandom random;
  auto of = [&](const std::string& old) { return successorOf(SecretValue(old), random).bytes(); };
  EXPECT_EQ(of("short").size(), 43U);
  EXPECT_EQ(of(std::string(64, 'x')).size(), 64U);
  EXPECT_EQ(of(std::string(5000, 'x')).size(), 512U);
  std::string hex = of("00112233445566778899aabbccddeeff");
  EXPECT_EQ(hex.size(), 32U);
  EXPECT_EQ(hex.find_first_not_of("0123456789abcdef"), std::string::npos);
  EXPECT_EQ(of("with-line-end\n").back(), '\n');
  EXPECT_EQ(of("x").find_first_of("+/="), std::string::npos);
  EXPECT_NE(of("x"), of("x"));
}

TEST(StagingName, IsTheSameForOneEpisodeAndFitsAName) {
  EXPECT_EQ(stagingName("a", "u", 1), stagingName("a", "u", 1));
  EXPECT_NE(stagingName("a", "u", 1), stagingName("a", "u", 2));
  EXPECT_NE(stagingName("a", "u", 1), stagingName("a", "v", 1));
  EXPECT_EQ(stagingName(std::string(253, 'n'), "u", 1).size(), 253U);
}

}  // namespace
}  // namespace firebreak::rotate
