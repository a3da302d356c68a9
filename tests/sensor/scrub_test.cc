#include "sensor/scrub.h"

#include <gtest/gtest.h>

namespace firebreak::sensor {
namespace {

using Words = std::vector<std::string>;

const std::string kWallet = "4" + std::string(46, 'A') + "9" + std::string(43, 'b') + "WXYZ";

TEST(Scrub, KeepsWhatAPersonNeedsToJudge) {
  EXPECT_EQ(scrubCommandLine({"xmrig", "-o", "stratum+tcp://pool.invalid:3333", "--donate-level", "1"}, 1024),
            "xmrig -o stratum+tcp://pool.invalid:3333 --donate-level 1");
}

TEST(Scrub, TakesCredentialsOut) {
  struct Case {
    Words arguments;
    const char* scrubbed;
  };
  const Case kCases[] = {
      {{"mysql", "-p", "hunter2"}, "mysql -p ***"},
      {{"app", "--password=hunter2"}, "app --password=***"},
      {{"app", "--db-password", "hunter2", "x"}, "app --db-password *** x"},
      {{"env", "API_TOKEN=abc", "app"}, "env API_TOKEN=*** app"},
      {{"curl", "https://bob:hunter2@example.invalid/x"}, "curl https://***@example.invalid/x"},
      {{"app", "0123456789abcdef0123456789abcdef01"}, "app ***"},
      {{"sh", "-c", "PGPASSWORD=hunter2 psql"}, "sh -c PGPASSWORD=*** psql"},
  };
  for (const Case& item : kCases) {
    const std::string line = scrubCommandLine(item.arguments, 1024);
    EXPECT_EQ(line.find("hunter2"), line.npos) << line;
    EXPECT_EQ(line, item.scrubbed);
  }
  EXPECT_EQ(scrubCommandLine({"curl", "-H", "Authorization: Bearer hunter2"}, 1024).find("hunter2"),
            std::string::npos);
}

TEST(Scrub, ShortensAWalletToItsEnds) {
  EXPECT_EQ(scrubCommandLine({"xmrig", "-u", kWallet}, 1024), "xmrig -u 4AAA...WXYZ");
  EXPECT_EQ(scrubText("pays " + kWallet + ".rig1", 1024), "pays 4AAA...WXYZ.rig1");
}

TEST(Scrub, MakesHostileTextPrintableAndShort) {
  EXPECT_EQ(printable("a\x01\x1b[31m\xff\xc3(\xed\xa0\x80z", 64), "a?" "?[31m?" "?(?" "?" "?z");
  EXPECT_EQ(printable("gr\xc3\xbc\xc3\x9f", 64), "gr\xc3\xbc\xc3\x9f");
  const std::string huge = scrubCommandLine({std::string(65536, '-')}, 1024);
  EXPECT_LE(huge.size(), 1024u);
  EXPECT_LE(scrubCommandLine(Words(20000, "x"), 1024).size(), 1024u);
}

}  // namespace
}  // namespace firebreak::sensor
