#include "sensor/order_book.h"

#include <algorithm>
#include <array>
#include <set>

#include "sensor/pod_of_process.h"

namespace firebreak::sensor {
namespace {

using std::chrono::seconds;

struct MeasureRule {
  std::string_view name;
  bool keepAfterExpiry;
  bool settlesAtOnce;  // once verified; the others only after a minute
  seconds whileUnsettled, whenSettled;
  // The same, once the order's drop is on: it is looked after by itself, and says when it was not there.
  seconds whileUnsettledBehindDrop, whenSettledBehindDrop;
};
// In the order in which they are carried out. Cutting comes before the drop, so that the peers get
// their RST, and again and again in the first minute: a NetworkPolicy leaves a connection alone that
// was made again before it took effect. Behind a drop such a one carries nothing.
constexpr std::array<MeasureRule, 5> kRules = {{
    {"Freeze", false, true, seconds{2}, seconds{15}, seconds{2}, seconds{15}},
    {"CutConnections", true, false, seconds{2}, seconds{60}, seconds{15}, seconds{60}},
    {"Drop", true, true, seconds{2}, seconds{15}, seconds{2}, seconds{15}},
    {"Probe", true, true, seconds{2}, seconds{30}, seconds{2}, seconds{120}},
    {"CaptureEvidence", true, true, seconds{2}, seconds{3600}, seconds{2}, seconds{3600}},
}};
constexpr seconds kUnsettled{60};
constexpr seconds kLongestRetry{60};
constexpr seconds kTellReleased{600};

const MeasureRule* ruleOf(std::string_view name) {
  const auto found = std::find_if(kRules.begin(), kRules.end(),
                                  [name](const MeasureRule& rule) { return rule.name == name; });
  return found == kRules.end() ? nullptr : &*found;
}

bool holds(MeasureState state) {
  return state == MeasureState::kApplied || state == MeasureState::kVerified;
}

bool final(MeasureState state) {
  return state == MeasureState::kReleased || state == MeasureState::kRefused;
}

std::string_view namespaceOf(std::string_view podRef) { return podRef.substr(0, podRef.find('/')); }

// "ns/name (uid)" for messages.
std::string podText(const IsolationOrder& order) {
  return order.podRef.empty() ? "pod " + order.podUid : "pod " + order.podRef;
}

}  // namespace

std::string_view toString(MeasureState state) {
  constexpr std::array<std::string_view, 6> kNames = {"Pending", "Applied",  "Verified",
                                                      "Failed",  "Released", "Refused"};
  return kNames[static_cast<size_t>(state)];
}

OrderBook::OrderBook(OrderLimits limits) : limits_(std::move(limits)) {}

std::optional<std::string> OrderBook::refusal(const IsolationOrder& order, WallTime now) const {
  if (!limits_.responder) {
    return "this sensor only watches: isolation needs sensor.level Responder";
  }
  if (!isApiUid(order.podUid)) {
    return "podUID is no uid of the API server; static pods are not isolated";
  }
  const std::string_view ns = namespaceOf(order.podRef);
  if (ns == "kube-system") return "pods of kube-system are not isolated";
  if (order.podUid == limits_.ownPodUid || (!limits_.ownNamespace.empty() && ns == limits_.ownNamespace)) {
    return "the sensor does not isolate itself";
  }
  if (order.expiresAt != WallTime{} && order.expiresAt <= now) {
    return "the order had expired before it came; write a new one";
  }
  return std::nullopt;
}

void OrderBook::setState(Measure& measure, MeasureState state, const std::string& message,
                         WallTime now) {
  if (measure.state == state && measure.message == message && measure.time != WallTime{}) return;
  measure.state = state;
  measure.message = message;
  measure.time = now;
  ++version_;
}

void OrderBook::takeBack(Measure& measure) {
  if (final(measure.state) || measure.undo) return;
  measure.undo = true;
  measure.nextCheck = {};  // at once
}

void OrderBook::proveAnew(Entry& entry, WallTime now) {
  const auto probe = entry.measures.find("Probe");
  if (probe != entry.measures.end()) probe->second.nextCheck = std::min(probe->second.nextCheck, now);
}

void OrderBook::adopt(const std::vector<MeasureReport>& reports) {
  for (const MeasureReport& report : reports) {
    const MeasureRule* rule = ruleOf(report.measure);
    if (rule == nullptr || report.state == "Released" || report.state == "Refused") continue;
    Entry& entry = entries_[report.orderId];
    entry.ordered = false;  // until setOrders() says otherwise
    entry.order.orderId = report.orderId;
    entry.order.podUid = report.podUid;
    Measure& measure = entry.measures[report.measure];
    measure.state = MeasureState::kApplied;
    measure.message = report.message;
    measure.time = report.time;
  }
}

void OrderBook::setOrders(const std::vector<IsolationOrder>& orders, WallTime now) {
  std::set<std::string> wanted;
  for (const IsolationOrder& order : orders) {
    if (!wanted.insert(order.orderId).second) continue;
    const bool known = entries_.contains(order.orderId);
    Entry& entry = entries_[order.orderId];
    // An id stands for one pod: under the same id another pod is another order.
    if (known && entry.order.podUid != order.podUid) {
      for (auto& [name, measure] : entry.measures) takeBack(measure);
      Entry old = std::move(entry);
      old.ordered = false;
      entries_.erase(order.orderId);
      entries_[order.orderId + "/" + old.order.podUid] = std::move(old);
    }
    Entry& now_ = entries_[order.orderId];
    const bool changed = now_.order.measures != order.measures;
    const bool adopted = now_.order.measures.empty() && !now_.measures.empty();
    const bool isNew = now_.measures.empty() || adopted || !now_.ordered;
    now_.order = order;
    now_.ordered = true;
    // One that is in force already is not refused for having run out meanwhile.
    const auto refused = isNew ? refusal(order, now) : std::nullopt;
    const bool expired = order.expiresAt != WallTime{} && order.expiresAt <= now;
    for (const std::string& name : order.measures) {
      Measure& measure = now_.measures[name];
      if (measure.undo) measure = Measure{};  // wanted again: from the beginning
      if (ruleOf(name) == nullptr) {
        setState(measure, MeasureState::kRefused, "this sensor knows no measure " + name, now);
      } else if (refused && !(adopted && expired && holds(measure.state))) {
        setState(measure, MeasureState::kRefused, *refused, now);
      } else if (measure.time == WallTime{}) {
        setState(measure, MeasureState::kPending, "", now);
      }
      if (measure.since == WallTime{}) measure.since = now;
    }
    // A measure that was taken out of a standing order.
    for (auto& [name, measure] : now_.measures) {
      const auto& list = order.measures;
      const bool listed = std::find(list.begin(), list.end(), name) != list.end();
      if (!listed) takeBack(measure);
    }
    // What was proven under the old measures has to be proven anew.
    if (changed) proveAnew(now_, now);
  }
  for (auto& [id, entry] : entries_) {
    if (wanted.contains(id)) continue;
    entry.ordered = false;
    for (auto& [name, measure] : entry.measures) takeBack(measure);
  }
  forgetReleased(now);
}

bool OrderBook::wants(std::string_view podUid, std::string_view name, WallTime now) const {
  const MeasureRule* rule = ruleOf(name);
  return std::any_of(entries_.begin(), entries_.end(), [&](const auto& item) {
    const Entry& entry = item.second;
    const bool expired = entry.order.expiresAt != WallTime{} && entry.order.expiresAt <= now;
    if (expired && (rule == nullptr || !rule->keepAfterExpiry)) return false;
    const auto measure = entry.measures.find(std::string(name));
    return entry.ordered && entry.order.podUid == podUid && measure != entry.measures.end() &&
           !measure->second.undo && !final(measure->second.state);
  });
}

std::vector<Task> OrderBook::due(WallTime now) const {
  std::vector<Task> tasks;
  // Undo: the last measure first.
  for (auto rule = kRules.rbegin(); rule != kRules.rend(); ++rule) {
    for (const auto& [id, entry] : entries_) {
      const auto found = entry.measures.find(std::string(rule->name));
      if (found == entry.measures.end() || final(found->second.state)) continue;
      const Measure& measure = found->second;
      const bool expired = entry.order.expiresAt != WallTime{} && entry.order.expiresAt <= now;
      const bool undo = measure.undo || (expired && !rule->keepAfterExpiry);
      if (undo && measure.nextCheck <= now) {
        tasks.push_back({Task::Verb::kUndo, std::string(rule->name), entry.order});
      }
    }
  }
  // In a batch nobody waits for his first measures because others are kept up.
  for (const bool first : {true, false}) {
    for (const MeasureRule& rule : kRules) {
      for (const auto& [id, entry] : entries_) {
        const auto found = entry.measures.find(std::string(rule.name));
        if (!entry.ordered || found == entry.measures.end()) continue;
        const Measure& measure = found->second;
        const bool expired = entry.order.expiresAt != WallTime{} && entry.order.expiresAt <= now;
        if (measure.undo || final(measure.state) || (expired && !rule.keepAfterExpiry)) continue;
        if ((measure.state == MeasureState::kPending) != first) continue;
        if (measure.nextCheck <= now) {
          tasks.push_back({Task::Verb::kEnsure, std::string(rule.name), entry.order});
        }
      }
    }
  }
  return tasks;
}

std::optional<WallTime> OrderBook::nextDue(const std::set<std::string>& butOfPods) const {
  std::optional<WallTime> next;
  const auto consider = [&next](WallTime time) {
    if (!next || time < *next) next = time;
  };
  for (const auto& [id, entry] : entries_) {
    if (butOfPods.contains(entry.order.podUid)) continue;
    for (const auto& [name, measure] : entry.measures) {
      if (final(measure.state)) continue;
      consider(measure.nextCheck);
      const MeasureRule* rule = ruleOf(name);
      if (rule != nullptr && !rule->keepAfterExpiry && entry.order.expiresAt != WallTime{}) {
        consider(std::max(entry.order.expiresAt, measure.nextCheck));
      }
    }
  }
  return next;
}

// How long a measure that holds is left alone.
seconds OrderBook::pauseAfter(const Entry& entry, std::string_view name, WallTime now) {
  const MeasureRule& rule = *ruleOf(name);
  const Measure& measure = entry.measures.at(std::string(name));
  const bool proven = rule.settlesAtOnce && measure.state == MeasureState::kVerified;
  const auto drop = entry.measures.find("Drop");
  const bool dropped = drop != entry.measures.end() && drop->second.state == MeasureState::kVerified;
  if (proven || now - measure.since > kUnsettled) {
    return dropped ? rule.whenSettledBehindDrop : rule.whenSettled;
  }
  return dropped ? rule.whileUnsettledBehindDrop : rule.whileUnsettled;
}

std::set<std::string> OrderBook::heldPods() const {
  std::set<std::string> pods;
  for (const auto& [id, entry] : entries_) {
    if (entry.ordered) pods.insert(entry.order.podUid);
  }
  return pods;
}

void OrderBook::done(const Task& task, const Outcome& outcome, WallTime now) {
  // An order id that was given to another pod was moved aside.
  for (const std::string& id : {task.order.orderId, task.order.orderId + "/" + task.order.podUid}) {
    const auto entry = entries_.find(id);
    if (entry == entries_.end() || entry->second.order.podUid != task.order.podUid) continue;
    const auto found = entry->second.measures.find(task.measure);
    if (found == entry->second.measures.end()) continue;
    Measure& measure = found->second;
    const MeasureRule& rule = *ruleOf(task.measure);
    if (measure.since == WallTime{}) measure.since = now;
    const bool lost = measure.state == MeasureState::kVerified && outcome.state != MeasureState::kVerified;
    setState(measure, outcome.state, outcome.message, now);
    measure.failures = holds(outcome.state) ? 0 : measure.failures + 1;
    if (outcome.state == MeasureState::kFailed) {
      const auto wait = rule.whileUnsettled * (1 << std::min(measure.failures - 1, 5));
      measure.nextCheck = now + std::min<seconds>(wait, kLongestRetry);
    } else {
      measure.nextCheck = now + pauseAfter(entry->second, task.measure, now);
    }
    if ((outcome.anew || lost) && task.measure != "Probe") proveAnew(entry->second, now);
  }
}

void OrderBook::forgetReleased(WallTime now) {
  std::erase_if(entries_, [now](const auto& item) {
    const Entry& entry = item.second;
    if (entry.ordered) return false;
    return std::all_of(entry.measures.begin(), entry.measures.end(), [now](const auto& pair) {
      return final(pair.second.state) && now - pair.second.time > kTellReleased;
    });
  });
}

std::vector<MeasureReport> OrderBook::reports() const {
  // The API's limit for the list.
  constexpr size_t kMost = 512;
  std::vector<MeasureReport> reports;
  for (const auto& [id, entry] : entries_) {
    if (id != entry.order.orderId) continue;  // moved aside: its id is another order's by now
    for (const auto& [name, measure] : entry.measures) {
      if (reports.size() >= kMost) return reports;
      std::string message = measure.message;
      if (measure.state == MeasureState::kRefused) message = podText(entry.order) + ": " + message;
      reports.push_back({id, entry.order.podUid, name, std::string(toString(measure.state)),
                         std::move(message), measure.time});
    }
  }
  return reports;
}

}  // namespace firebreak::sensor
