// held_cost [PODS [PROCESSES [MINUTES]]]: what the sensor pays, in processor time, for the pods that it holds, with that
// many quiet processes beside them: each minute of the orders' life, played by a clock of its own. 42 pods, 540 processes
// and five minutes where nothing is said. Needs root.
//
//   cmake --build build/release --target held_cost && build/release/tests/bench/held_cost
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <vector>

#include "sensor/isolator.h"
#include "sensor/order_book.h"
#include "support/chatty_pod.h"
#include "support/pod_group.h"

namespace {

using namespace firebreak;
using namespace firebreak::sensor;

// Its own and that of the children that work in the pods' networks.
double cpuMillis() {
  double sum = 0;
  for (const int who : {RUSAGE_SELF, RUSAGE_CHILDREN}) {
    rusage usage = {};
    getrusage(who, &usage);
    for (const timeval& time : {usage.ru_utime, usage.ru_stime}) {
      sum += static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_usec) / 1e3;
    }
  }
  return sum;
}

std::string uidOf(int pod) {
  char uid[40];
  std::snprintf(uid, sizeof(uid), "0a1b2c3d-1111-2222-3333-4444%08x", static_cast<unsigned>(pod));
  return uid;
}

bool startPod(const PodGroup& pod) {
  auto* counters = ChattyPod::makeCounters();
  if (fork() == 0) {
    pod.join();
    ChattyPod::run(counters);
  }
  for (int i = 0; i < 1000 && counters->answers < 1; ++i) {
    if (counters->ready < 0) return false;
    usleep(10000);
  }
  return counters->answers > 0;
}

void startQuiet(int count) {
  for (int i = 0; i < count; ++i) {
    if (fork() == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      while (true) pause();
    }
  }
}

IsolationOrder orderFor(int pod, WallTime now) {
  IsolationOrder order;
  order.orderId = "order-" + std::to_string(pod);
  order.podUid = uidOf(pod);
  order.podRef = "shop/pod-" + std::to_string(pod);
  order.measures = {"CutConnections", "Drop", "Probe"};
  order.expiresAt = now + std::chrono::hours(24);
  return order;
}

}  // namespace

int main(int argc, char** argv) {
  const auto argument = [&](int index, int fallback) { return argc > index ? std::atoi(argv[index]) : fallback; };
  const int pods = argument(1, 42);
  const int quiet = argument(2, 540);
  const int minutes = argument(3, 5);
  const std::string root = "firebreak-held-" + std::to_string(getpid());
  std::vector<std::unique_ptr<PodGroup>> groups;
  for (int pod = 0; pod < pods; ++pod) {
    groups.push_back(std::make_unique<PodGroup>(root, uidOf(pod)));
    if (!groups.back()->made() || !startPod(*groups.back())) {
      std::fprintf(stderr, "pods cannot be made: run it as root\n");
      return 1;
    }
  }
  startQuiet(quiet);

  const ProcFs proc("/proc");
  const CgroupTree cgroups(PodGroup::kMount, {root});
  Isolator isolator(proc, cgroups, "");
  OrderBook book({true, "", ""});
  const WallTime begin = systemClock().wall();
  std::vector<IsolationOrder> orders;
  for (int pod = 0; pod < pods; ++pod) orders.push_back(orderFor(pod, begin));
  book.setOrders(orders, begin);
  std::map<std::string, std::pair<int, double>> ofMeasure;
  for (int minute = 0; minute < minutes; ++minute) {
    const double before = cpuMillis();
    ofMeasure.clear();
    for (int second = 0; second < 60; ++second) {
      const WallTime now = begin + std::chrono::seconds(60 * minute + second);
      for (auto due = book.due(now); !due.empty(); due = book.due(now)) {
        const double start = cpuMillis();
        book.done(due.front(), isolator.ensure(due.front().order, due.front().measure), now);
        auto& [count, millis] = ofMeasure[due.front().measure];
        ++count;
        millis += cpuMillis() - start;
      }
    }
    const double spent = cpuMillis() - before;
    std::printf("minute %d: %.0f ms = %.2f %% of a core;", minute + 1, spent, spent / 600);
    for (const auto& [name, work] : ofMeasure) {
      std::printf(" %s %d x %.2f ms", name.c_str(), work.first, work.second / work.first);
    }
    std::printf("\n");
    std::fflush(stdout);
  }
  std::map<std::string, int> states;
  for (const MeasureReport& report : book.reports()) ++states[report.measure + " " + report.state];
  for (const auto& [state, count] : states) std::printf("%s: %d\n", state.c_str(), count);
  return 0;
}
