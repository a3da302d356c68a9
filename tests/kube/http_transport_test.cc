// The transport against servers that misbehave: slow, silent, overloaded, behind a proxy; and what
// several watches make of it.
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "kube/client.h"
#include "kube/curl_transport.h"
#include "kube/optional_reflector.h"
#include "kube/store.h"
#include "kube/watch.h"
#include "support/scripted_server.h"

namespace firebreak::kube {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using std::chrono::seconds;
using Connection = ScriptedServer::Connection;
using Request = ScriptedServer::Request;

bool within(seconds limit, const std::function<bool()>& condition) {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  while (!condition()) {
    if (std::chrono::steady_clock::now() >= deadline) return false;
    std::this_thread::sleep_for(milliseconds(2));
  }
  return true;
}

struct Thing {
  std::string uid;
};
Result<Thing> projectThing(std::string_view json) {
  auto identity = identityOf(json);
  if (!identity) return tl::unexpected(identity.error());
  return Thing{identity->uid};
}

std::string added(const std::string& name, int version) {
  return R"({"type":"ADDED","object":{"metadata":{"name":")" + name +
         R"(","uid":"u","resourceVersion":")" + std::to_string(version) + "\"}}}\n";
}
std::string listEnd(int version) {
  return R"({"type":"BOOKMARK","object":{"metadata":{"resourceVersion":")" +
         std::to_string(version) + R"(","annotations":{"k8s.io/initial-events-end":"true"}}}})" +
         "\n";
}
std::string status(int code, const std::string& reason) {
  return R"({"kind":"Status","code":)" + std::to_string(code) + R"(,"reason":")" + reason +
         R"(","message":"because"})";
}

std::unique_ptr<Transport> connectTo(const std::string& url, ClusterConfig config = {},
                                     CurlOptions options = {}) {
  config.server = url;
  auto transport = makeCurlTransport(config, options);
  EXPECT_TRUE(transport) << transport.error().message;
  return std::move(*transport);
}

// The end of one stream.
class EndOfStream : public StreamHandler {
 public:
  void onHead(int, milliseconds) override {}
  bool onData(std::string_view) override { return true; }
  void onEnd(const Status& how) override {
    std::lock_guard lock(mutex_);
    how_ = how;
    changed_.notify_all();
  }
  std::optional<Status> wait() {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, seconds(10), [&] { return how_.has_value(); });
    return how_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<Status> how_;
};

void drip(Connection& connection) {
  connection.head();
  while (connection.open()) {
    connection.chunk("x");
    std::this_thread::sleep_for(milliseconds(10));
  }
}

TEST(HttpTransportTest, GivesUpAnAnswerThatDrips) {
  ScriptedServer server([](const Request&, Connection& connection) { drip(connection); });
  auto transport = connectTo(server.url());
  Client client(*transport, {milliseconds(200), 1, milliseconds(100)});
  auto answer = client.rawGet("/version");
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::kTimeout);
}

TEST(HttpTransportTest, GivesUpAStreamThatDripsBeyondItsTime) {
  ScriptedServer server([](const Request&, Connection& connection) { drip(connection); });
  auto transport = connectTo(server.url());
  HttpRequest request;
  request.path = "/api/v1/pods?watch=true";
  request.timeout = milliseconds(200);
  auto stream = std::make_shared<EndOfStream>();
  transport->open(request, stream);
  auto how = stream->wait();
  ASSERT_TRUE(how) << "it drips for ever";
  EXPECT_FALSE(*how);
}

// An agent that begins with "curl/" is sent indented JSON, more than twice the bytes.
TEST(HttpTransportTest, SaysWhoItIs) {
  ScriptedServer server([](const Request&, Connection& connection) {
    connection.answer(200, "{}");
  });
  auto transport = connectTo(server.url());
  ASSERT_TRUE(Client(*transport).rawGet("/version"));
  const std::string agent = server.requests().at(0).headers.at("user-agent");
  EXPECT_TRUE(agent.starts_with("firebreak/")) << agent;
  EXPECT_TRUE(agent.ends_with(")")) << agent;
}

TEST(HttpTransportTest, GetsThroughAStormOf429And503) {
  std::mutex mutex;
  std::map<std::string, int> attempts;
  ScriptedServer server([&](const Request& request, Connection& connection) {
    int attempt = 0;
    {
      std::lock_guard lock(mutex);
      attempt = ++attempts[request.path];
    }
    if (attempt <= 2) return connection.answer(attempt == 1 ? 429 : 503, "", "Retry-After: 0\r\n");
    connection.answer(201, "{}");
  });
  auto transport = connectTo(server.url());
  Client client(*transport);
  std::vector<std::thread> callers;
  std::atomic<int> ok{0};
  for (int i = 0; i < 40; ++i) {
    callers.emplace_back([&, i] {
      if (client.get(kConfigMaps, "shop", "c" + std::to_string(i))) ++ok;
    });
  }
  for (auto& caller : callers) caller.join();
  EXPECT_EQ(ok, 40);
  EXPECT_EQ(server.requests().size(), 120u) << "and no request more than that took";
}

TEST(HttpTransportTest, ReachesTheServerThroughTheProxyOfTheKubeconfig) {
  ScriptedServer proxy([](const Request& request, Connection& connection) {
    if (request.method == "CONNECT") return connection.cut();
    connection.answer(200, "{}");
  });
  ClusterConfig config;
  config.proxyUrl = proxy.url();
  auto plain = connectTo("http://192.0.2.1:8080", config);
  EXPECT_TRUE(Client(*plain, {seconds(5), 1, seconds(1)}).rawGet("/version"));
  auto secure = connectTo("https://192.0.2.1:6443", config);
  EXPECT_FALSE(Client(*secure, {seconds(5), 1, seconds(1)}).rawGet("/version"));
  const auto seen = proxy.requests();
  ASSERT_GE(seen.size(), 2u);
  EXPECT_EQ(seen[0].path, "http://192.0.2.1:8080/version");
  EXPECT_EQ(seen[1].method, "CONNECT");
  EXPECT_EQ(seen[1].path, "192.0.2.1:6443");
}

TEST(HttpTransportTest, RunsThePluginAgainWhenItsTokenIsRefused) {
  const std::string folder = testing::TempDir() + "firebreak-plugin-" + std::to_string(getpid());
  fs::create_directories(folder);
  const std::string plugin = folder + "/plugin";
  std::ofstream(plugin) << "#!/bin/sh\n"
                           "echo x >> \"$COUNT\"\n"
                           "printf '{\"apiVersion\":\"client.authentication.k8s.io/v1\",\"status\":"
                           "{\"token\":\"t%s\"}}' $(wc -l < \"$COUNT\")\n";
  fs::permissions(plugin, fs::perms::owner_all);
  ScriptedServer server([](const Request& request, Connection& connection) {
    const bool fresh = request.headers.at("authorization") == "Bearer t2";
    connection.answer(fresh ? 200 : 401, fresh ? "{}" : status(401, "Unauthorized"));
  });
  ClusterConfig config;
  setenv("COUNT", "/nowhere", 1);  // what the kubeconfig sets wins
  config.exec = ExecPlugin{
      "client.authentication.k8s.io/v1", plugin, {}, {{"COUNT", folder + "/count"}}, "", false};
  auto transport = connectTo(server.url(), config);
  auto answer = Client(*transport).rawGet("/version");
  EXPECT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(server.requests().size(), 2u);
  unsetenv("COUNT");
  transport.reset();
  fs::remove_all(folder);
}

TEST(HttpTransportTest, ANamespaceThatIsForbiddenDegradesAlone) {
  std::atomic<bool> granted{false};
  ScriptedServer server([&](const Request& request, Connection& connection) {
    const bool secret = request.path == "/api/v1/namespaces/secret/pods";
    if (secret && !granted) return connection.answer(403, status(403, "Forbidden"));
    connection.head();
    connection.chunk(added(secret ? "s" : "o", 3) + listEnd(10));
    connection.waitClosed();
  });
  auto transport = connectTo(server.url());
  WatchOptions options;
  options.random = [] { return 0.01; };
  Store<Thing> secret("secret", projectThing);
  Store<Thing> open("open", projectThing);
  Reflector one(*transport, {kPods, "secret", "", "", false}, secret, options);
  Reflector two(*transport, {kPods, "open", "", "", false}, open, options);
  one.start();
  two.start();
  ASSERT_TRUE(within(seconds(10), [&] { return secret.lastError() && open.hasSynced(); }));
  EXPECT_EQ(secret.lastError()->code, ErrorCode::kForbidden);
  EXPECT_FALSE(secret.hasSynced());
  EXPECT_FALSE(open.lastError());
  EXPECT_EQ(open.size(), 1u);
  granted = true;
  EXPECT_TRUE(within(seconds(10), [&] { return secret.hasSynced() && !secret.lastError(); }))
      << "and comes back without a restart";
  EXPECT_EQ(two.stats().failures, 0u);
}

// A kind whose CRD comes and goes.
class OptionalKindTest : public ::testing::Test {
 protected:
  static constexpr ResourceType kRoutesV1{"gateway.networking.k8s.io", "v1", "httproutes",
                                          "HTTPRoute", true};
  static constexpr ResourceType kRoutesBeta{"gateway.networking.k8s.io", "v1beta1", "httproutes",
                                            "HTTPRoute", true};
  OptionalKindTest()
      : server_([this](const Request& request, Connection& c) { handle(request, c); }),
        transport_(connectTo(server_.url())) {
    options_.random = [] { return 0.0; };
    reflector_ = std::make_unique<OptionalReflector>(
        *transport_, OptionalTarget{{kRoutesV1, kRoutesBeta}}, store_, options_, milliseconds(20));
    reflector_->start();
  }
  ~OptionalKindTest() override {
    reflector_.reset();
    serve("");  // lets the server's threads go
  }

  void handle(const Request& request, Connection& connection) {
    const std::string group = "/apis/gateway.networking.k8s.io/";
    const std::string served = version();
    if (broken_) return connection.answer(503, status(503, "ServiceUnavailable"));
    const bool here = request.path == group + served || request.path.starts_with(group + served + "/");
    if (served.empty() || !here) {
      return connection.answer(404, status(404, "NotFound"));
    }
    if (request.path == group + served) {
      return connection.answer(
          200, R"({"kind":"APIResourceList","resources":[{"name":"httproutes/status","verbs":["get"]},)"
               R"({"name":"httproutes","verbs":["get","list","watch"]}]})");
    }
    connection.head();
    connection.chunk(added("route-" + served, 3) + listEnd(10));
    // Until the CRD goes.
    while (connection.open() && version() == served) {
      std::this_thread::sleep_for(milliseconds(2));
    }
    connection.cut();
  }
  std::string version() {
    std::lock_guard lock(mutex_);
    return version_;
  }
  void serve(const std::string& version) {
    std::lock_guard lock(mutex_);
    version_ = version;
  }
  bool holds(const std::string& name) { return store_.get(name) != nullptr && store_.size() == 1; }

  std::mutex mutex_;
  std::string version_;
  std::atomic<bool> broken_{false};
  WatchOptions options_;
  Store<Thing> store_{"httproutes", projectThing};
  ScriptedServer server_;
  std::unique_ptr<Transport> transport_;
  std::unique_ptr<OptionalReflector> reflector_;
};

TEST_F(OptionalKindTest, IsWatchedWhenItAppearsAndDroppedWhenItGoesWithoutARestart) {
  EXPECT_TRUE(within(seconds(10), [&] { return store_.hasSynced(); })) << "absent is known, too";
  EXPECT_FALSE(reflector_->watched());
  serve("v1");
  EXPECT_TRUE(within(seconds(10), [&] { return holds("route-v1"); }));
  EXPECT_EQ(reflector_->watched(), kRoutesV1);
  serve("");
  EXPECT_TRUE(within(seconds(10), [&] { return store_.size() == 0; })) << "its objects went with it";
  EXPECT_FALSE(reflector_->watched());
  serve("v1beta1");
  EXPECT_TRUE(within(seconds(10), [&] { return holds("route-v1beta1"); }));
}

TEST_F(OptionalKindTest, KeepsWhatItHasWhileDiscoveryDoesNotAnswer) {
  serve("v1");
  ASSERT_TRUE(within(seconds(10), [&] { return holds("route-v1"); }));
  broken_ = true;
  const size_t before = server_.requests().size();
  ASSERT_TRUE(server_.waitForRequests(before + 3));
  EXPECT_TRUE(holds("route-v1"));
  EXPECT_EQ(reflector_->watched(), kRoutesV1);
}

}  // namespace
}  // namespace firebreak::kube
