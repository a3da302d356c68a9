// One way to a console, asked over real connections: where it answers, under which path, and what a
// program that only looks like one gets for it.
#include "control/ask_endpoint.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <stdexcept>

#include "control/prober_console.h"
#include "control/scripted_http_server.h"
#include "detect/signatures/dashboards.h"

namespace firebreak::control {
namespace {

using detect::Verdict;

class StillClock : public Clock {
 public:
  WallTime wall() const override { return WallTime{}; }
  MonoTime mono() const override { return MonoTime{}; }
};

constexpr const char* kJson = "Content-Type: application/json\r\n";

std::string missing() { return reply("404 Not Found", "Content-Type: text/html\r\n", "Not Found"); }
std::string redirect(const std::string& to) { return reply("302 Found", "Location: " + to + "\r\n", ""); }

// Answers by path, the query included; everything else is not found.
ScriptedServer::Script site(std::map<std::string, std::string> pages) {
  return [pages = std::move(pages)](const std::string& request) {
    const size_t start = request.find(' ') + 1;
    auto page = pages.find(request.substr(start, request.find(' ', start) - start));
    return page == pages.end() ? missing() : page->second;
  };
}

const detect::Product& product(const std::string& id) {
  for (const detect::Product& each : detect::dashboardProducts()) {
    if (each.id == id) return each;
  }
  throw std::runtime_error("no product " + id);
}

class AskEndpointTest : public testing::Test {
 protected:
  detect::ProbedPath ask(int port, const std::string& id, const std::vector<Pod>& pods = {}) {
    detect::Endpoint endpoint;
    endpoint.via = detect::Via::kNodePort;
    endpoint.reach = detect::Reach::kPublished;
    endpoint.address = "127.0.0.1";
    endpoint.port = port;
    endpoint.path = prefix_;
    Asker asker(prober_, endpoint, {"127.0.0.1"}, std::chrono::seconds(2));
    return askEndpoint(asker, endpoint, {&product(id)}, pods);
  }
  static Pod jupyter(const std::string& argument) {
    PodSpec spec;
    spec.containers.resize(1);
    spec.containers[0].image = "quay.io/jupyter/base-notebook";
    spec.containers[0].args = {argument};
    Pod pod;
    pod.spec = std::make_shared<PodSpec>(spec);
    return pod;
  }

  StillClock clock_;
  Prober prober_{{.version = "9.9", .requestsPerMinute = 1000, .allowLoopback = true}, clock_};
  std::string prefix_;
};

constexpr const char* kStatus =
    R"({"connections": 0, "kernels": 0, "last_activity": "x", "started": "x"})";

TEST_F(AskEndpointTest, AConsoleUnderTheBasePathOfItsArgumentsIsFound) {
  ScriptedServer server(site({{"/x/api/status", reply("200 OK", kJson, kStatus)}}));
  const auto path = ask(server.port(), "jupyter", {jupyter("--ServerApp.base_url=/x/")});
  EXPECT_EQ(path.verdict, Verdict::kOpen);
  EXPECT_EQ(path.requestPath, "/x/api/status");
  EXPECT_EQ(path.endpoint.path, "/x");
}

TEST_F(AskEndpointTest, AConsoleUnderThePathThatItsFrontPageLeadsToIsFoundAndAskedAgainThere) {
  ScriptedServer server(
      site({{"/", redirect("/x/")}, {"/x/api/status", reply("200 OK", kJson, kStatus)}}));
  const auto path = ask(server.port(), "jupyter");
  EXPECT_EQ(path.verdict, Verdict::kOpen);
  const auto again = reaskConsole(prober_, {path}, {"127.0.0.1"}, std::chrono::seconds(2));
  ASSERT_EQ(again.size(), 1U);
  EXPECT_EQ(judge(*path.product, again[0].after, again[0].afterControl), Verdict::kOpen);
}

TEST_F(AskEndpointTest, ALockedConsoleUnderABasePathIsLocked) {
  ScriptedServer server(site({{"/", redirect("/x/")},
                              {"/x/api/status", reply("403 Forbidden", kJson, "{}")}}));
  EXPECT_EQ(ask(server.port(), "jupyter").verdict, Verdict::kLocked);
}

TEST_F(AskEndpointTest, BehindARouteThatNamesTheBasePathAlreadyItIsAskedOnce) {
  prefix_ = "/x";
  ScriptedServer server(site({{"/x/api/status", reply("200 OK", kJson, kStatus)}}));
  const auto path = ask(server.port(), "jupyter", {jupyter("--ServerApp.base_url=/x/")});
  EXPECT_EQ(path.verdict, Verdict::kOpen);
  EXPECT_EQ(path.requestPath, "/x/api/status");
}

TEST_F(AskEndpointTest, OneThatOnlyRedirectsWithinItsHostIsNotSilent) {
  ScriptedServer server([](const std::string&) { return redirect("/home"); });
  const auto path = ask(server.port(), "jupyter");
  EXPECT_EQ(path.verdict, Verdict::kUnknown);
  EXPECT_TRUE(path.redirected);
  EXPECT_LE(server.connections(), 8);
}

TEST_F(AskEndpointTest, ATroubledServerMayComeUp) {
  ScriptedServer server([](const std::string&) { return reply("503 Service Unavailable", "", ""); });
  const auto path = ask(server.port(), "jupyter");
  EXPECT_EQ(path.verdict, Verdict::kUnknown);
  EXPECT_FALSE(path.redirected);
}

TEST_F(AskEndpointTest, AFrontPageThatLeadsIntoALoopIsLeftAlone) {
  ScriptedServer server([](const std::string& request) {
    const size_t start = request.find(' ') + 1;
    return redirect("/x" + request.substr(start, request.find(' ', start) - start));
  });
  EXPECT_EQ(ask(server.port(), "jupyter").verdict, Verdict::kUnknown);
  EXPECT_LE(server.connections(), 12);
}

}  // namespace
}  // namespace firebreak::control
