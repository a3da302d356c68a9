#include "detect/dashboards/console_shut.h"

#include <gtest/gtest.h>

#include "detect/dashboards/answers.h"

namespace firebreak::detect {
namespace {

using Outcome = ProbeAnswer::Outcome;

ReaskedPath path(ProbeAnswer after, Via via = Via::kNodePort, ProbeAnswer control = {}) {
  return {&product("kube-web-view"), via, Verdict::kOpen, std::move(after), std::move(control)};
}

TEST(ConsoleShut, RefusedTimedOutOrLockedIsShut) {
  const auto login = answered("/clusters", 302, "", "", "https://idp.example/authorize");
  EXPECT_EQ(consoleShut({path(silent("/clusters", Outcome::kRefused)),
                         path(silent("/clusters", Outcome::kTimedOut)), path(login)},
                        true, true).verified, Verified::kTrue);
}

TEST(ConsoleShut, OnePathThatStillAnswersIsEnough) {
  const auto verdict = consoleShut({path(silent("/clusters", Outcome::kRefused)),
                                    path(openWebView(), Via::kNodePort, webViewNotFound())},
                                   false, false);
  EXPECT_EQ(verdict.verified, Verified::kFalse);
}

TEST(ConsoleShut, SilenceWithoutAWorkingControlRequestIsUnknown) {
  EXPECT_EQ(consoleShut({path(silent("/clusters", Outcome::kTimedOut))}, false, true).verified,
            Verified::kUnknown);
}

TEST(ConsoleShut, ACrashedConsoleIsNotAShutOne) {
  EXPECT_EQ(consoleShut({path(silent("/clusters", Outcome::kRefused))}, true, false).verified,
            Verified::kUnknown);
}

TEST(ConsoleShut, NothingAskedAndAnswersOfAnotherServerAreUnknown) {
  EXPECT_EQ(consoleShut({}, true, true).verified, Verified::kUnknown);
  EXPECT_EQ(consoleShut({path(silent("/clusters", Outcome::kFailed))}, true, true).verified,
            Verified::kUnknown);
  EXPECT_EQ(consoleShut({path(answered("/clusters", 404, "text/html", "not found"))}, true, true)
                .verified, Verified::kUnknown);
}

TEST(ConsoleShut, AGatewaysRuleWithoutBackendsIsShutAndAConsolesOwnTroubleIsNot) {
  const auto verdict = [](Via via) {
    return consoleShut({path(answered("/clusters", 500, "text/plain", "x"), via)}, true, true).verified;
  };
  EXPECT_EQ(verdict(Via::kRoute), Verified::kTrue);
  EXPECT_EQ(verdict(Via::kIngress), Verified::kUnknown);
  EXPECT_EQ(verdict(Via::kNodePort), Verified::kUnknown);
}

TEST(ConsoleShut, AnIngressWithoutBackendIsShut) {
  EXPECT_EQ(consoleShut({path(answered("/clusters", 503, "text/html", "x"), Via::kIngress)}, true,
                        true).verified, Verified::kTrue);
}

}  // namespace
}  // namespace firebreak::detect
