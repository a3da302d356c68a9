#include "detect/dashboards/base_path.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "detect/dashboards/answers.h"

namespace firebreak::detect {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const std::vector<std::string> kHosts = {"console.example", "10.0.0.7"};

ProbeAnswer redirect(const std::string& from, const std::string& to) {
  return answered(from, 302, "", "", to);
}

Pod podWith(const std::vector<std::string>& args, const std::string& envName = "",
            const std::string& envValue = "") {
  Container container;
  container.image = "quay.io/jupyter/base-notebook:2026";
  container.args = args;
  if (!envName.empty()) {
    EnvVar var;
    var.name = envName;
    var.value = envValue;
    container.env.push_back(var);
  }
  PodSpec spec;
  spec.containers = {container};
  Pod pod;
  pod.spec = std::make_shared<PodSpec>(spec);
  return pod;
}

TEST(BasePath, IsReadFromPathsAndUrlsAlike) {
  for (const char* text : {"x", "/x", "/x/", "\"/x/\"", "https://console.example/x/", "http://h:80/x?y=1"}) {
    EXPECT_EQ(normalBasePath(text), "/x") << text;
  }
  EXPECT_EQ(normalBasePath("%(protocol)s://%(domain)s:%(http_port)s/grafana/"), "/grafana");
  EXPECT_EQ(normalBasePath("/user/a-b.c/"), "/user/a-b.c");
}

TEST(BasePath, TheRootAndWhatIsNoPlainPathAreNone) {
  for (const char* text : {"", "/", "https://console.example", "/../x", "/a//b", "/$(NB)/x", "/a b"}) {
    EXPECT_EQ(normalBasePath(text), "") << text;
  }
}

TEST(BasePath, StandsInTheArgumentsOrTheEnvironmentOfThePod) {
  EXPECT_THAT(basePathsSet(product("jupyter"), {podWith({"--ServerApp.base_url=/x/"})}),
              ElementsAre("/x"));
  EXPECT_THAT(basePathsSet(product("jupyter"), {podWith({}, "NB_PREFIX", "/notebook/team/a")}),
              ElementsAre("/notebook/team/a"));
  EXPECT_THAT(basePathsSet(product("jupyter"), {podWith({"--ServerApp.base_url=/"})}), IsEmpty());
  EXPECT_THAT(basePathsSet(product("kube-web-view"), {podWith({"--ServerApp.base_url=/x/"})}),
              IsEmpty());
}

TEST(BasePath, IsShownByARedirectWithinTheHost) {
  EXPECT_THAT(basePathsShown(redirect("/", "/x/"), kHosts), ElementsAre("/x"));
  EXPECT_THAT(basePathsShown(redirect("/", "/x/tree?"), kHosts), ElementsAre("/x", "/x/tree"));
  EXPECT_THAT(basePathsShown(redirect("/", "./ui/"), kHosts), ElementsAre("/ui"));
  EXPECT_THAT(basePathsShown(redirect("/", "http://10.0.0.7:8888/x/"), kHosts), ElementsAre("/x"));
  EXPECT_THAT(basePathsShown(redirect("/api/status", "/x/api/status"), kHosts), ElementsAre("/x"));
  EXPECT_THAT(basePathsShown(redirect("/api/status", "/home"), kHosts), IsEmpty());
  EXPECT_THAT(basePathsShown(redirect("/", "https://idp.example/x/"), kHosts), IsEmpty());
  EXPECT_THAT(basePathsShown(redirect("/", "//idp.example/x/"), kHosts), IsEmpty());
  EXPECT_THAT(basePathsShown(answered("/", 200, "text/html", "", "/x/"), kHosts), IsEmpty());
}

TEST(BasePath, ARedirectIsFollowedWithinTheHostAndNotToALogin) {
  EXPECT_EQ(redirectWithin(redirect("/", "/lab?a=b#c"), kHosts), "/lab?a=b");
  EXPECT_EQ(redirectWithin(redirect("/", "https://console.example/ui/"), kHosts), "/ui/");
  EXPECT_EQ(redirectWithin(redirect("/", "/login?next=/"), kHosts), "");
  EXPECT_EQ(redirectWithin(redirect("/", "https://idp.example/"), kHosts), "");
  EXPECT_EQ(redirectWithin(redirect("/", "/a b"), kHosts), "");
}

}  // namespace
}  // namespace firebreak::detect
