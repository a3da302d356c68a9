// Leases and Events: what is written, and who may lead when.
#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <mutex>

#include "kube/events.h"
#include "kube/leader.h"
#include "kube/lease_machine.h"
#include "support/fake_clock.h"
#include "support/fake_transport.h"

namespace firebreak::kube {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class LeaseMachineTest : public ::testing::Test {
 protected:
  Json heldBy(const std::string& holder, const std::string& renewed, int duration = 15) {
    return {{"metadata", {{"resourceVersion", "5"}}},
            {"spec",
             {{"holderIdentity", holder},
              {"renewTime", renewed},
              {"acquireTime", "then"},
              {"leaseTransitions", 3},
              {"leaseDurationSeconds", duration}}}};
  }
  FakeClock clock;
  LeaseMachine machine{"me", seconds(15)};
  bool mayTake(const Json& lease) { return machine.mayTake(readLease(lease), clock.mono()); }
};

TEST_F(LeaseMachineTest, TakesALeaseThatNobodyHolds) {
  EXPECT_TRUE(mayTake(heldBy("", "t0")));
  EXPECT_TRUE(mayTake(heldBy("me", "t0")));
}

TEST_F(LeaseMachineTest, WaitsUntilAnothersLeaseDidNotChangeForItsWholeLengthOfOurTime) {
  EXPECT_FALSE(mayTake(heldBy("other", "2000-01-01T00:00:00Z")))
      << "the time in it is not compared with any clock";
  clock.advance(seconds(14));
  EXPECT_FALSE(mayTake(heldBy("other", "2000-01-01T00:00:00Z")));
  clock.advance(seconds(1));
  EXPECT_TRUE(mayTake(heldBy("other", "2000-01-01T00:00:00Z")));
}

TEST_F(LeaseMachineTest, StartsToWaitAnewWhenTheOtherRenews) {
  EXPECT_FALSE(mayTake(heldBy("other", "t1")));
  clock.advance(seconds(14));
  EXPECT_FALSE(mayTake(heldBy("other", "t2")));
  clock.advance(seconds(14));
  EXPECT_FALSE(mayTake(heldBy("other", "t2")));
}

TEST_F(LeaseMachineTest, BelievesTheLengthThatTheOtherNames) {
  EXPECT_FALSE(mayTake(heldBy("other", "t1", 60)));
  clock.advance(seconds(59));
  EXPECT_FALSE(mayTake(heldBy("other", "t1", 60)));
}

TEST_F(LeaseMachineTest, CountsATransitionOnlyWhenTheHolderChanges) {
  const Json taken = machine.renewed(heldBy("other", "t1"), clock.wall());
  EXPECT_EQ(taken["spec"]["leaseTransitions"], 4);
  EXPECT_EQ(taken["spec"]["holderIdentity"], "me");
  EXPECT_EQ(taken["spec"]["renewTime"], "2026-11-22T15:04:05.000000Z");
  EXPECT_EQ(taken["metadata"]["resourceVersion"], "5") << "so that only one of two may win";
  const Json kept = machine.renewed(taken, clock.wall());
  EXPECT_EQ(kept["spec"]["leaseTransitions"], 4);
  EXPECT_EQ(machine.released(kept, clock.wall())["spec"]["holderIdentity"], "");
}

// A Lease on a server that can be made to fail.
class FakeLease {
 public:
  explicit FakeLease(FakeTransport& transport) {
    transport.onSend([this](const HttpRequest& request) { return handle(request); });
  }
  void fail(bool on) { failing_ = on; }
  bool waitForRequests(int more) {
    std::unique_lock lock(mutex_);
    const int target = count_ + more;
    return changed_.wait_for(lock, seconds(10), [&] { return count_ >= target; });
  }
  Json lease() {
    std::lock_guard lock(mutex_);
    return lease_;
  }

 private:
  TransportResult handle(const HttpRequest& request) {
    std::lock_guard lock(mutex_);
    ++count_;
    changed_.notify_all();
    if (failing_) {
      return tl::unexpected(
          TransportError{Error{ErrorCode::kTimeout, "hangs", 0, {}}, Sent::kMaybe});
    }
    if (request.method != "GET") lease_ = Json::parse(request.body);
    if (lease_.is_null()) return respond(404, "");
    return respond(200, lease_.dump());
  }
  std::mutex mutex_;
  std::condition_variable changed_;
  Json lease_;
  int count_ = 0;
  std::atomic<bool> failing_{false};
};

TEST(LeaderElectorTest, StopsLeadingBeforeTheLeaseCouldBeTakenWhenItCannotRenew) {
  FakeTransport transport;
  FakeLease server(transport);
  FakeClock clock;
  std::atomic<int> stopped{0};
  LeaderElector elector(transport, clock,
                        {"ns", "lead", "me", seconds(15), seconds(10), milliseconds(1)},
                        {{}, [&] { ++stopped; }, {}});
  elector.start();
  while (!elector.isLeader()) ASSERT_TRUE(server.waitForRequests(1));
  server.fail(true);
  ASSERT_TRUE(server.waitForRequests(2));
  EXPECT_TRUE(elector.isLeader());
  clock.advance(seconds(10));
  EXPECT_FALSE(elector.isLeader()) << "at once, whatever its thread is doing";
  ASSERT_TRUE(server.waitForRequests(2));
  EXPECT_EQ(stopped, 1);
  server.fail(false);
  while (!elector.isLeader()) ASSERT_TRUE(server.waitForRequests(1));
  elector.stop();
  EXPECT_EQ(stopped, 2);
  EXPECT_EQ(server.lease()["spec"]["holderIdentity"], "");
}

}  // namespace
}  // namespace firebreak::kube
