#include "detect/dashboards/candidates.h"

#include <gtest/gtest.h>

#include "detect/dashboards/answers.h"
#include "detect/dashboards/console_world.h"

namespace firebreak::detect {
namespace {

TEST(ImageRepository, RegistryTagAndDigestComeOff) {
  EXPECT_EQ(imageRepository("registry.example:5000/a/b:1.2@sha256:00"), "a/b");
  EXPECT_EQ(imageRepository("localhost/kube-web-view"), "kube-web-view");
  EXPECT_EQ(imageRepository("grafana/grafana:10"), "grafana/grafana");
  EXPECT_EQ(imageRepository("traefik:v3"), "traefik");
}

Container running(const std::string& image, std::vector<std::string> args = {}) {
  Container container;
  container.fieldPath = "containers[0]";
  container.image = image;
  container.args = std::move(args);
  return container;
}

TEST(RunsProduct, ByImageOrCommandButNotByAWordInIt) {
  EXPECT_TRUE(runsProduct(product("grafana"), running("quay.example/grafana/grafana:10.1")));
  EXPECT_FALSE(runsProduct(product("grafana"), running("grafana/grafana-image-renderer")));
  EXPECT_FALSE(runsProduct(product("grafana"), running("grafana/loki")));
  EXPECT_TRUE(runsProduct(product("kubectl-proxy"), running("tools", {"kubectl", "-v", "proxy"})));
  EXPECT_TRUE(runsProduct(product("kubectl-proxy"), running("tools", {"kubectl", "proxy"})));
  EXPECT_FALSE(runsProduct(product("kubectl-proxy"), running("tools", {"kubectl", "get", "proxy"})));
  EXPECT_FALSE(runsProduct(product("prometheus"), running("prom/prometheus-operator")));
  EXPECT_FALSE(runsProduct(product("prometheus"), running("tools", {"helm", "install", "prometheus"})));
  EXPECT_TRUE(runsProduct(product("prometheus"), running("x", {"sh", "-c", "cd /d && prometheus"})));
  EXPECT_TRUE(runsProduct(product("jupyter"), running("jupyter/scipy-notebook")));
}

std::string first(const std::vector<const Product*>& candidates) {
  return candidates.empty() ? "" : candidates[0]->id;
}

TEST(ConsoleCandidates, TheImageGoesBeforeThePort) {
  const auto candidates =
      candidatesFor(dashboardProducts(), {consolePod()}, consoleService(), 80, 8080);
  EXPECT_EQ(first(candidates), "kube-web-view");
  EXPECT_EQ(candidates.size(), 1U);  // others are known on 8080, but the image names this one
}

TEST(ConsoleCandidates, OnAWellKnownPortAnUnknownImageIsAskedWhereThePortIsEnough) {
  Pod pod = consolePod();
  changeSpec(pod, [](PodSpec& spec) { spec.containers[0].image = "localhost/e2e-console:dev"; });
  const auto service = consoleService();
  EXPECT_GT(candidatesFor(dashboardProducts(), {pod}, service, 80, 8080).size(), 3U);
  EXPECT_TRUE(candidatesFor(dashboardProducts(), {pod}, service, 80, 8080, false).empty());
}

TEST(ConsoleCandidates, AnInfixOfTheImageIsAHint) {
  Pod pod = consolePod();
  changeSpec(pod, [](PodSpec& spec) { spec.containers[0].image = "my-kube-web-view-demo:1"; });
  EXPECT_EQ(first(candidatesFor(dashboardProducts(), {pod}, consoleService(), 80, 7777)),
            "kube-web-view");
}

TEST(ConsoleCandidates, AnOrdinaryWebServerOnAnOddPortIsNotAsked) {
  Pod pod = consolePod();
  changeSpec(pod, [](PodSpec& spec) { spec.containers[0].image = "nginx:1.25"; });
  EXPECT_TRUE(candidatesFor(dashboardProducts(), {pod}, consoleService(), 81, 7777).empty());
}

TEST(Candidates, AModuleOrAScriptThatPythonRunsIsAProgram) {
  Container container;
  container.command = {"/usr/bin/python3", "-m", "kube_web", "--port", "8080"};
  EXPECT_TRUE(runsProduct(product("kube-web-view"), container));
  container.command = {"python3.11", "/opt/bin/locust", "-f", "x.py"};
  EXPECT_TRUE(runsProduct(product("locust"), container));
  container.command = {"grep", "-m", "locust"};
  EXPECT_FALSE(runsProduct(product("locust"), container));
}

}  // namespace
}  // namespace firebreak::detect
