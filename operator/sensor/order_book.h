// OrderBook: the operator's orders (NodeGuard.spec.isolations) as a state machine: what has to be
// done now, in which order, and what the status says about it. Pure: no I/O, no clock; the
// Responder carries out the tasks and hands the outcomes back. Not thread-safe.
//
// An order is kept up as long as it stands in the spec and undone, strictly in reverse, when it goes.
// After its expiry (the operator is gone) the pod is thawed, the drop stays.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "firebreak/clock.h"
#include "firebreak/node_guard.h"

namespace firebreak::sensor {

enum class MeasureState { kPending, kApplied, kVerified, kFailed, kReleased, kRefused };
std::string_view toString(MeasureState state);  // "Pending"

struct Outcome {
  MeasureState state = MeasureState::kFailed;
  std::string message;
  // It was not in force as it had been: what was proven behind it is to be proven anew.
  bool anew = false;
};

struct Task {
  enum class Verb { kEnsure, kUndo };
  Verb verb = Verb::kEnsure;
  std::string measure;
  IsolationOrder order;
};

struct OrderLimits {
  bool responder = false;    // may this sensor isolate at all
  std::string ownPodUid;     // never isolated
  std::string ownNamespace;  // neither
};

class OrderBook {
 public:
  explicit OrderBook(OrderLimits limits);

  // What a sensor before this one said: measures whose order is gone by now are undone.
  void adopt(const std::vector<MeasureReport>& reports);
  // The whole spec as it is now.
  void setOrders(const std::vector<IsolationOrder>& orders, WallTime now);

  // Tasks that are due, in the order in which they have to be done: undoing comes first, what was never
  // done before what is only kept up.
  std::vector<Task> due(WallTime now) const;
  // When due() will next have something by itself.
  std::optional<WallTime> nextDue(const std::set<std::string>& butOfPods = {}) const;
  void done(const Task& task, const Outcome& outcome, WallTime now);

  // One per order and measure. Released ones are told for a while.
  std::vector<MeasureReport> reports() const;
  // Orders that are in force: the pods that must keep what was done to them.
  bool wants(std::string_view podUid, std::string_view measure, WallTime now) const;
  std::set<std::string> heldPods() const;
  uint64_t version() const { return version_; }

 private:
  struct Measure {
    MeasureState state = MeasureState::kPending;
    std::string message;
    WallTime time{};   // of the last change
    WallTime since{};  // first attempt
    WallTime nextCheck{};
    int failures = 0;
    bool undo = false;  // to be undone
  };
  struct Entry {
    IsolationOrder order;
    bool ordered = true;  // stands in the spec
    std::map<std::string, Measure> measures;
  };

  std::optional<std::string> refusal(const IsolationOrder& order, WallTime now) const;
  static std::chrono::seconds pauseAfter(const Entry& entry, std::string_view name, WallTime now);
  static void takeBack(Measure& measure);
  static void proveAnew(Entry& entry, WallTime now);
  void setState(Measure& measure, MeasureState state, const std::string& message, WallTime now);
  void forgetReleased(WallTime now);

  const OrderLimits limits_;
  std::map<std::string, Entry> entries_;  // by order id
  uint64_t version_ = 0;
};

}  // namespace firebreak::sensor
