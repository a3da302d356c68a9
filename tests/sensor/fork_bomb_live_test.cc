// A fork bomb inside its pod's pid limit, on the real /proc: a miner in another pod is seen all the same.
// Needs root.
#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include <chrono>
#include <csignal>
#include <string>

#include "sensor/process_scan.h"
#include "support/pod_group.h"

namespace firebreak::sensor {
namespace {

constexpr int kPidLimit = 120;
// It burns out by itself, whatever becomes of the test.
constexpr std::chrono::seconds kFuse{20};
const std::string kBomb = "0a1b2c3d-1111-2222-3333-444455556666";
const std::string kMiner = "1a1b2c3d-1111-2222-3333-444455556666";

// Each of them forks until the limit stops it, ends, and makes room for the next.
[[noreturn]] void explode() {
  signal(SIGCHLD, SIG_IGN);
  const auto end = std::chrono::steady_clock::now() + kFuse;
  for (unsigned turn = 0; std::chrono::steady_clock::now() < end; ++turn) {
    const pid_t pid = fork();
    if (pid == 0 && turn % 16 == 15) break;
    usleep(pid < 0 ? 20000 : 1000);
  }
  _exit(0);
}

TEST(ForkBomb, InsideItsPidLimitDoesNotBlindTheScan) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root";
  const std::string root = "firebreak-bomb-" + std::to_string(getpid());
  PodGroup bomb(root, kBomb);
  PodGroup mining(root, kMiner);
  if (!bomb.made() || !mining.made()) GTEST_SKIP() << "may not make cgroups";
  bomb.limit(kPidLimit);

  const ProcFs proc("/proc");
  const CgroupTree cgroups(PodGroup::kMount, {root});
  SightingBook book;
  // The bomb's processes look suspicious too, each for itself.
  const auto judge = [](const ProcessObservation& seen) -> Verdict {
    for (const std::string& argument : seen.arguments) {
      if (argument.starts_with("stratum+tcp://")) return {90, {{"stratum-url", 90, "a pool"}}};
    }
    return seen.place.podUid == kBomb ? Verdict{95, {{"decoy", 95, "one of many"}}} : Verdict{};
  };
  ProcessScan scan(proc, cgroups, judge, book, ScanOptions{{root}, "", sysconf(_SC_CLK_TCK)});
  MonoTime now{std::chrono::hours(1)};
  const auto round = [&] {
    scan.round(now, systemClock().wall());
    now += std::chrono::seconds(1);
  };

  if (fork() == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    bomb.join();
    explode();
  }
  for (int rounds = 0; scan.podProcesses() < kPidLimit / 4 && rounds < 100; ++rounds) round();
  ASSERT_GE(scan.podProcesses(), static_cast<size_t>(kPidLimit / 4));

  if (fork() == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    mining.join();
    execl("/bin/sh", "worker", "-c", "sleep 60; :", "-o", "stratum+tcp://192.0.2.1:3333", nullptr);
    _exit(1);
  }
  const auto told = [&] {
    for (const Sighting& sighting : book.published().sightings) {
      if (sighting.podUid == kMiner) return true;
    }
    return false;
  };
  int rounds = 0;
  for (; rounds < 20 && !told(); ++rounds) {
    usleep(20000);
    round();
  }
  EXPECT_TRUE(told());
  // A round is a second: the exec may fall behind the first.
  EXPECT_LE(rounds, 5);
}

}  // namespace
}  // namespace firebreak::sensor
