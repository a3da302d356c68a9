// Stale caches, missed events, kinds that arrive in another order, two leaders at once, clocks that jump and
// conflicts, all at the same time: none of them changes what comes of it, and nothing is done twice.
#include "control/replicas.h"

namespace firebreak::control {
namespace {

constexpr unsigned kSeeds = 150;
using Told = std::map<std::string, int>;

TEST(Replicas, WhateverIsLateLostOrDoneByTwoTheEndIsTheSameAndNothingIsDoneTwice) {
  for (unsigned seed = 1; seed <= kSeeds; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Replicas world(seed);
    world.setMode("Audit");
    std::string name = world.open();
    world.faults(true);
    for (int i = 0; i < 120; ++i) {
      // The policy goes up in the middle; each of them learns of it when its watch says so.
      if (i == 30) world.setMode("Enforce");
      world.step(name, seed % 2 == 0);
    }
    ASSERT_TRUE(world.settle(name));
    EXPECT_EQ(world.status(name).phase, Phase::kContained) << world.status(name).message;
    EXPECT_EQ(world.serviceType(), "ClusterIP");
    EXPECT_EQ(world.seen.serviceChanges, 1);
    EXPECT_EQ(world.seen.locksMade, 1);
    Told told = world.told();
    told.erase("WouldRemediate");  // told where it was seen in Audit for long enough
    EXPECT_EQ(told, (Told{{"FindingDetected", 1}, {"RemediationStarted", 1}, {"RemediationSucceeded", 1}}));
    const size_t writes = world.api.writes.size();
    ASSERT_TRUE(world.settle(name));
    EXPECT_EQ(world.api.writes.size(), writes);
  }
}

TEST(Replicas, ARevertUnderTheSameIsDoneOnceAndGivesTheServiceBack) {
  for (unsigned seed = 1; seed <= kSeeds; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Replicas world(seed);
    world.setMode("Enforce");
    std::string name = world.open();
    ASSERT_TRUE(world.settle(name));
    ASSERT_EQ(world.status(name).phase, Phase::kContained);
    world.api.change(ControlWorld::remediationPath(name), [](Json& remediation) {
      remediation["spec"]["decision"] = {{"action", "Revert"}, {"by", "alice"}};
    });
    world.faults(true);
    for (int i = 0; i < 80; ++i) world.step(name, seed % 2 == 0);
    ASSERT_TRUE(world.settle(name));
    EXPECT_EQ(world.status(name).phase, Phase::kReverted) << world.status(name).message;
    EXPECT_EQ(world.serviceType(), "NodePort");
    EXPECT_EQ(world.seen.serviceChanges, 2);  // there and back
    EXPECT_FALSE(world.locked());
    EXPECT_EQ(world.told()["RemediationReverted"], 1);
  }
}

// Deleted and made again under the same name, which a cache that lags or lists anew may never show.
TEST(Replicas, ANamesakeOfTheTargetIsNeverWrittenTo) {
  for (unsigned seed = 1; seed <= kSeeds; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Replicas world(seed);
    world.setMode("Enforce");
    std::string name = world.open();
    world.faults(true);
    const int when = static_cast<int>(seed % 40);
    for (int i = 0; i < 80; ++i) {
      if (i == when) {
        world.api.erase(Replicas::kService);
        world.addConsole();
        world.seen.serviceChanges = 0;
      }
      world.step(name, false);
    }
    ASSERT_TRUE(world.settle(name));
    EXPECT_EQ(world.status(name).outcome, Outcome::kNoLongerPresent) << world.status(name).message;
    EXPECT_EQ(world.serviceType(), "NodePort");
    EXPECT_EQ(world.seen.serviceChanges, 0);
    EXPECT_FALSE(world.locked());
  }
}

}  // namespace
}  // namespace firebreak::control
