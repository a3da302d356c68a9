#include "sensor/sighting_book.h"

#include <gtest/gtest.h>

namespace firebreak::sensor {
namespace {

const WallTime kNow = WallTime{std::chrono::hours(24 * 365 * 56)};

ProcessObservation process(const std::string& pod, pid_t pid) {
  ProcessObservation out;
  out.place = {pod, std::string(64, 'c')};
  out.pid = pid;
  out.startTime = 100;
  out.comm = "xmrig";
  out.arguments = {"xmrig"};
  return out;
}

Verdict verdict(int score) { return {score, {{"stratum-url", score, "a pool"}}}; }

TEST(SightingBook, KeepsTheHighestVerdictAndTellsOfChangesOnly) {
  SightingBook book;
  book.record(process("a", 1), verdict(50), kNow);
  const uint64_t first = book.version();
  book.record(process("a", 1), verdict(40), kNow + std::chrono::seconds(1));
  EXPECT_EQ(book.version(), first);
  book.record(process("a", 1), verdict(90), kNow + std::chrono::seconds(2));
  EXPECT_GT(book.version(), first);
  const auto out = book.published();
  ASSERT_EQ(out.sightings.size(), 1u);
  EXPECT_EQ(out.sightings[0].score, 90);
  EXPECT_EQ(out.sightings[0].firstSeen, kNow);
  EXPECT_EQ(out.sightings[0].lastSeen, kNow + std::chrono::seconds(2));
}

TEST(SightingBook, LeavesOutWhatIsNotWorthTelling) {
  SightingBook book;
  book.record(process("a", 1), verdict(SightingBook::kWorthTelling - 1), kNow);
  EXPECT_TRUE(book.published().sightings.empty());
  EXPECT_EQ(book.version(), 0u);
}

TEST(SightingBook, PublishesAtMostFourAPodAndSixtyFourInAllHighestFirst) {
  SightingBook book;
  for (int i = 0; i < 6; ++i) book.record(process("a", 1 + i), verdict(50 + i), kNow);
  auto out = book.published();
  ASSERT_EQ(out.sightings.size(), 4u);
  EXPECT_EQ(out.truncated, 2);
  EXPECT_EQ(out.sightings.front().score, 55);
  EXPECT_EQ(out.sightings.back().score, 52);
  for (int i = 0; i < 100; ++i) book.record(process("p" + std::to_string(i), 100 + i), verdict(60), kNow);
  out = book.published();
  EXPECT_EQ(out.sightings.size(), 64u);
  EXPECT_EQ(out.truncated, 106 - 64);
}

TEST(SightingBook, DecoysOfFewPodsDoNotCrowdTheOthersOut) {
  SightingBook book;
  for (int i = 0; i < 80; ++i) book.record(process("decoy" + std::to_string(i / 4), 1 + i), verdict(99), kNow);
  book.record(process("quiet", 1000), verdict(80), kNow);
  const auto tells = [&](const std::set<std::string>& held) {
    for (const Sighting& sighting : book.published(held).sightings) {
      if (sighting.podUid == "quiet") return true;
    }
    return false;
  };
  EXPECT_TRUE(tells({}));
  // Nor do a hundred that are held already.
  std::set<std::string> held;
  for (int i = 0; i < 100; ++i) {
    held.insert("held" + std::to_string(i));
    book.record(process("held" + std::to_string(i), 2000 + i), verdict(99), kNow);
  }
  EXPECT_FALSE(tells({}));
  EXPECT_TRUE(tells(held));
}

TEST(SightingBook, TellsOfAProcessThatEndedForAWhileAfterThoseThatRun) {
  SightingBook book;
  book.record(process("a", 1), verdict(90), kNow);
  book.record(process("a", 2), verdict(50), kNow);
  book.ended({1, 100});
  EXPECT_EQ(book.published().sightings.at(0).process.pid, 2);
  EXPECT_EQ(book.published().sightings.at(1).process.pid, 1);
  book.forgetOld(kNow + SightingBook::kKeepEnded + std::chrono::seconds(1));
  ASSERT_EQ(book.published().sightings.size(), 1u);
}

TEST(SightingBook, NeverPublishesARawCommandLine) {
  SightingBook book;
  ProcessObservation seen = process("a", 1);
  seen.arguments = {"xmrig", "--pass", "hunter2", std::string(65536, '\x01')};
  seen.comm = "x\n\xff";
  book.record(seen, {90, {{"stratum-url", 90, "stratum+tcp://me:hunter2@pool.invalid"}}}, kNow);
  const Sighting out = book.published().sightings.at(0);
  EXPECT_EQ(out.process.commandLine.find("hunter2"), std::string::npos);
  EXPECT_LE(out.process.commandLine.size(), 1024u);
  EXPECT_EQ(out.process.comm, "x ?");
  EXPECT_EQ(out.signals.at(0).detail, "stratum+tcp://***@pool.invalid");
}

}  // namespace
}  // namespace firebreak::sensor
