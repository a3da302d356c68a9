#include "detect/miners/code_literals.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "detect/miners/addresses.h"
#include "detect/miners/command_signals.h"

namespace firebreak::detect {
namespace {

using Words = std::vector<std::string>;
using testing::Contains;
using testing::IsEmpty;

const std::string kMine = "/srv/a -o stratum+tcp://10.0.0.9:443 -u a";

int scoreOfCode(const std::string& code) {
  return scoreCommandLine(Words{"python3", "-c", code}).score;
}

TEST(CodeLiterals, KeepsTheWordsOfOneCallTogether) {
  EXPECT_THAT(literalGroups("spawn('a', ['b', \"c\"])"), Contains(Words{"a", "b", "c"}));
  EXPECT_THAT(literalGroups("exec('a'); exec('b')"), Contains(Words{"b"}));
}

TEST(CodeLiterals, JoinsWhatTheCodeAddsAndFillsInNames) {
  EXPECT_THAT(literalGroups("os.system('run ' + 'a' + ' -b')"), Contains(Words{"run a -b"}));
  EXPECT_THAT(literalGroups("h = 'host'\nos.system('run ' + h)"), Contains(Words{"run host"}));
  EXPECT_THAT(literalGroups("h = 'host'\nos.system(f'run {h}:1')"), Contains(Words{"run host:1"}));
  EXPECT_THAT(literalGroups("const h = \"host\"; execSync(`run ${h}:1`)"), Contains(Words{"run host:1"}));
  EXPECT_THAT(literalGroups("os.system('tsoh nur'[::-1])"), Contains(Words{"run host"}));
}

TEST(CodeLiterals, LeavesOutWhatIsNeverRun) {
  for (const char* code :
       {"print('run a')", "BAD = ['a', 'b']", "x = {'urls': ['a']}", "if 'a' in line: pass",
        "re.compile('a')", "# don't\nlist = ['a']", "assert detect('run a')",
        "import subprocess\nsubprocess.run(cmd)\nPATTERNS = ['run', '-a']"}) {
    EXPECT_THAT(literalGroups(code), IsEmpty()) << code;
  }
}

TEST(CodeLiterals, ATextThatAVariableHoldsMayBeRun) {
  EXPECT_GE(scoreOfCode("import subprocess\ncmd = ['/srv/a', '-o', 'stratum+tcp://10.0.0.9:443']\n"
                        "subprocess.Popen(cmd)"),
            kDefaultThreshold);
  EXPECT_GE(scoreOfCode("import os\nc = '" + kMine + "'\nos.system(c)"), kDefaultThreshold);
  EXPECT_GE(scoreOfCode("import os\ndef go(c):\n  os.system(c)\ngo('" + kMine + "')"),
            kDefaultThreshold);
}

TEST(CodeLiterals, ADetectorIsNoMiner) {
  const std::string looks = "import subprocess\nout = subprocess.run(['ps', 'aux'], capture_output=True)\n";
  for (const std::string& code :
       {looks + "NAMES = ['xmrig', '--donate-level', 'stratum+tcp://10.0.0.9:3333']\n"
                "print([n for n in NAMES if n in out])",
        looks + "hits = any(s in out for s in ['minerd', 'stratum+ssl://10.0.0.9:1', '--rig-id'])",
        looks + "assert score('" + kMine + "') > 80",
        std::string("import subprocess, sys\nsubprocess.run([sys.executable, '-m', 'pytest'])\n"
                    "CASES = [\n    ('") + kMine + "', True),\n    ('nginx', False),\n]",
        looks + "cases = [('" + kMine + "', True), ('nginx', False)]",
        std::string("def sh(c):\n  import subprocess\n  return subprocess.run(c, shell=True)\n"
                    "known = ['xmrig', 'kinsing', '--donate-level']\nsh('ps aux')")}) {
    EXPECT_LT(scoreOfCode(code), kAlertScore) << code;
  }
}

TEST(CodeLiterals, DecodesWhatCodeHides) {
  std::string hex;
  for (char c : kMine) {
    hex += "0123456789abcdef"[static_cast<unsigned char>(c) >> 4];
    hex += "0123456789abcdef"[static_cast<unsigned char>(c) & 15];
  }
  EXPECT_GE(scoreOfCode("import os;os.system(bytes.fromhex('" + hex + "').decode())"), kDefaultThreshold);
  EXPECT_EQ(scoreOfCode("h = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'"), 0);
}

TEST(CodeLiterals, ProgramsThatRunOthersAreReadToo) {
  EXPECT_GE(scoreCommandLine(Words{"awk", "BEGIN{system(\"" + kMine + "\")}"}).score, kDefaultThreshold);
  EXPECT_GE(scoreCommandLine(Words{"lua", "-e", "os.execute('" + kMine + "')"}).score, kDefaultThreshold);
  EXPECT_GE(scoreCommandLine(Words{"find", "/tmp", "-name", "a", "-exec", "{}", "-o",
                                   "stratum+tcp://10.0.0.9:443", ";"})
                .score,
            kDefaultThreshold);
  EXPECT_EQ(scoreCommandLine(Words{"awk", "/stratum\\+tcp:|--donate-level/ {print \"miner\", $0}"}).score, 0);
  EXPECT_EQ(scoreCommandLine(Words{"find", "/", "-name", "xmrig", "-exec", "rm", "-f", "{}", ";"}).score, 0);
}

}  // namespace
}  // namespace firebreak::detect
