#include "detect/miners/command_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/digest.h"

namespace firebreak::detect {
namespace {

using Words = std::vector<std::string>;
using testing::Contains;
using testing::Not;

std::vector<Words> commandsOf(const Words& line, bool entrypointUnknown = false,
                              CommandReader::ReadFile readFile = nullptr) {
  CommandReader reader({{"KNOWN", "value"}}, std::move(readFile));
  reader.read(line, entrypointUnknown);
  std::vector<Words> out;
  for (const Invocation& invocation : reader.invocations()) out.push_back(invocation.words);
  return out;
}

std::vector<Words> script(const std::string& text) { return commandsOf({"sh", "-c", text}); }

TEST(CommandReader, JoinsQuotedPiecesOfAWord) {
  EXPECT_THAT(script(R"(./x'mr'i"g" -o 'a b' "c\"d" e\ f)"),
              Contains(Words{"./xmrig", "-o", "a b", "c\"d", "e f"}));
}

TEST(CommandReader, DecodesEscapesOfAnsiQuotes) {
  EXPECT_THAT(script(R"($'\x78\155rig' -o)"), Contains(Words{"xmrig", "-o"}));
}

TEST(CommandReader, ExpandsVariablesOfTheScriptTheEnvironmentAndDefaults) {
  EXPECT_THAT(script("A=1; export B=2\nrun $A ${B} ${C:-3} $KNOWN \"$A$B\" '$A'"),
              Contains(Words{"run", "1", "2", "3", "value", "12", "$A"}));
}

TEST(CommandReader, SplitsAnUnquotedVariableIntoWords) {
  EXPECT_THAT(script("O='-a b'; run $O \"$O\""), Contains(Words{"run", "-a", "b", "-a b"}));
}

TEST(CommandReader, SeparatesCommandsByEveryOperator) {
  auto commands = script("a && b || c; d | e & f\n(g) ; { h; }; if i; then j; else k; fi # l");
  for (const char* name : {"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k"}) {
    EXPECT_THAT(commands, Contains(Words{name}));
  }
  EXPECT_THAT(commands, Not(Contains(Words{"l"})));
}

TEST(CommandReader, LeavesRedirectionsOutOfTheWords) {
  EXPECT_THAT(script("run a 2>&1 >/dev/null </dev/zero b &>x"), Contains(Words{"run", "a", "b"}));
}

TEST(CommandReader, RunsTheBodyOfALoopWithItsFirstValue) {
  EXPECT_THAT(script("for p in one two; do run -o $p; done"), Contains(Words{"run", "-o", "one"}));
}

TEST(CommandReader, LooksThroughWrappers) {
  auto commands = commandsOf({"env", "A=b", "nohup", "timeout", "-k", "5", "10", "nice", "-n", "19",
                              "sh", "-lc", "exec -a name /x -o $A"});
  EXPECT_THAT(commands, Contains(Words{"/x", "-o", "b"}));
  EXPECT_THAT(commands, Contains(Words{"nice", "-n", "19"}));
}

TEST(CommandReader, TakesTheScriptBehindOptionsWithValues) {
  EXPECT_THAT(commandsOf({"bash", "-eo", "pipefail", "-c", "run a"}), Contains(Words{"run", "a"}));
  EXPECT_THAT(commandsOf({"su", "user", "-c", "run b"}), Contains(Words{"run", "b"}));
}

TEST(CommandReader, PipesDecodedTextIntoAShell) {
  std::string code = base64Encode("run -o hidden");
  EXPECT_THAT(script("echo " + code + " | base64 -d | sh"), Contains(Words{"run", "-o", "hidden"}));
  EXPECT_THAT(script("printf '%s' " + code + " | openssl base64 -d -A | bash -s"),
              Contains(Words{"run", "-o", "hidden"}));
  EXPECT_THAT(script("sh -c \"$(echo '" + code + "' | base64 --decode)\""),
              Contains(Words{"run", "-o", "hidden"}));
  EXPECT_THAT(script("base64 -d <<< " + code + " > /tmp/r; sh /tmp/r"),
              Contains(Words{"run", "-o", "hidden"}));
  EXPECT_THAT(script("echo 72756e2078 | xxd -r -p | sh"), Contains(Words{"run", "x"}));
  EXPECT_THAT(script("echo 'x nur' | rev | sh"), Contains(Words{"run", "x"}));
}

TEST(CommandReader, DecodesBase64AtEveryAlignment) {
  for (const char* prefix : {"", "a", "ab", "abc"}) {
    std::string word = "X=" + std::string(prefix) + base64Encode("run --with some words");
    EXPECT_THAT(commandsOf({"/app", word}), Contains(Words{"run", "--with", "some", "words"}))
        << prefix;
  }
}

TEST(CommandReader, RunsAScriptThatAHereDocumentWrote) {
  EXPECT_THAT(script("N=7\ncat > /tmp/a.sh <<EOF\nrun $N\nEOF\nchmod +x /tmp/a.sh; /tmp/a.sh"),
              Contains(Words{"run", "7"}));
  EXPECT_THAT(script("tee run.sh <<-'EOF'\n\trun $N\n\tEOF\nsh ./run.sh"), Contains(Words{"run"}));
  EXPECT_THAT(script("bash <<EOF\nrun here\nEOF"), Contains(Words{"run", "here"}));
}

TEST(CommandReader, DoesNotRunTextThatIsOnlyWritten) {
  EXPECT_THAT(script("cat > /etc/rules <<EOF\nrun nothing\nEOF"),
              Not(Contains(Words{"run", "nothing"})));
}

TEST(CommandReader, ReadsAMountedScript) {
  auto commands =
      commandsOf({"/bin/sh", "/cm/start.sh", "first"}, false, [](std::string_view path) {
        return path == "/cm/start.sh" ? std::optional<std::string>("run $1") : std::nullopt;
      });
  EXPECT_THAT(commands, Contains(Words{"run", "first"}));
}

TEST(CommandReader, TakesCommandsFromCode) {
  auto commands = commandsOf(
      {"python3", "-c", "import os\nos.system('run a')\nsubprocess.run(['/x', '-o', \"b\"])"});
  EXPECT_THAT(commands, Contains(Words{"run", "a"}));
  EXPECT_THAT(commands, Contains(Words{"/x", "-o", "b"}));
}

TEST(CommandReader, ReadsArgumentsOfAnUnknownEntrypoint) {
  EXPECT_THAT(commandsOf({"-o", "host"}, true), Contains(Words{"", "-o", "host"}));
  EXPECT_THAT(commandsOf({"-c", "run a"}, true), Contains(Words{"run", "a"}));
  EXPECT_THAT(commandsOf({"run a; run b"}, true), Contains(Words{"run", "b"}));
}

TEST(CommandReader, PointsAtTheWordThatACommandCameFrom) {
  CommandReader reader({}, nullptr);
  reader.read({"tini", "--", "sh", "-c", "run a"}, false);
  const Invocation& last = reader.invocations().back();
  EXPECT_EQ(last.words, (Words{"run", "a"}));
  EXPECT_EQ(last.originOf(1), 4u);
  CommandReader flags({}, nullptr);
  flags.read({"-o", "host"}, true);
  EXPECT_EQ(flags.invocations().at(0).originOf(2), 1u);
}

TEST(CommandReader, EndsOnHostileScripts) {
  std::string nested = "x";
  for (int i = 0; i < 200; ++i) nested = "$(" + nested + ")";
  script(nested);
  script(std::string(100000, '('));
  script(std::string(100000, '`'));
  script("cat <<EOF\nnever ends");
  script("'never ends");
  script("f() { f | f & }; f");
  script(std::string("a\0b\xff\xfe", 5));
  EXPECT_FALSE(script("run").empty());
}

TEST(CommandReader, BoundsWhatADoublingVariableUnfoldsTo) {
  std::string doubling = "A=aaaaaaaaaaaaaaaa\n";
  for (int i = 0; i < 20; ++i) doubling += "A=$A$A\n";
  for (int i = 0; i < 3000; ++i) doubling += "x \"$A\"\n";
  size_t total = 0;
  for (const Words& words : script(doubling)) {
    for (const std::string& word : words) total += word.size();
  }
  EXPECT_LT(total, size_t{8} << 20);
}

TEST(CommandReader, WhatUnfoldsWithoutEndHidesNothingBehindIt) {
  std::string padding = "A=aaaaaaaaaaaaaaaa\n";
  for (int i = 0; i < 20; ++i) padding += "A=$A$A\n";
  for (int i = 0; i < 100; ++i) padding += "x \"$A\"\nsh -c \"y $A\"\n";
  EXPECT_THAT(script(padding + "P=10.0.0.1:443\n/srv/a -o $P\n"), Contains(Words{"/srv/a", "-o", "10.0.0.1:443"}));
}

TEST(CommandReader, TakesTheFieldSeparatorForASpace) {
  EXPECT_THAT(script("run${IFS}-o${IFS}a"), Contains(Words{"run", "-o", "a"}));
}

TEST(CommandReader, DecodesBase32) {
  EXPECT_THAT(script("echo OJ2W4IDB | base32 -d | sh"), Contains(Words{"run", "a"}));
}

TEST(ExpandKubernetes, ReplacesOnlyWhatIsKnown) {
  Variables variables{{"A", "1"}};
  EXPECT_EQ(expandKubernetes("-o $(A):$(B) $$(A) $A $", variables), "-o 1:$(B) $(A) $A $");
}

TEST(ProgramName, IsTheLowerCaseBaseName) {
  EXPECT_EQ(programName("/usr/bin/XMRig.exe"), "xmrig");
  EXPECT_EQ(programName("xmrig"), "xmrig");
}

}  // namespace
}  // namespace firebreak::detect
