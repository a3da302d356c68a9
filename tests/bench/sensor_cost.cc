// sensor_cost [PROCESSES...]: what the sensor's look at the node costs, in processor time, with that many quiet
// processes in one pod beside whatever else runs on this machine. Needs root (150 and 2000 where none is named).
//
//   cmake --build build/release --target sensor_cost && build/release/tests/bench/sensor_cost
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>

#include "sensor/judge.h"
#include "sensor/process_scan.h"
#include "support/pod_group.h"

namespace {

using namespace firebreak;
using namespace firebreak::sensor;

constexpr int kRounds = 120;
// A process is young, and read in every round, for ten seconds.
constexpr unsigned kOldSeconds = 12;

double cpuMillis() {
  timespec time = {};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_nsec) / 1e6;
}

void startProcesses(const PodGroup& pod, int count) {
  if (fork() != 0) return;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  pod.join();
  for (int i = 1; i < count; ++i) {
    if (fork() == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      break;
    }
  }
  while (true) pause();
}

// The mean of `rounds` rounds, of which one is due every second.
double meanRound(ProcessScan& scan, MonoTime* now, int rounds) {
  const double before = cpuMillis();
  for (int i = 0; i < rounds; ++i) {
    scan.round(*now, systemClock().wall());
    *now += std::chrono::seconds(1);
  }
  return (cpuMillis() - before) / rounds;
}

bool measure(int count) {
  const std::string root = "firebreak-cost-" + std::to_string(getpid());
  PodGroup pod(root, "0a1b2c3d-1111-2222-3333-444455556666");
  if (!pod.made()) return false;
  startProcesses(pod, count);
  const ProcFs proc("/proc");
  const CgroupTree cgroups(PodGroup::kMount, {root});
  SightingBook book;
  ProcessScan scan(proc, cgroups, judgeProcess, book, {{root}, "", sysconf(_SC_CLK_TCK)});
  MonoTime now{std::chrono::hours(1)};
  usleep(500000);
  int meeting = 0;
  const double before = cpuMillis();
  while (scan.podProcesses() < static_cast<size_t>(count) && meeting < 100) {
    meanRound(scan, &now, 1);
    ++meeting;
  }
  const double met = cpuMillis() - before;
  const double young = meanRound(scan, &now, 5);
  sleep(kOldSeconds);
  meanRound(scan, &now, 15);
  const double steady = meanRound(scan, &now, kRounds);
  rusage usage = {};
  getrusage(RUSAGE_SELF, &usage);
  std::printf("%d in the pod, %zu on the machine: met in %d rounds, %.1f ms in all; a round %.2f ms while they are "
              "young, %.2f ms then = %.2f %% of a core; %ld KiB resident at most\n",
              count, proc.pids()->size(), meeting, met, young, steady, steady / 10, usage.ru_maxrss);
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<int> counts = {150, 2000};
  if (argc > 1) counts.clear();
  for (int i = 1; i < argc; ++i) counts.push_back(std::atoi(argv[i]));
  for (const int count : counts) {
    if (!measure(count)) {
      std::fprintf(stderr, "cgroups cannot be made: run it as root\n");
      return 1;
    }
  }
  return 0;
}
