// The prober against real servers on loopback that say what a script tells them.
#include "control/prober.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <future>

#include "control/prober_console.h"
#include "control/scripted_http_server.h"
#include "detect/signatures/dashboards.h"

namespace firebreak::control {
namespace {

using detect::ProbeAnswer;
using detect::Verdict;
using Outcome = ProbeAnswer::Outcome;
using testing::HasSubstr;

class FakeClock : public Clock {
 public:
  WallTime wall() const override { return WallTime{}; }
  MonoTime mono() const override { return now; }
  MonoTime now{};
};

class ProberTest : public testing::Test {
 protected:
  ProbeRequest request(int port, const std::string& path = "/") {
    return {"http", "127.0.0.1", port, "", path, std::chrono::milliseconds(2000)};
  }
  FakeClock clock_;
  Prober prober_{{.version = "9.9", .workers = 2, .requestsPerMinute = 100, .allowLoopback = true},
                 clock_};
  const Prober::Addresses allowed_{"127.0.0.1"};
};

TEST_F(ProberTest, AsksAsAStrangerAndSaysWhoAsks) {
  ScriptedServer server([](const std::string&) {
    return reply("200 OK", "Content-Type: text/plain\r\nSet-Cookie: a=b\r\n", "hello");
  });
  const ProbeAnswer answer = prober_.probe(request(server.port(), "/a?b=c"), allowed_);
  EXPECT_EQ(answer.outcome, Outcome::kAnswered);
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.contentType, "text/plain");
  EXPECT_EQ(answer.body, "hello");
  EXPECT_EQ(answer.path, "/a?b=c");
  EXPECT_THAT(server.lastRequest(), HasSubstr("GET /a?b=c HTTP/1.1\r\n"));
  EXPECT_THAT(server.lastRequest(),
              HasSubstr("User-Agent: firebreak-prober/9.9 (+unauthenticated exposure check)\r\n"));
  prober_.probe(request(server.port()), allowed_);
  EXPECT_THAT(server.lastRequest(), testing::Not(HasSubstr("Cookie")));
  EXPECT_THAT(server.lastRequest(), testing::Not(HasSubstr("Authorization")));
}

TEST_F(ProberTest, RedirectsAreReportedAndNotFollowed) {
  ScriptedServer other([](const std::string&) { return reply("200 OK", "", "caught"); });
  ScriptedServer server([&](const std::string&) {
    return reply("302 Found", "Location: http://127.0.0.1:" + std::to_string(other.port()) + "/x\r\n", "");
  });
  const ProbeAnswer answer = prober_.probe(request(server.port()), allowed_);
  EXPECT_EQ(answer.status, 302);
  EXPECT_EQ(answer.location, "http://127.0.0.1:" + std::to_string(other.port()) + "/x");
  EXPECT_EQ(other.connections(), 0);
}

TEST_F(ProberTest, HugeBodiesAreCut) {
  ScriptedServer server(
      [](const std::string&) { return reply("200 OK", "", std::string(1 << 20, 'x')); });
  const ProbeAnswer answer = prober_.probe(request(server.port()), allowed_);
  EXPECT_EQ(answer.outcome, Outcome::kAnswered);
  EXPECT_TRUE(answer.truncated);
  EXPECT_EQ(answer.body.size(), 64U * 1024U);
}

TEST_F(ProberTest, SlowBodiesAndSilenceTimeOut) {
  ScriptedServer silent([](const std::string&) { return std::string(); });
  ScriptedServer slow([](const std::string&) {
    return std::string("HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\nstart");
  });
  for (int port : {silent.port(), slow.port()}) {
    ProbeRequest asked = request(port);
    asked.timeout = std::chrono::milliseconds(200);
    EXPECT_EQ(prober_.probe(asked, allowed_).outcome, Outcome::kTimedOut);
  }
}

TEST_F(ProberTest, ClosedPortsRefuse) {
  int port = 0;
  {
    ScriptedServer gone([](const std::string&) { return std::string(); });
    port = gone.port();
  }
  EXPECT_EQ(prober_.probe(request(port), allowed_).outcome, Outcome::kRefused);
  EXPECT_EQ(prober_.tcpConnect("127.0.0.1", port, allowed_, std::chrono::seconds(2)).outcome,
            Outcome::kRefused);
}

TEST_F(ProberTest, TlsAgainstAPlainServerIsATlsError) {
  ScriptedServer server([](const std::string&) { return reply("400 Bad Request", "", "no"); });
  ProbeRequest asked = request(server.port());
  asked.scheme = "https";
  const Outcome outcome = prober_.probe(asked, allowed_).outcome;
  EXPECT_TRUE(outcome == Outcome::kTlsError || outcome == Outcome::kTimedOut);
}

TEST_F(ProberTest, TheControlRequestConnects) {
  ScriptedServer server([](const std::string&) { return std::string(); });
  EXPECT_EQ(prober_.tcpConnect("127.0.0.1", server.port(), allowed_, std::chrono::seconds(2)).outcome,
            Outcome::kAnswered);
}

TEST_F(ProberTest, AddressesOutsideTheClusterAreNeverAsked) {
  ScriptedServer server([](const std::string&) { return reply("200 OK", "", "x"); });
  for (const char* address : {"127.0.0.2", "10.0.0.1", "169.254.169.254", "localhost",
                              "console.example", "0.0.0.0", "::1"}) {
    ProbeRequest asked = request(server.port());
    asked.address = address;
    const ProbeAnswer answer = prober_.probe(asked, allowed_);
    EXPECT_EQ(answer.outcome, Outcome::kFailed) << address;
    EXPECT_THAT(answer.error, HasSubstr("not asked")) << address;
  }
  // Even where somebody put them on the list.
  Prober strict({.version = "9.9"}, clock_);
  for (const char* address : {"127.0.0.1", "169.254.169.254"}) {
    ProbeRequest asked = request(server.port());
    asked.address = address;
    EXPECT_EQ(strict.probe(asked, {address}).outcome, Outcome::kFailed) << address;
    EXPECT_EQ(strict.tcpConnect(address, server.port(), {address}, std::chrono::seconds(1)).outcome,
              Outcome::kFailed) << address;
  }
  EXPECT_EQ(server.connections(), 0);
}

TEST_F(ProberTest, AHostHeaderGoesToTheAllowedAddressWithoutALookUp) {
  ScriptedServer server([](const std::string&) { return reply("200 OK", "", "x"); });
  ProbeRequest asked = request(server.port());
  asked.host = "console.example";
  EXPECT_EQ(prober_.probe(asked, allowed_).status, 200);
  EXPECT_THAT(server.lastRequest(), HasSubstr("Host: console.example"));
  for (const char* host : {"a b", "a\r\nX: y", "a@b", "a/b", "a:1"}) {
    asked.host = host;
    EXPECT_EQ(prober_.probe(asked, allowed_).outcome, Outcome::kFailed) << host;
  }
}

TEST_F(ProberTest, ProxiesOfTheEnvironmentAreIgnored) {
  ScriptedServer proxy([](const std::string&) { return reply("200 OK", "", "proxy"); });
  ScriptedServer server([](const std::string&) { return reply("200 OK", "", "server"); });
  setenv("http_proxy", ("http://127.0.0.1:" + std::to_string(proxy.port())).c_str(), 1);
  const ProbeAnswer answer = prober_.probe(request(server.port()), allowed_);
  unsetenv("http_proxy");
  EXPECT_EQ(answer.body, "server");
}

TEST_F(ProberTest, PathsWithSideEffectsAreNeverAsked) {
  ScriptedServer server([](const std::string&) { return reply("201 Created", "", "x"); });
  for (const char* path : {"/auth/token", "/airflow/auth/token/login", "/sso", "no-slash", "/a b"}) {
    EXPECT_EQ(prober_.probe(request(server.port(), path), allowed_).outcome, Outcome::kFailed) << path;
  }
  EXPECT_EQ(server.connections(), 0);
}

TEST_F(ProberTest, TheBudgetHoldsAndComesBack) {
  ScriptedServer server([](const std::string&) { return reply("200 OK", "", "x"); });
  Prober tight({.version = "9.9", .requestsPerMinute = 2, .allowLoopback = true}, clock_);
  EXPECT_EQ(tight.probe(request(server.port()), allowed_).status, 200);
  EXPECT_EQ(tight.probe(request(server.port()), allowed_).status, 200);
  EXPECT_THAT(tight.probe(request(server.port()), allowed_).error, HasSubstr("budget"));
  clock_.now += std::chrono::seconds(61);
  EXPECT_EQ(tight.probe(request(server.port()), allowed_).status, 200);
}

TEST_F(ProberTest, SubmittedRequestsAnswerOnAWorker) {
  ScriptedServer server([](const std::string&) { return reply("200 OK", "", "x"); });
  std::promise<ProbeAnswer> promise;
  ASSERT_TRUE(prober_.submit(request(server.port()), allowed_,
                             [&](ProbeAnswer answer) { promise.set_value(std::move(answer)); }));
  EXPECT_EQ(promise.get_future().get().status, 200);
}

// A kube-web-view as it was observed, open or with OAuth.
ScriptedServer::Script webView(bool open) {
  return [open](const std::string& request) {
    if (!open) return reply("302 Found", "Location: https://idp.example/authorize?client_id=x\r\n", "");
    if (request.starts_with("GET /clusters HTTP")) {
      return reply("200 OK", "Content-Type: text/html; charset=utf-8\r\n",
                   "<title>Clusters - Kubernetes Web View</title>");
    }
    return reply("404 Not Found", "Content-Type: text/html\r\n",
                 "<title>Error: cluster not found - Kubernetes Web View</title>");
  };
}

class ConsoleTest : public ProberTest {
 protected:
  // Only loopback is ours here, which the reach graph never hands out: paths are made by hand.
  detect::ProbedPath openPath(int port) {
    detect::ProbedPath path;
    path.endpoint.via = detect::Via::kNodePort;
    path.endpoint.reach = detect::Reach::kPublished;
    path.endpoint.address = "127.0.0.1";
    path.endpoint.port = port;
    path.verdict = Verdict::kOpen;
    path.requestPath = "/clusters";
    for (const detect::Product& product : detect::dashboardProducts()) {
      if (product.id == "kube-web-view") path.product = &product;
    }
    return path;
  }
  detect::ShutVerdict reask(int port) {
    return detect::consoleShut(
        reaskConsole(prober_, {openPath(port)}, allowed_, std::chrono::seconds(2)), true, true);
  }
};

TEST_F(ConsoleTest, AskedAgainAnOpenConsoleIsStillOpen) {
  ScriptedServer server(webView(true));
  EXPECT_EQ(reask(server.port()).verified, detect::Verified::kFalse);
}

TEST_F(ConsoleTest, AskedAgainALockedOrClosedConsoleIsShut) {
  int port = 0;
  {
    ScriptedServer server(webView(false));
    port = server.port();
    EXPECT_EQ(reask(port).verified, detect::Verified::kTrue);
  }
  EXPECT_EQ(reask(port).verified, detect::Verified::kTrue);
}

TEST_F(ConsoleTest, NothingIsAskedThroughAddressesThatAreNotTheClusters) {
  ScriptedServer server(webView(true));
  ConsoleQuestion question;
  question.service.meta.ns = "shop";
  question.service.meta.name = "kube-web-view";
  question.service.type = "NodePort";
  question.service.clusterIP = "127.0.0.1";
  question.service.selector = {{"app", "console"}};
  ServicePort port;
  port.port = server.port();
  port.nodePort = server.port();
  question.service.ports = {port};
  question.service.externalIPs = {"127.0.0.1"};
  Node node;
  node.internalIPs = {"127.0.0.1"};
  question.nodes = {node};
  question.products = &detect::dashboardProducts();
  EXPECT_TRUE(clusterAddresses(question).empty());
  EXPECT_TRUE(probeConsole(prober_, question).empty());
  EXPECT_EQ(server.connections(), 0);
}

}  // namespace
}  // namespace firebreak::control
