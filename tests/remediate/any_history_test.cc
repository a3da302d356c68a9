// Whatever happened before, in whatever order: modes that go up and down, pauses, excludes, people and clusters
// that undo a fix, writes that are lost. Once it is quiet the desired state is reached, and then nobody is
// asked anything any more; a revert gives the object back byte for byte.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "base/json.h"
#include "remediate/small_world.h"

namespace firebreak::remediate {
namespace {

using std::chrono::seconds;

Exclusion excludeShop() {
  Exclusion exclusion;
  exclusion.name = "ticket-7";
  exclusion.namespaces = {"shop"};
  return exclusion;
}

void happen(SmallWorld& world, int what) {
  switch (what) {
    case 0:
      world.policy.mode = Mode::kAudit;
      break;
    case 1:
      world.policy.mode = Mode::kApprove;
      break;
    case 2:
      world.policy.mode = Mode::kEnforce;
      break;
    case 3:
      world.policy.pauseRequests = {"alice"};
      break;
    case 4:
      world.policy.pauseRequests.clear();
      break;
    case 5:
      world.policy.exclude = {excludeShop()};
      break;
    case 6:
      world.policy.exclude.clear();
      break;
    case 7:
      world.pod["metadata"]["labels"]["a"] = "old";
      break;
    case 8:
      world.made = Json();
      break;
    case 9:
      world.contestedByGit = !world.contestedByGit;
      break;
    case 10:
      world.pass(seconds(700));
      break;
    case 11:
      world.turn(kWriteLost);
      break;
    case 12:
      world.turn(kAnswerLost);
      break;
    default:
      world.turn(kNoFault);
      break;
  }
}

void calm(SmallWorld& world) {
  world.policy.mode = Mode::kEnforce;
  world.policy.pauseRequests.clear();
  world.policy.exclude.clear();
  world.settle();
}

RC_GTEST_PROP(AnyHistory, EndsWhereAQuietOneWouldAndThenAsksNobodyAnything, ()) {
  // Half of what happens is that the operator does its work.
  auto history = *rc::gen::container<std::vector<int>>(60, rc::gen::inRange(0, 26));
  SmallWorld world;
  world.policy.cooldownSeconds = 0;
  world.addCreateStep();
  const Json before = world.pod;
  for (int what : history) happen(world, what);
  calm(world);
  RC_ASSERT(world.status().phase == Phase::kContained);
  RC_ASSERT(world.status().outcome == Outcome::kRemediated);
  RC_ASSERT(world.pod["metadata"]["labels"] == Json({{"a", "new"}, {"b", "new"}}));
  RC_ASSERT(world.made["spec"] == world.plan.steps[2].manifest["spec"]);
  const int requests = world.requests;
  const size_t events = world.events.size();
  world.settle();
  RC_ASSERT(world.requests == requests);
  RC_ASSERT(world.events.size() == events);

  world.decide({"Revert", "", "alice", ""});
  world.settle();
  RC_ASSERT(world.status().phase == Phase::kReverted);
  RC_ASSERT(dumpJson(world.pod) == dumpJson(before));
  RC_ASSERT(world.made.is_null());
}

}  // namespace
}  // namespace firebreak::remediate
