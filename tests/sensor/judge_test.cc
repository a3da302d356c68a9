#include "sensor/judge.h"

#include <gtest/gtest.h>

#include "sensor/sighting_book.h"

namespace firebreak::sensor {
namespace {

// No name of a miner, and RandomX's memory.
ProcessObservation worker() {
  ProcessObservation seen;
  seen.comm = "worker";
  seen.arguments = {"worker"};
  seen.executable = "/usr/bin/worker";
  seen.closely = true;
  seen.threads = 4;
  seen.memory.largestAnonymousMiB = 2336;
  seen.memory.writableCode = 1;
  return seen;
}

TEST(JudgeProcess, KnowsAMinerByItsCommandLine) {
  ProcessObservation seen;
  seen.comm = "x";
  seen.arguments = {"x", "-o", "stratum+tcp://pool.invalid:3333", "--donate-level", "1"};
  const Verdict verdict = judgeProcess(seen);
  EXPECT_GE(verdict.score, 80);
  EXPECT_FALSE(verdict.signals.empty());
}

TEST(JudgeProcess, TellsOfMemoryAndCpuShapeWithoutAnyName) {
  ProcessObservation seen = worker();
  seen.cores = 0.2;
  seen.cpuVariation = 0.02;
  EXPECT_GE(judgeProcess(seen).score, SightingBook::kWorthTelling);
}

TEST(JudgeProcess, LeavesOrdinaryProcessesAlone) {
  for (const std::vector<std::string>& arguments :
       {std::vector<std::string>{"nginx: worker process"}, {"java", "-Xmx2g", "-jar", "app.jar"}, {"sh"}, {}}) {
    ProcessObservation seen;
    seen.comm = arguments.empty() ? "" : "sh";
    seen.arguments = arguments;
    seen.closely = true;
    seen.threads = 8;
    seen.cores = 1.0;
    seen.cpuVariation = 0.01;
    EXPECT_LT(judgeProcess(seen).score, SightingBook::kWorthTelling);
  }
}

TEST(JudgeProcess, JudgesAStarvedProcessByWhatItWants) {
  ProcessObservation seen = worker();
  seen.cores = 0.01;
  seen.cpuVariation = 0.9;
  const auto isFlat = [](const Verdict& verdict) {
    for (const Evidence& signal : verdict.signals) {
      if (signal.signal == "flat-cpu") return true;
    }
    return false;
  };
  EXPECT_FALSE(isFlat(judgeProcess(seen)));
  seen.wantedCores = 3;
  EXPECT_TRUE(isFlat(judgeProcess(seen)));
  seen.cores = 2.5;  // it gets what it wants, in bursts
  EXPECT_FALSE(isFlat(judgeProcess(seen)));
}

}  // namespace
}  // namespace firebreak::sensor
