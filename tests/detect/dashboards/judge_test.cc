#include "detect/dashboards/judge.h"

#include <gtest/gtest.h>

#include "detect/dashboards/answers.h"

namespace firebreak::detect {
namespace {

using Outcome = ProbeAnswer::Outcome;

TEST(JudgeConsole, ItsOwnBodyOnTheProofPathIsOpen) {
  EXPECT_EQ(judge(product("kube-web-view"), openWebView(), webViewNotFound()), Verdict::kOpen);
}

TEST(JudgeConsole, ARedirectToAnIdentityProviderIsLocked) {
  const auto proof = answered("/clusters", 302, "text/plain", "",
                              "https://idp.example/authorize?client_id=x&response_type=code");
  EXPECT_EQ(judge(product("kube-web-view"), proof, webViewNotFound()), Verdict::kLocked);
}

TEST(JudgeConsole, ARedirectToALoginIsToldFromOneToAnyOtherPage) {
  for (const char* login : {"/login?next=/", "./login", "https://sso.example/start", "/sso/start",
                            "/oauth2/start?rd=/", "/dex/auth?client_id=x", "/users/sign_in"}) {
    EXPECT_TRUE(leadsToLogin(login)) << login;
  }
  for (const char* page : {"/lessons", "/ui/", "/lab?", "https://console.example:8443/clusters"}) {
    EXPECT_FALSE(leadsToLogin(page)) << page;
  }
}

TEST(JudgeConsole, ASinglePageAppThatSays200ToEverythingIsNotTheProduct) {
  ProbeAnswer control = openWebView();
  control.path = "/clusters/firebreak-no-such-cluster";
  EXPECT_EQ(judge(product("kube-web-view"), openWebView(), control), Verdict::kNotThisProduct);
}

TEST(JudgeConsole, WithoutAnAnswerToTheMadeUpPathNothingIsProven) {
  const auto control = silent("/clusters/firebreak-no-such-cluster", Outcome::kTimedOut);
  EXPECT_EQ(judge(product("kube-web-view"), openWebView(), control), Verdict::kUnknown);
}

TEST(JudgeConsole, AnNginxWithADashboardsLabelIsNotTheProduct) {
  const auto page = answered("/clusters", 404, "text/html", "<title>404 Not Found</title>nginx");
  EXPECT_EQ(judge(product("kube-web-view"), page, page), Verdict::kNotThisProduct);
  const auto welcome = answered("/clusters", 200, "text/html", "<title>Welcome to nginx!</title>");
  EXPECT_EQ(judge(product("kube-web-view"), welcome, welcome), Verdict::kNotThisProduct);
}

TEST(JudgeConsole, SilenceAndAServersTroubleSayNothing) {
  for (Outcome outcome : {Outcome::kRefused, Outcome::kTimedOut, Outcome::kTlsError, Outcome::kFailed}) {
    EXPECT_EQ(judge(product("kube-web-view"), silent("/clusters", outcome), webViewNotFound()),
              Verdict::kUnknown);
  }
  const auto trouble = answered("/clusters", 503, "text/plain", "no upstream");
  EXPECT_EQ(judge(product("kube-web-view"), trouble, webViewNotFound()), Verdict::kUnknown);
  const auto toHttps = answered("/clusters", 308, "", "", "https://console.example/clusters");
  EXPECT_EQ(judge(product("kube-web-view"), toHttps, webViewNotFound()), Verdict::kUnknown);
}

TEST(JudgeConsole, AnAnswerToAPathThatIsNoProofSaysNothing) {
  auto home = openWebView();
  home.path = "/";
  EXPECT_EQ(judge(product("kube-web-view"), home, webViewNotFound()), Verdict::kUnknown);
}

TEST(IdentifyConsole, AnUnknownImageIsNamedByItsAnswer) {
  std::vector<const Product*> all;
  for (const Product& each : dashboardProducts()) all.push_back(&each);
  EXPECT_EQ(identify(all, {openWebView()}, webViewNotFound()), &product("kube-web-view"));
  const auto login = answered("/", 200, "text/html", "<form>pma_username</form>");
  const auto missing = answered("/firebreak-no-such-page.php", 404, "text/html", "gone");
  EXPECT_EQ(identify(all, {login}, missing), &product("phpmyadmin"));
  const auto page = answered("/", 200, "text/html", "<title>Welcome to nginx!</title>");
  EXPECT_EQ(identify(all, {page}, missing), nullptr);
}

}  // namespace
}  // namespace firebreak::detect
