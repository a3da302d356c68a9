#include "detect/miners/process.h"

#include <gtest/gtest.h>

namespace firebreak::detect {
namespace {

constexpr int64_t kMiB = 1024;

// What was measured on a stand-in under a CPU limit of 200m, renamed, dialling a private proxy.
ProcessFacts hiddenMiner() {
  ProcessFacts facts;
  facts.commandLine = {"/usr/sbin/httpd", "-k", "start"};
  facts.comm = "httpd";
  facts.executable = "/usr/sbin/httpd";
  facts.threads = 4;
  facts.vmSizeKb = 2410 * kMiB;
  facts.largestAnonKb = 2336 * kMiB;
  facts.hasRwx = true;
  facts.cpuCores = 0.199;
  facts.cpuFlat = 0.98;
  facts.flows = {{"10.0.0.9", 8443, 900, 600}};
  return facts;
}

int score(const ProcessFacts& facts) { return scoreProcess(facts).score; }

TEST(ScoreProcess, NeedsNoNameForMemoryProcessorAndFlowTogether) {
  EXPECT_GE(score(hiddenMiner()), kDefaultThreshold);
}

TEST(ScoreProcess, EachPartAloneStaysBelow) {
  ProcessFacts facts = hiddenMiner();
  facts.largestAnonKb = 100 * kMiB;
  EXPECT_LT(score(facts), kAlertScore);
  facts = hiddenMiner();
  facts.cpuFlat = 0.2;
  EXPECT_LT(score(facts), kDefaultThreshold);
  facts = hiddenMiner();
  facts.flows.clear();
  EXPECT_LT(score(facts), kDefaultThreshold);
}

TEST(ScoreProcess, ThePlaceDecidesWhereTheSizeIsOnlyNear) {
  ProcessFacts facts = hiddenMiner();
  facts.largestAnonKb = 2200 * kMiB;
  EXPECT_LT(score(facts), kDefaultThreshold);
  facts.suspiciousPlace = true;
  EXPECT_GE(score(facts), kDefaultThreshold);
}

TEST(ScoreProcess, AJvmWithALargeHeapAndADatabaseStaysBelow) {
  ProcessFacts facts = hiddenMiner();
  facts.commandLine = {"java", "-Xmx2300m", "-jar", "/app.jar"};
  facts.comm = "java";
  facts.executable = "/opt/java/bin/java";
  facts.threads = 60;
  facts.largestAnonKb = 2300 * kMiB;
  facts.cpuCores = 1.7;
  facts.cpuFlat = 0.6;
  facts.flows.clear();
  for (int i = 0; i < 10; ++i) facts.flows.push_back({"10.0.0.5", 5432, 3600, 90000});
  EXPECT_LT(score(facts), kAlertScore);
}

TEST(ScoreProcess, AnEncoderAtFullSpeedIsSilent) {
  ProcessFacts facts;
  facts.commandLine = {"ffmpeg", "-i", "in", "out"};
  facts.comm = "ffmpeg";
  facts.executable = "/usr/bin/ffmpeg";
  facts.threads = 16;
  facts.cpuCores = 8;
  facts.cpuFlat = 0.99;
  EXPECT_LT(score(facts), kAlertScore);
}

TEST(ScoreProcess, AStratumLoginOrACommandLineIsEnoughAlone) {
  ProcessFacts facts;
  facts.stratumLogin = true;
  EXPECT_GE(score(facts), kDefaultThreshold);
  facts = {};
  facts.commandLine = {"/tmp/a", "-o", "stratum+tcp://10.0.0.1:3333"};
  EXPECT_GE(score(facts), kDefaultThreshold);
}

TEST(ScoreProcess, AKernelThreadsNameOnAnExecutableAdds) {
  ProcessFacts facts;
  facts.commandLine = {"[kworker/u8:1-ev]"};
  facts.comm = "x";
  facts.executable = "/tmp/x";
  facts.executableDeleted = true;
  ScoreResult result = scoreProcess(facts);
  EXPECT_GE(result.score, kAlertScore);
  EXPECT_LT(result.score, kDefaultThreshold);
  facts.executable.clear();  // a real kernel thread has none
  facts.executableDeleted = false;
  EXPECT_EQ(score(facts), 0);
}

TEST(ScoreProcess, MultiCallProgramsAreNotRenamed) {
  ProcessFacts facts;
  facts.commandLine = {"sleep", "60"};
  facts.comm = "sleep";
  facts.executable = "/bin/busybox";
  EXPECT_EQ(score(facts), 0);
}

TEST(ScoreProcess, AMinersNameIsFoundInTheExecutableToo) {
  ProcessFacts facts;
  facts.commandLine = {"nginx"};
  facts.comm = "nginx";
  facts.executable = "/tmp/kdevtmpfsi";
  facts.executableDeleted = true;
  EXPECT_GE(score(facts), kAlertScore);
}

}  // namespace
}  // namespace firebreak::detect
