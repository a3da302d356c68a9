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

using detect::Grants;
using detect::Verdict;

class StillClock : public Clock {
 public:
  WallTime wall() const override { return WallTime{}; }
  MonoTime mono() const override { return MonoTime{}; }
};

constexpr const char* kJson = "Content-Type: application/json\r\n";

std::string found(const std::string& type, const std::string& body) {
  return reply("200 OK", "Content-Type: " + type + "\r\n", body);
}
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
    Asker asker(prober_, endpoint, allowed_, std::chrono::seconds(2));
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
  const Prober::Addresses allowed_{"127.0.0.1"};
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
  const auto again = reaskConsole(prober_, {path}, allowed_, std::chrono::seconds(2));
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

// etcd's metrics may have a door of their own, which says nothing about the one for clients.
TEST_F(AskEndpointTest, EtcdIsOpenOnlyAtTheDoorOfItsClients) {
  const std::string metrics =
      found("text/plain; version=0.0.4", "# TYPE x gauge\netcd_debugging_auth_revision 1\n");
  ScriptedServer door(site({{"/metrics", metrics}}));
  EXPECT_NE(ask(door.port(), "etcd").verdict, Verdict::kOpen);
  ScriptedServer clients(
      site({{"/metrics", metrics},
            {"/version", reply("200 OK", kJson, R"({"etcdserver":"3.4.23","etcdcluster":"3.4.0"})")}}));
  const auto path = ask(clients.port(), "etcd");
  EXPECT_EQ(path.verdict, Verdict::kOpen);
  EXPECT_EQ(path.grants, Grants::kControl);
}

// Behind a proxy that names the user it says that it has no login, and lists nothing to strangers.
TEST_F(AskEndpointTest, AkhqThatLeavesTheLoginToAProxyIsNotOpen) {
  const std::string noLogin = reply("200 OK", kJson, R"({"loginEnabled":false,"version":"0.25"})");
  ScriptedServer behind(
      site({{"/api/auths", noLogin}, {"/api/cluster", reply("401 Unauthorized", kJson, "{}")}}));
  EXPECT_NE(ask(behind.port(), "akhq").verdict, Verdict::kOpen);
  ScriptedServer open(
      site({{"/api/auths", noLogin},
            {"/api/cluster", reply("200 OK", kJson, R"([{"id":"local","connects":[]}])")}}));
  EXPECT_EQ(ask(open.port(), "akhq").verdict, Verdict::kOpen);
}

}  // namespace
}  // namespace firebreak::control
