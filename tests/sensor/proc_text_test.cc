#include "sensor/proc_text.h"

#include <gtest/gtest.h>

namespace firebreak::sensor {
namespace {

std::string statLine(const std::string& comm) {
  return "4711 (" + comm +
         ") S 1 4711 4711 0 -1 4194304 100 0 0 0 250 50 0 0 20 19 4 0 987654 2449473536 1200 0 0\n";
}

TEST(ProcText, ReadsStatWithEveryKindOfName) {
  for (const std::string name : {"xmrig", "a b", "x) R 1 1 (y", "(((", ")", "new\nline", "\xff\xfe"}) {
    const auto stat = parseStat(statLine(name));
    ASSERT_TRUE(stat.has_value()) << name;
    EXPECT_EQ(stat->comm, name);
    EXPECT_EQ(stat->pid, 4711);
    EXPECT_EQ(stat->state, 'S');
    EXPECT_EQ(stat->parent, 1);
    EXPECT_EQ(stat->ticks(), 300u);
    EXPECT_EQ(stat->nice, 19);
    EXPECT_EQ(stat->threads, 4);
    EXPECT_EQ(stat->startTime, 987654u);
    EXPECT_EQ(stat->virtualBytes, 2449473536u);
  }
}

TEST(ProcText, RefusesACutStat) {
  const std::string whole = statLine("sh");
  for (size_t length = 0; length < 75; ++length) {
    EXPECT_FALSE(parseStat(whole.substr(0, length)).has_value()) << length;
  }
  EXPECT_FALSE(parseStat(") ("));
}

TEST(ProcText, SplitsArgumentsAndDropsTheTailThatSetproctitleLeaves) {
  using Words = std::vector<std::string>;
  EXPECT_EQ(parseCommandLine(std::string("a\0b c\0\0", 7)), (Words{"a", "b c"}));
  EXPECT_EQ(parseCommandLine(std::string("a\0\0b\0", 5)), (Words{"a", "", "b"}));
  EXPECT_EQ(parseCommandLine(""), Words{});
  EXPECT_EQ(parseCommandLine(std::string(65536, 'x')).at(0).size(), 65536u);
}

TEST(ProcText, SeesAPendingKillInEitherMask) {
  EXPECT_TRUE(killPending("Name:\tx\nSigPnd:\t0000000000000100\nShdPnd:\t0000000000000000\n"));
  EXPECT_TRUE(killPending("SigPnd:\t0000000000000000\nShdPnd:\t0000000000000100\n"));
  EXPECT_FALSE(killPending("SigPnd:\t0000000000000000\nShdPnd:\t0000000000004000\n"));
}

TEST(ProcText, SeesTheMemoryOfARandomXMiner) {
  const MemoryShape shape = parseMaps(
      "55d0c0000000-55d0c0021000 rw-p 00000000 00:00 0                          [heap]\n"
      "7f0586c00000-7f0618c00000 rw-p 00000000 00:00 0 \n"
      "7f0618e00000-7f0619000000 rw-p 00000000 00:00 0 \n"
      "7f0619200000-7f0619400000 rw-p 00000000 00:0f 991                        /anon_hugepage (deleted)\n"
      "7f0619500000-7f0619510000 rwxp 00000000 00:00 0 \n"
      "7f0620000000-7f0720000000 rw-s 00000000 00:01 5                          /dev/shm/database\n"
      "7f0820000000-7f0920000000 r--p 00000000 08:01 7                          /usr/lib/a b\n"
      "broken\n");
  EXPECT_EQ(shape.largestAnonymousMiB, 2336);
  EXPECT_EQ(shape.scratchpads, 2);
  EXPECT_EQ(shape.writableCode, 1);
}

TEST(ProcText, ReadsConnectionsOfBothFamilies) {
  const auto rows = parseTcp(
      "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
      "   0: 4100F40A:C8F6 0500F40A:2328 01 00000000:00000000 00:00000000 00000000  1000        0 352766 1 0 20\n"
      "   1: 00000000:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 352700 1 0\n"
      "   2: 0000000000000000FFFF00004100F40A:C8F7 0000000000000000FFFF00000500F40A:01BB 01 0:0 0:0 0 0 0 77 1\n"
      "   3: zz\n");
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_EQ(rows[0].localAddress, "10.244.0.65");
  EXPECT_EQ(rows[0].localPort, 51446);
  EXPECT_EQ(rows[0].remoteAddress, "10.244.0.5");
  EXPECT_EQ(rows[0].remotePort, 9000);
  EXPECT_TRUE(rows[0].established);
  EXPECT_EQ(rows[0].inode, 352766u);
  EXPECT_FALSE(rows[1].established);
  EXPECT_TRUE(rows[1].listening);
  EXPECT_EQ(rows[2].remoteAddress, "10.244.0.5");
  EXPECT_EQ(rows[2].remotePort, 443);
}

TEST(ProcText, KnowsWhetherAProgramLiesInMemory) {
  const std::string mounts =
      "1 0 0:1 / / rw - overlay overlay rw\n"
      "2 1 0:2 / /tmp rw shared:1 - tmpfs tmpfs rw\n"
      "3 2 8:1 / /tmp/disk rw - ext4 /dev/x rw\n"
      "4 1 8:1 / /hidden rw - ext4 /dev/x rw\n"
      "5 1 0:3 / /hidden rw - tmpfs tmpfs rw\n"
      "cut\n";
  EXPECT_TRUE(liesInMemory(mounts, "/tmp/x"));
  EXPECT_TRUE(liesInMemory(mounts, "/hidden/x"));
  EXPECT_TRUE(liesInMemory(mounts, "/memfd:x"));
  EXPECT_FALSE(liesInMemory(mounts, "/tmp/disk/x"));
  EXPECT_FALSE(liesInMemory(mounts, "/tmpfs/x"));
  EXPECT_FALSE(liesInMemory(mounts, "/usr/bin/x"));
  EXPECT_FALSE(liesInMemory("", "/x"));
}

TEST(ProcText, ReadsSocketDescriptors) {
  EXPECT_EQ(socketInode("socket:[4711]"), 4711u);
  EXPECT_FALSE(socketInode("/tmp/socket:[1]"));
  EXPECT_FALSE(socketInode("socket:[x]"));
}

}  // namespace
}  // namespace firebreak::sensor
