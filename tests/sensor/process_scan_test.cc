#include "sensor/process_scan.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace firebreak::sensor {
namespace {

namespace fs = std::filesystem;

const std::string kUid = "0a1b2c3d-1111-2222-3333-444455556666";
const std::string kCid(64, 'c');
const WallTime kWall = WallTime{std::chrono::hours(24 * 365 * 56)};

// A /proc of our own making.
class FakeProc {
 public:
  FakeProc() {
    char name[] = "/tmp/firebreak-proc-XXXXXX";
    root_ = mkdtemp(name);
    write("uptime", "1000.00 1.00\n");
  }
  ~FakeProc() { fs::remove_all(root_); }

  void put(pid_t pid, const std::string& comm, const std::string& commandLine, const std::string& cgroup,
           uint64_t startTime, uint64_t ticks = 0) {
    const std::string folder = std::to_string(pid) + "/";
    fs::create_directories(root_ + "/" + folder);
    write(folder + "stat", std::to_string(pid) + " (" + comm + ") S 1 1 1 0 -1 0 0 0 0 0 " +
                               std::to_string(ticks) + " 0 0 0 20 0 1 0 " + std::to_string(startTime) +
                               " 1000000 100\n");
    write(folder + "cmdline", commandLine);
    write(folder + "cgroup", cgroup);
  }
  void link(pid_t pid, const std::string& target) {
    const std::string path = root_ + "/" + std::to_string(pid) + "/exe";
    fs::remove(path);
    fs::create_symlink(target, path);
  }
  void write(const std::string& file, const std::string& text) {
    std::ofstream(root_ + "/" + file, std::ios::binary | std::ios::trunc) << text;
  }
  void remove(pid_t pid) { fs::remove_all(root_ + "/" + std::to_string(pid)); }
  const std::string& root() const { return root_; }

 private:
  std::string root_;
};

std::string podCgroup(const std::string& uid = kUid) {
  return "4:memory:/kubepods/besteffort/pod" + uid + "/" + kCid + "\n0::/kubepods/besteffort/pod" + uid + "/" +
         kCid + "\n";
}

class ProcessScanTest : public ::testing::Test {
 protected:
  // Looks for the word "mine" in the arguments, or for a close look at a busy process.
  static Verdict judge(const ProcessObservation& seen) {
    for (const std::string& argument : seen.arguments) {
      if (argument == "mine") return {90, {{"word", 90, "says mine"}}};
    }
    if (seen.closely && seen.cores > 0.5 && seen.memory.largestAnonymousMiB > 2000) {
      return {85, {{"shape", 85, "looks like it"}}};
    }
    return {};
  }
  void round() {
    scan_.round(now_, kWall);
    now_ += std::chrono::seconds(1);
  }
  std::vector<Sighting> sightings() const { return book_.published().sightings; }

  FakeProc fake_;
  ProcFs proc_{fake_.root()};
  CgroupTree cgroups_{fake_.root() + "/cgroup", {}};
  SightingBook book_;
  ProcessScan scan_{proc_, cgroups_, judge, book_, ScanOptions{{}, "99999999-1111-2222-3333-444455556666", 100}};
  MonoTime now_{std::chrono::hours(1)};
};

TEST_F(ProcessScanTest, SeesANewMinerInTheNextRoundAndOnlyInPods) {
  fake_.put(10, "host", std::string("x\0mine\0", 7), "0::/system.slice/x.service\n", 5);
  round();
  EXPECT_TRUE(sightings().empty());
  fake_.put(11, "xmrig", std::string("xmrig\0mine\0", 11), podCgroup(), 99990);
  fake_.link(11, "/tmp/x (deleted)");
  round();
  ASSERT_EQ(sightings().size(), 1u);
  const Sighting seen = sightings()[0];
  EXPECT_EQ(seen.podUid, kUid);
  EXPECT_EQ(seen.containerId, kCid);
  EXPECT_EQ(seen.process.pid, 11);
  EXPECT_EQ(seen.process.startTime, 99990);
  EXPECT_EQ(seen.process.executable, "/tmp/x");
  EXPECT_TRUE(seen.process.executableDeleted);
  EXPECT_EQ(seen.process.commandLine, "xmrig mine");
}

TEST_F(ProcessScanTest, SeesAProcessThatJoinsThePodAndBecomesTheMinerLater) {
  fake_.put(12, "runc:[2:INIT]", std::string("runc\0init\0", 10), "0::/system.slice/containerd.service\n", 99999);
  round();
  fake_.put(12, "xmrig", std::string("xmrig\0mine\0", 11), podCgroup(), 99999);
  round();
  ASSERT_EQ(sightings().size(), 1u);
}

TEST_F(ProcessScanTest, SeesAnOldProcessThatBecomesAnotherProgram) {
  fake_.put(13, "sh", std::string("sh\0", 3), podCgroup(), 5);
  round();
  fake_.put(13, "xmrig", std::string("xmrig\0mine\0", 11), podCgroup(), 5);
  for (int i = 0; i < 6; ++i) round();
  ASSERT_EQ(sightings().size(), 1u);
}

TEST_F(ProcessScanTest, TakesAReusedPidForAnotherProcess) {
  fake_.put(14, "xmrig", std::string("xmrig\0mine\0", 11), podCgroup(), 5);
  round();
  const std::string other = "bbbbbbbb-1111-2222-3333-444455556666";
  fake_.put(14, "sh", std::string("sh\0", 3), podCgroup(other), 99000);
  for (int i = 0; i < 16; ++i) round();
  ASSERT_EQ(sightings().size(), 1u);
  EXPECT_EQ(sightings()[0].podUid, kUid);
  EXPECT_EQ(scan_.podProcesses(), 1u);
}

TEST_F(ProcessScanTest, LooksCloselyAtWhatUsesCpu) {
  fake_.put(15, "python", std::string("python\0", 7), podCgroup(), 5);
  fake_.put(16, "java", std::string("java\0", 5), podCgroup(), 5);
  fake_.write("15/maps", "7f0586c00000-7f0618c00000 rw-p 00000000 00:00 0 \n");
  fake_.write("16/maps", "7f0586c00000-7f0618c00000 rw-p 00000000 00:00 0 \n");
  for (uint64_t i = 0; i < 30; ++i) {
    fake_.put(15, "python", std::string("python\0", 7), podCgroup(), 5, i * 95);
    fake_.put(16, "java", std::string("java\0", 5), podCgroup(), 5, i);
    round();
  }
  ASSERT_EQ(sightings().size(), 1u);
  EXPECT_EQ(sightings()[0].process.pid, 15);
}

TEST_F(ProcessScanTest, SaysWhatTheWholeNetworkMovesAtMost) {
  std::vector<ObservedFlow> flows;
  ProcessScan scan(proc_, cgroups_, [&](const ProcessObservation& seen) {
    if (seen.closely) flows = seen.flows;
    return Verdict{};
  }, book_, ScanOptions{{}, "99999999-1111-2222-3333-444455556666", 100});
  for (uint64_t i = 0; i < 40; ++i) {
    fake_.put(24, "worker", std::string("worker\0", 7), podCgroup(), 5, i * 95);
    fs::create_directories(fake_.root() + "/24/net");
    fake_.write("24/net/tcp", "  sl  local_address rem_address   st\n"
                              "   0: 0A00000A:9C40 0900000A:01BB 01 00000000:00000000 00:00000000 00000000 0 0 7\n");
    fake_.write("24/net/dev", "Inter-|   Receive  |  Transmit\n face |bytes\n    lo: 9999999 1 0 0 0 0 0 0 9999999 1\n"
                              "  eth0: " + std::to_string(1000 + i * 10) + " 5 0 0 0 0 0 0 " +
                              std::to_string(2000 + i * 10) + " 7 0 0 0 0 0 0\n");
    scan.round(now_, kWall);
    now_ += std::chrono::seconds(1);
  }
  ASSERT_EQ(flows.size(), 1u);
  EXPECT_EQ(flows[0].remotePort, 443);
  EXPECT_GT(flows[0].ageSeconds, 5);
  EXPECT_EQ(flows[0].bytesPerMinute, 20 * 60);
}

TEST_F(ProcessScanTest, TellsAnExecutableOfTheImageFromOneThatCameLater) {
  const auto cameWithImage = [&](pid_t pid) {
    for (const Sighting& sighting : sightings()) {
      if (sighting.process.pid != pid) continue;
      for (const Evidence& signal : sighting.signals) {
        if (signal.signal == "image-executable") return true;
      }
    }
    return false;
  };
  const std::string fresh = fake_.root() + "/fresh";
  fake_.write("fresh", "written now");
  struct Case {
    pid_t pid;
    std::string executable;
    std::string mounts;
    bool expected;
  };
  const std::string root = "1 0 8:1 / / rw - overlay overlay rw\n";
  const Case kCases[] = {{31, "/bin/cat", root, true},
                         {32, fresh, root, false},
                         {33, "/bin/cat", root + "2 1 8:2 / /bin rw - ext4 /dev/sdb rw\n", false},
                         {34, "/bin/cat (deleted)", root, false}};
  for (const Case& item : kCases) {
    fake_.put(item.pid, "xmrig", std::string("xmrig\0mine\0", 11), podCgroup(), 99000);
    fake_.link(item.pid, item.executable);
    fake_.write(std::to_string(item.pid) + "/mountinfo", item.mounts);
  }
  scan_.round(now_, systemClock().wall());
  EXPECT_EQ(sightings().size(), 4u);
  for (const Case& item : kCases) EXPECT_EQ(cameWithImage(item.pid), item.expected) << item.pid;
}

TEST_F(ProcessScanTest, LeavesItselfAndOtherNodesAlone) {
  fake_.put(17, "mine", std::string("mine\0", 5), podCgroup("99999999-1111-2222-3333-444455556666"), 5);
  fake_.put(18, "mine", std::string("mine\0", 5),
            "0::/e2e/node-2/kubepods/besteffort/pod" + kUid + "/" + kCid + "\n", 5);
  round();
  EXPECT_TRUE(sightings().empty());
}

TEST_F(ProcessScanTest, GoesOnPastEntriesThatVanishOrMakeNoSense) {
  fs::create_directories(fake_.root() + "/19");       // no file in it
  fs::create_directories(fake_.root() + "/20/stat");  // a folder where a file should be
  fake_.put(21, ") S 1", std::string(65536, '\xff'), podCgroup(), 5);
  fake_.put(22, "x\n0::/kubepods", std::string("mine\0", 5), podCgroup(), 5);
  fake_.write("23", "no folder");
  round();
  ASSERT_EQ(sightings().size(), 1u);
  EXPECT_EQ(sightings()[0].process.pid, 22);
  fake_.remove(22);
  round();
  EXPECT_EQ(scan_.podProcesses(), 1u);
}

TEST_F(ProcessScanTest, SeesWhatAStarvedMinerWants) {
  double wanted = 0;
  int looks = 0;
  ProcessScan scan(proc_, cgroups_, [&](const ProcessObservation& seen) {
    if (seen.closely) {
      ++looks;
      wanted = std::max(wanted, seen.wantedCores);
    }
    return Verdict{};
  }, book_, ScanOptions{{}, "99999999-1111-2222-3333-444455556666", 100});
  for (uint64_t i = 0; i < 150; ++i) {
    // 1 % of a core, two threads that wait for the rest.
    fake_.put(41, "worker", std::string("worker\0", 7), podCgroup(), 5, i);
    fake_.write("41/stat", "41 (worker) S 1 1 1 0 -1 0 0 0 0 0 " + std::to_string(i) +
                               " 0 0 0 39 19 3 0 5 2600000000 100\n");
    fake_.write("41/maps", "7f0586c00000-7f0618c00000 rw-p 00000000 00:00 0 \n");
    for (const char* thread : {"41", "42", "43"}) {
      fs::create_directories(fake_.root() + "/41/task/" + thread);
      const uint64_t seconds = std::string(thread) == "41" ? 0 : i;
      fake_.write("41/task/" + std::string(thread) + "/schedstat",
                  std::to_string(seconds * 10000000) + " " + std::to_string(seconds * 990000000) + " 1\n");
    }
    scan.round(now_, kWall);
    now_ += std::chrono::seconds(1);
  }
  EXPECT_EQ(wanted, 2);
  EXPECT_LT(looks, 16);
}

TEST_F(ProcessScanTest, TriesOnlyThePidsThatWereGivenAwaySinceTheLastRound) {
  const auto lastGiven = [&](pid_t pid) { fake_.write("loadavg", "0.00 0.00 0.00 1/10 " + std::to_string(pid) + "\n"); };
  const auto putMiner = [&](pid_t pid, pid_t group) {
    fake_.put(pid, "xmrig", std::string("xmrig\0mine\0", 11), podCgroup(), 99990);
    fake_.write(std::to_string(pid) + "/status", "Name:\txmrig\nTgid:\t" + std::to_string(group) + "\n");
  };
  lastGiven(100);
  round();
  putMiner(99, 99);    // a chosen pid: found by the listing alone
  putMiner(101, 101);
  putMiner(102, 101);  // a thread of it
  lastGiven(102);
  round();
  ASSERT_EQ(sightings().size(), 1u);
  EXPECT_EQ(sightings()[0].process.pid, 101);
  fs::remove_all(fake_.root() + "/102");  // no listing shows a thread
  for (int i = 0; i < 10; ++i) round();
  EXPECT_EQ(sightings().size(), 2u);
  // The kernel began again from the lowest pid.
  putMiner(7, 7);
  lastGiven(7);
  round();
  EXPECT_EQ(sightings().size(), 3u);
}

TEST_F(ProcessScanTest, LooksAgainOnlyWhereTheContainerUsedProcessorTime) {
  const std::string folder = "cgroup/cpuacct/kubepods/besteffort/pod" + kUid + "/" + kCid;
  fs::create_directories(fake_.root() + "/" + folder);
  const auto usage = [&](int nanos) { fake_.write(folder + "/cpuacct.usage", std::to_string(nanos) + "\n"); };
  const auto becomeMiner = [&](pid_t pid) {
    fake_.put(pid, "xmrig", std::string("xmrig\0mine\0", 11), podCgroup(), 5);
  };
  usage(1000);
  for (pid_t pid = 61; pid <= 66; ++pid) fake_.put(pid, "sh", std::string("sh\0", 3), podCgroup(), 5);
  for (int i = 0; i < 12; ++i) round();
  // None of it ran: not even this would be seen, which cannot be without running.
  becomeMiner(61);
  for (int i = 0; i < 10; ++i) round();
  EXPECT_TRUE(sightings().empty());
  usage(1001);
  for (int i = 0; i < 6; ++i) round();
  EXPECT_EQ(sightings().size(), 1u);
  // One that left its group with privileges is read in the end.
  becomeMiner(62);
  for (int i = 0; i < 36; ++i) round();
  EXPECT_EQ(sightings().size(), 2u);
  // One that has done nothing for a minute, while its neighbours run, is read every ten rounds.
  for (int i = 0; i < 70; ++i) {
    usage(2000 + i);
    round();
  }
  becomeMiner(63);
  for (int i = 0; i < 11; ++i) {
    usage(3000 + i);
    round();
  }
  EXPECT_EQ(sightings().size(), 3u);
  // One that ends is noticed.
  fake_.remove(64);
  for (int i = 0; i < 11; ++i) {
    usage(4000 + i);
    round();
  }
  EXPECT_EQ(scan_.podProcesses(), 5u);
}

}  // namespace
}  // namespace firebreak::sensor
