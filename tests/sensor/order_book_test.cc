#include "sensor/order_book.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

namespace firebreak::sensor {
namespace {

using std::chrono::hours;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

const WallTime kNow = WallTime{hours(24 * 365 * 56)};
const std::string kPod = "0a1b2c3d-1111-2222-3333-444455556666";
const std::string kOther = "1a1b2c3d-1111-2222-3333-444455556666";

IsolationOrder order(std::vector<std::string> measures, const std::string& id = "o1",
                     const std::string& pod = kPod) {
  IsolationOrder out;
  out.orderId = id;
  out.podUid = pod;
  out.podRef = "shop/web-1";
  out.measures = std::move(measures);
  out.expiresAt = kNow + hours(1);
  return out;
}

OrderLimits responder() { return {true, kOther, "firebreak-sensor"}; }

std::vector<std::string> names(const std::vector<Task>& tasks) {
  std::vector<std::string> out;
  for (const Task& task : tasks) {
    out.push_back((task.verb == Task::Verb::kUndo ? "undo " : "") + task.measure);
  }
  return out;
}

// Carries out everything that is due with the best outcome there is.
std::vector<std::string> carryOut(OrderBook& book, WallTime now) {
  const auto tasks = book.due(now);
  for (const Task& task : tasks) {
    const bool undo = task.verb == Task::Verb::kUndo;
    book.done(task, {undo ? MeasureState::kReleased : MeasureState::kVerified, ""}, now);
  }
  return names(tasks);
}

std::string stateOf(const OrderBook& book, const std::string& measure) {
  for (const MeasureReport& report : book.reports()) {
    if (report.measure == measure) return report.state;
  }
  return "";
}

TEST(OrderBook, CarriesMeasuresOutInItsOwnOrderAndUndoesThemInReverse) {
  OrderBook book(responder());
  book.setOrders({order({"Probe", "Drop", "CutConnections", "Freeze"})}, kNow);
  EXPECT_EQ(stateOf(book, "Drop"), "Pending");
  EXPECT_THAT(carryOut(book, kNow), ElementsAre("Freeze", "CutConnections", "Drop", "Probe"));
  EXPECT_EQ(stateOf(book, "Drop"), "Verified");
  book.setOrders({}, kNow + seconds(1));
  EXPECT_THAT(carryOut(book, kNow + seconds(1)),
              ElementsAre("undo Probe", "undo Drop", "undo CutConnections", "undo Freeze"));
  EXPECT_EQ(stateOf(book, "Freeze"), "Released");
  EXPECT_THAT(carryOut(book, kNow + hours(1)), IsEmpty());
}

TEST(OrderBook, UndoesAMeasureThatIsTakenOutOfAnOrderAndProvesTheRestAnew) {
  OrderBook book(responder());
  book.setOrders({order({"Drop", "Probe"})}, kNow);
  carryOut(book, kNow);
  book.setOrders({order({"Probe"})}, kNow + seconds(1));
  EXPECT_THAT(carryOut(book, kNow + seconds(1)), ElementsAre("undo Drop", "Probe"));
  book.setOrders({order({"Drop", "Probe"})}, kNow + seconds(2));
  EXPECT_THAT(carryOut(book, kNow + seconds(2)), ElementsAre("Drop", "Probe"));
}

TEST(OrderBook, CutsAgainDuringTheFirstMinuteAndProbesNowAndThen) {
  OrderBook book(responder());
  book.setOrders({order({"CutConnections", "Probe"})}, kNow);
  carryOut(book, kNow);
  int cuts = 0, probes = 0;
  for (int second = 1; second <= 60; ++second) {
    for (const std::string& name : carryOut(book, kNow + seconds(second))) {
      (name == "Probe" ? probes : cuts) += 1;
    }
  }
  EXPECT_EQ(cuts, 30);
  EXPECT_EQ(probes, 2);
}

TEST(OrderBook, CutsSeldomBehindADrop) {
  OrderBook book(responder());
  book.setOrders({order({"CutConnections", "Drop"})}, kNow);
  int cuts = 0;
  for (int second = 0; second <= 60; ++second) {
    for (const std::string& name : carryOut(book, kNow + seconds(second))) {
      cuts += name == "CutConnections" ? 1 : 0;
    }
  }
  EXPECT_EQ(cuts, 5);  // at once, once more after the drop, then every 15 s
}

// How often it is due in ten minutes after the first, everything being carried out well but for `drop`.
int probesIn10Minutes(const std::vector<std::string>& measures, const std::function<Outcome(int second)>& drop) {
  OrderBook book(responder());
  auto held = order(measures);
  book.setOrders({held}, kNow);
  int probes = 0;
  for (int second = 0; second <= 600; ++second) {
    // One task after the other, as the Responder does.
    for (auto tasks = book.due(kNow + seconds(second)); !tasks.empty(); tasks = book.due(kNow + seconds(second))) {
      const Task& task = tasks.front();
      if (task.measure == "Probe" && second > 0) ++probes;
      book.done(task, task.measure == "Drop" ? drop(second) : Outcome{MeasureState::kVerified, ""},
                kNow + seconds(second));
    }
  }
  return probes;
}

TEST(OrderBook, ProvesSeldomBehindADropThatStaysOn) {
  const auto stays = [](int) { return Outcome{MeasureState::kVerified, ""}; };
  EXPECT_EQ(probesIn10Minutes({"Probe"}, stays), 20);
  EXPECT_EQ(probesIn10Minutes({"Drop", "Probe"}, stays), 5);
}

TEST(OrderBook, ProvesAtOnceWhenTheDropHadToBePutOnAgainOrIsLost) {
  const auto again = [](int second) { return Outcome{MeasureState::kVerified, "", second == 30}; };
  EXPECT_EQ(probesIn10Minutes({"Drop", "Probe"}, again), 5);  // at 30 s, then every two minutes from there
  OrderBook book(responder());
  book.setOrders({order({"Drop", "Probe"})}, kNow);
  carryOut(book, kNow);
  EXPECT_THAT(carryOut(book, kNow + seconds(15)), ElementsAre("Drop"));
  for (const Outcome& outcome : {Outcome{MeasureState::kVerified, "", true}, Outcome{MeasureState::kFailed, "no right"}}) {
    OrderBook held(book);
    const auto tasks = held.due(kNow + seconds(30));
    ASSERT_THAT(names(tasks), ElementsAre("Drop"));
    held.done(tasks.front(), outcome, kNow + seconds(30));
    EXPECT_THAT(names(held.due(kNow + seconds(30))), ElementsAre("Probe"));
  }
}

TEST(OrderBook, DoesWhatWasNeverDoneBeforeWhatIsOnlyKeptUp) {
  OrderBook book(responder());
  book.setOrders({order({"CutConnections", "Probe"}, "a")}, kNow);
  carryOut(book, kNow);
  book.setOrders({order({"CutConnections", "Probe"}, "a"),
                  order({"CutConnections", "Probe"}, "b", "2a1b2c3d-1111-2222-3333-444455556666")},
                 kNow + seconds(2));
  std::vector<std::string> ids;
  for (const Task& task : book.due(kNow + seconds(2))) ids.push_back(task.order.orderId + " " + task.measure);
  EXPECT_THAT(ids, ElementsAre("b CutConnections", "b Probe", "a CutConnections"));
}

TEST(OrderBook, KnowsWhichPodsAreHeldAndLeavesThemOutOfTheNextDueOnRequest) {
  OrderBook book(responder());
  book.setOrders({order({"Drop"})}, kNow);
  EXPECT_EQ(book.heldPods(), std::set<std::string>{kPod});
  EXPECT_TRUE(book.nextDue().has_value());
  EXPECT_FALSE(book.nextDue({kPod}).has_value());
  book.setOrders({}, kNow);
  EXPECT_TRUE(book.heldPods().empty());
}

TEST(OrderBook, TriesAFailedMeasureAgainEverMoreSeldom) {
  OrderBook book(responder());
  book.setOrders({order({"Probe"})}, kNow);
  int attempts = 0;
  for (int second = 0; second < 600; ++second) {
    for (const Task& task : book.due(kNow + seconds(second))) {
      ++attempts;
      book.done(task, {MeasureState::kFailed, "still connects"}, kNow + seconds(second));
    }
  }
  EXPECT_EQ(stateOf(book, "Probe"), "Failed");
  EXPECT_GT(attempts, 8);
  EXPECT_LT(attempts, 20);
}

TEST(OrderBook, RefusesWhatMayNeverBeIsolated) {
  struct Case {
    const char* what;
    IsolationOrder order;
    OrderLimits limits;
  };
  auto staticPod = order({"Drop"}, "o1", "0123456789abcdef0123456789abcdef");
  auto system = order({"Drop"});
  system.podRef = "kube-system/coredns-1";
  auto itself = order({"Drop"}, "o1", kOther);
  auto ownNamespace = order({"Drop"});
  ownNamespace.podRef = "firebreak-sensor/sensor-x";
  auto expired = order({"Drop"});
  expired.expiresAt = kNow - seconds(1);
  const Case kCases[] = {
      {"static pod", staticPod, responder()},
      {"kube-system", system, responder()},
      {"itself", itself, responder()},
      {"its own namespace", ownNamespace, responder()},
      {"expired", expired, responder()},
      {"only watching", order({"Drop"}), {false, "", ""}},
      {"unknown measure", order({"Erase"}), responder()},
  };
  for (const Case& item : kCases) {
    OrderBook book(item.limits);
    book.setOrders({item.order}, kNow);
    EXPECT_THAT(book.due(kNow), IsEmpty()) << item.what;
    ASSERT_EQ(book.reports().size(), 1u) << item.what;
    EXPECT_EQ(book.reports()[0].state, "Refused") << item.what;
    EXPECT_FALSE(book.reports()[0].message.empty()) << item.what;
    book.setOrders({}, kNow + seconds(1));
    EXPECT_THAT(book.due(kNow + seconds(1)), IsEmpty()) << item.what;
  }
}

TEST(OrderBook, ThawsButKeepsTheDropWhenTheOrderRunsOut) {
  OrderBook book(responder());
  book.setOrders({order({"Freeze", "Drop"})}, kNow);
  carryOut(book, kNow);
  const WallTime late = kNow + hours(1) + seconds(1);
  EXPECT_THAT(carryOut(book, late), ElementsAre("undo Freeze", "Drop"));
  EXPECT_EQ(stateOf(book, "Freeze"), "Released");
  EXPECT_EQ(stateOf(book, "Drop"), "Verified");
  // The same again, as after a change of another order: still no freeze.
  book.setOrders({order({"Freeze", "Drop"})}, late);
  EXPECT_THAT(carryOut(book, late + seconds(20)), ElementsAre("Drop"));
}

TEST(OrderBook, AdoptsWhatASensorBeforeItDid) {
  OrderBook book(responder());
  book.adopt({{"gone", kPod, "Drop", "Verified", "", kNow},
              {"gone", kPod, "Freeze", "Released", "", kNow},
              {"stays", kOther, "Freeze", "Verified", "", kNow}});
  auto stays = order({"Freeze"}, "stays", "2a1b2c3d-1111-2222-3333-444455556666");
  book.adopt({{"stays", stays.podUid, "Freeze", "Verified", "", kNow}});
  stays.expiresAt = kNow - seconds(1);  // ran out while nobody was there: thawed, not refused
  book.setOrders({stays}, kNow);
  const auto tasks = carryOut(book, kNow);
  EXPECT_THAT(tasks, ElementsAre("undo Drop", "undo Freeze"));
}

TEST(OrderBook, KnowsWhetherAnotherOrderStillWantsTheMeasure) {
  OrderBook book(responder());
  book.setOrders({order({"Drop"}, "a"), order({"Drop"}, "b")}, kNow);
  carryOut(book, kNow);
  book.setOrders({order({"Drop"}, "b")}, kNow);
  EXPECT_TRUE(book.wants(kPod, "Drop", kNow));
  book.setOrders({}, kNow);
  EXPECT_FALSE(book.wants(kPod, "Drop", kNow));
}

TEST(OrderBook, AnOrderThatRanOutWantsNoFreezeAnyMoreButItsDrop) {
  OrderBook book(responder());
  auto held = order({"Freeze", "Drop"});
  held.expiresAt = kNow + seconds(30);
  book.setOrders({held}, kNow);
  carryOut(book, kNow);
  EXPECT_TRUE(book.wants(kPod, "Freeze", kNow + seconds(29)));
  EXPECT_FALSE(book.wants(kPod, "Freeze", kNow + seconds(30)));
  EXPECT_TRUE(book.wants(kPod, "Drop", kNow + seconds(30)));
}

TEST(OrderBook, TreatsAnotherPodUnderTheSameIdAsAnotherOrder) {
  OrderBook book(responder());
  book.setOrders({order({"Drop"}, "a")}, kNow);
  carryOut(book, kNow);
  book.setOrders({order({"Drop"}, "a", "2a1b2c3d-1111-2222-3333-444455556666")}, kNow);
  EXPECT_THAT(carryOut(book, kNow + seconds(1)), ElementsAre("undo Drop", "Drop"));
}

TEST(OrderBook, CarriesOutAnOrderThatComesBackUnderItsOldId) {
  OrderBook book(responder());
  book.setOrders({order({"Drop"})}, kNow);
  carryOut(book, kNow);
  book.setOrders({}, kNow);
  carryOut(book, kNow);
  EXPECT_EQ(stateOf(book, "Drop"), "Released");
  book.setOrders({order({"Drop"})}, kNow + seconds(1));
  EXPECT_THAT(carryOut(book, kNow + seconds(1)), ElementsAre("Drop"));
  auto late = order({"Drop"});
  late.expiresAt = kNow;
  book.setOrders({}, kNow + seconds(2));
  carryOut(book, kNow + seconds(2));
  book.setOrders({late}, kNow + seconds(3));
  EXPECT_EQ(stateOf(book, "Drop"), "Refused");
}

TEST(OrderBook, ForgetsReleasedOrdersAfterAWhile) {
  OrderBook book(responder());
  book.setOrders({order({"Drop"})}, kNow);
  carryOut(book, kNow);
  book.setOrders({}, kNow);
  carryOut(book, kNow + seconds(30));
  EXPECT_EQ(book.reports().size(), 1u);
  book.setOrders({}, kNow + hours(1));
  EXPECT_THAT(book.reports(), IsEmpty());
}

}  // namespace
}  // namespace firebreak::sensor
