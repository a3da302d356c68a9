#include "sensor/responder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <set>

namespace firebreak::sensor {
namespace {

using ::testing::ElementsAre;

const std::string kPod = "0a1b2c3d-1111-2222-3333-444455556666";

// Notes what it is asked to do; everything succeeds.
class Recorder : public Isolation {
 public:
  Outcome ensure(const IsolationOrder& order, std::string_view measure) override {
    note("ensure " + std::string(measure) + " " + order.orderId);
    return {MeasureState::kVerified, ""};
  }
  Outcome undo(const IsolationOrder& order, std::string_view measure) override {
    note("undo " + std::string(measure) + " " + order.orderId);
    return {MeasureState::kReleased, ""};
  }
  void sweep(const std::vector<std::string>& keep) override {
    note("sweep but " + std::to_string(keep.size()));
  }
  std::vector<std::string> waitFor(size_t count) {
    std::unique_lock lock(mutex_);
    condition_.wait_for(lock, std::chrono::seconds(20), [&] { return notes_.size() >= count; });
    return notes_;
  }

 private:
  void note(std::string text) {
    {
      std::lock_guard lock(mutex_);
      notes_.push_back(std::move(text));
    }
    condition_.notify_all();
  }
  std::mutex mutex_;
  std::condition_variable condition_;
  std::vector<std::string> notes_;
};

NodeGuard guardWith(std::vector<std::string> ids) {
  NodeGuard guard;
  guard.node = "n";
  for (std::string& id : ids) {
    IsolationOrder order;
    order.orderId = std::move(id);
    order.podUid = kPod;
    order.podRef = "shop/web-1";
    order.measures = {"Drop"};
    order.expiresAt = systemClock().wall() + std::chrono::hours(1);
    guard.orders.push_back(std::move(order));
  }
  return guard;
}

TEST(Responder, SweepsOnceThenKeepsOrdersAndUndoesThem) {
  Recorder recorder;
  Responder responder(recorder, systemClock(), {true, "", ""}, [] {});
  responder.start();
  responder.setOrders(guardWith({"a"}));
  recorder.waitFor(2);
  responder.setOrders(NodeGuard{});
  EXPECT_THAT(recorder.waitFor(3), ElementsAre("sweep but 1", "ensure Drop a", "undo Drop a"));
}

TEST(Responder, LeavesThePodDroppedWhileAnotherOrderHoldsIt) {
  Recorder recorder;
  std::mutex mutex;
  std::condition_variable changed;
  int changes = 0;
  Responder responder(recorder, systemClock(), {true, "", ""}, [&] {
    std::lock_guard lock(mutex);
    ++changes;
    changed.notify_all();
  });
  auto released = [&](const std::string& order) {
    for (const MeasureReport& report : responder.reports()) {
      if (report.orderId == order && report.state == "Released") return true;
    }
    return false;
  };
  responder.start();
  responder.setOrders(guardWith({"a", "b"}));
  recorder.waitFor(3);
  responder.setOrders(guardWith({"b"}));
  // Both at once would be another case: then nobody holds the pod any more.
  std::unique_lock lock(mutex);
  for (int seen = -1; !released("a");) {
    ASSERT_TRUE(changed.wait_for(lock, std::chrono::seconds(20), [&] { return changes != seen; }));
    seen = changes;
  }
  lock.unlock();
  responder.setOrders(NodeGuard{});
  EXPECT_THAT(recorder.waitFor(4),
              ElementsAre("sweep but 2", "ensure Drop a", "ensure Drop b", ::testing::StartsWith("undo Drop")));
}

// Waits in each measure until as many are at work as it was told.
class Crowd : public Isolation {
 public:
  explicit Crowd(size_t wanted) : wanted_(wanted) {}
  Outcome ensure(const IsolationOrder& order, std::string_view) override {
    std::unique_lock lock(mutex_);
    twice_ = twice_ || !at_.insert(order.podUid).second;
    most_ = std::max(most_, at_.size());
    condition_.notify_all();
    condition_.wait_for(lock, std::chrono::seconds(5), [&] { return most_ >= wanted_; });
    at_.erase(order.podUid);
    ++done_;
    condition_.notify_all();
    return {MeasureState::kVerified, ""};
  }
  Outcome undo(const IsolationOrder&, std::string_view) override { return {MeasureState::kReleased, ""}; }
  void sweep(const std::vector<std::string>&) override {}
  bool waitFor(size_t done) {
    std::unique_lock lock(mutex_);
    return condition_.wait_for(lock, std::chrono::seconds(20), [&] { return done_ >= done; });
  }
  size_t most() const { return most_; }
  bool twice() const { return twice_; }

 private:
  const size_t wanted_;
  std::mutex mutex_;
  std::condition_variable condition_;
  std::set<std::string> at_;
  size_t most_ = 0;
  size_t done_ = 0;
  bool twice_ = false;
};

TEST(Responder, IsAtSeveralPodsAtOnceButNeverTwiceAtOne) {
  Crowd crowd(4);
  Responder responder(crowd, systemClock(), {true, "", ""}, [] {});
  responder.start();
  NodeGuard guard = guardWith({"a", "b", "c", "d", "e", "f"});
  for (size_t i = 0; i < guard.orders.size(); ++i) {
    // Two orders for one of the pods.
    guard.orders[i].podUid[0] = static_cast<char>('0' + std::min<size_t>(i, 4));
    guard.orders[i].measures = {"Drop", "Probe"};
  }
  responder.setOrders(guard);
  EXPECT_TRUE(crowd.waitFor(12));
  EXPECT_GE(crowd.most(), 4u);
  EXPECT_FALSE(crowd.twice());
  EXPECT_EQ(responder.heldPods().size(), 5u);
}

TEST(Responder, TouchesNothingWhereItOnlyWatches) {
  Recorder recorder;
  std::mutex mutex;
  std::condition_variable changed;
  bool told = false;
  Responder responder(recorder, systemClock(), {false, "", ""}, [&] {
    std::lock_guard lock(mutex);
    told = true;
    changed.notify_all();
  });
  responder.start();
  responder.setOrders(guardWith({"a"}));
  std::unique_lock lock(mutex);
  ASSERT_TRUE(changed.wait_for(lock, std::chrono::seconds(20), [&] { return told; }));
  ASSERT_EQ(responder.reports().size(), 1u);
  EXPECT_EQ(responder.reports()[0].state, "Refused");
  EXPECT_TRUE(recorder.waitFor(0).empty());
}

}  // namespace
}  // namespace firebreak::sensor
