#include "detect/dashboards/command_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace firebreak::detect {
namespace {

using testing::ElementsAre;

Container container(std::vector<std::string> command, std::vector<std::string> args) {
  Container made;
  made.fieldPath = "containers[0]";
  made.command = std::move(command);
  made.args = std::move(args);
  return made;
}

TEST(CommandLine, ScriptsForAShellAreSplitWithoutComments) {
  const auto made = container({"/bin/bash", "-ec"}, {"# --auth none\nset -e; exec code-server --auth 'pass word'\n"});
  EXPECT_THAT(commandWords(made), ElementsAre("/bin/bash", "-ec", "set", "-e", ";", "exec", "code-server", "--auth",
                                              "pass word"));
}

TEST(CommandLine, VariablesComeFromLiteralEnv) {
  auto made = container({}, {"--mode=$(MODE)", "$$(MODE)", "$(OTHER)"});
  made.env.push_back({.name = "MODE", .value = "server", .refName = "", .refKey = ""});
  EXPECT_THAT(commandWords(made), ElementsAre("--mode=server", "$(MODE)", "$(OTHER)"));
}

TEST(CommandLine, FlagsAreGivenInEitherFormAndTheLastIsLast) {
  const auto words =
      commandLine(container({"x"}, {"--a=1", "--a", "2", "-b", "--c", "--aa=9", "--a=3"}));
  const auto values = flagValues(words, "--a");
  ASSERT_EQ(values.size(), 3U);
  EXPECT_EQ(values[0].text, "1");
  EXPECT_EQ(values[1].text, "2");
  EXPECT_EQ(values[2].text, "3");
  EXPECT_EQ(values[2].fieldPath, "containers[0].args[6]");
  EXPECT_EQ(flagValues(words, "--b").at(0).text, "true");
}

}  // namespace
}  // namespace firebreak::detect
