// The transport over TLS and HTTP/2, against a server that sends exact frames.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "kube/client.h"
#include "kube/curl_transport.h"
#include "kube/store.h"
#include "kube/watch.h"
#include "support/test_pki.h"
#include "support/tls_server.h"

namespace firebreak::kube {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using std::chrono::seconds;
using Connection = TlsServer::Connection;

class TlsTransportTest : public ::testing::Test {
 protected:
  TlsTransportTest()
      : folder_(testing::TempDir() + "firebreak-tls-" + std::to_string(getpid())) {
    fs::create_directories(folder_);
    settings_.identity = authority_.issue("server", "IP:127.0.0.1");
    config_.caPem = authority_.certPem();
  }
  ~TlsTransportTest() override {
    transport_.reset();
    server_.reset();
    fs::remove_all(folder_);
  }

  void serve(TlsServer::Handler handler) {
    server_ = std::make_unique<TlsServer>(settings_, std::move(handler));
    if (config_.server.empty()) config_.server = server_->url();
  }
  void connect() {
    auto transport = makeCurlTransport(config_, options_);
    ASSERT_TRUE(transport) << transport.error().message;
    transport_ = std::move(*transport);
  }
  std::string write(const std::string& name, const std::string& text) {
    // As a rotation does it: never half of a file.
    std::ofstream(folder_ + "/new") << text;
    fs::rename(folder_ + "/new", folder_ + "/" + name);
    return folder_ + "/" + name;
  }
  Client client(int attempts = 4) {
    return Client(*transport_, {seconds(5), attempts, seconds(10)});
  }

  const std::string folder_;
  TestAuthority authority_{"authority one"};
  TlsServer::Settings settings_;
  ClusterConfig config_;
  CurlOptions options_;
  std::unique_ptr<TlsServer> server_;
  std::unique_ptr<Transport> transport_;
};

// Waits for what other threads bring about.
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

const std::string kListEnd =
    R"({"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"10","annotations":{"k8s.io/initial-events-end":"true"}}}})"
    "\n";
std::string added(const std::string& name, int version) {
  return R"({"type":"ADDED","object":{"metadata":{"name":")" + name +
         R"(","uid":"u","resourceVersion":")" + std::to_string(version) + "\"}}}\n";
}

TEST_F(TlsTransportTest, ManyRequestsShareOneConnection) {
  serve([](Connection& c, uint32_t stream) { c.answer(stream, 200, "{}"); });
  connect();
  std::vector<std::thread> callers;
  std::atomic<int> ok{0};
  for (int i = 0; i < 40; ++i) {
    callers.emplace_back([&] {
      if (client().rawGet("/version")) ++ok;
    });
  }
  for (auto& caller : callers) caller.join();
  EXPECT_EQ(ok, 40);
  EXPECT_LE(server_->connections(), 2);
}

TEST_F(TlsTransportTest, SendsAgainWhatAServerThatSaysGoodbyeDisowns) {
  std::atomic<int> answered{0};
  serve([&](Connection& c, uint32_t stream) {
    if (c.number() == 0) {
      if (stream == 1) return c.answer(1, 200, "{}");
      return c.goAway(1);  // it did nothing with this one
    }
    ++answered;
    c.answer(stream, 200, "{}");
  });
  connect();
  EXPECT_TRUE(client(1).rawGet("/one"));
  auto disowned = client().rawGet("/two");
  EXPECT_TRUE(disowned) << disowned.error().message;
  EXPECT_TRUE(client(1).create(kConfigMaps, "shop", Json::object())) << "on the new connection";
  EXPECT_EQ(answered, 2);
}

TEST_F(TlsTransportTest, SendsAgainWhatWasRefused) {
  std::atomic<int> refused{0};
  serve([&](Connection& c, uint32_t stream) {
    if (refused++ == 0) return c.refuse(stream);
    c.answer(stream, 200, "{}");
  });
  connect();
  EXPECT_TRUE(client(1).create(kConfigMaps, "shop", Json::object()));
  EXPECT_EQ(refused, 2);
}

TEST_F(TlsTransportTest, AWatchOutlivesTheGoodbyeOfItsConnection) {
  serve([&](Connection& c, uint32_t stream) {
    c.head(stream, 200);
    c.data(stream, added("a", 3) + kListEnd);
    c.goAway(stream);
    c.data(stream, added("b", 11));
  });
  connect();
  Store<Thing> store("things", projectThing);
  Reflector reflector(*transport_, {kPods, "", "", "", false}, store);
  reflector.start();
  EXPECT_TRUE(within(seconds(10), [&] { return store.size() == 2; }));
  EXPECT_EQ(reflector.stats().failures, 0u);
}

TEST_F(TlsTransportTest, AStuckWatchDoesNotHoldBackAWrite) {
  std::promise<void> gate;
  serve([opened = gate.get_future().share()](Connection& c, uint32_t stream) {
    if (c.number() == 0) {
      c.head(stream, 200);
      c.data(stream, kListEnd);
      opened.wait();  // reads and writes nothing more on the watches' connection
      return;
    }
    c.answer(stream, 200, "{}");
  });
  connect();
  Store<Thing> store("things", projectThing);
  Reflector reflector(*transport_, {kPods, "", "", "", false}, store);
  reflector.start();
  ASSERT_TRUE(within(seconds(10), [&] { return store.hasSynced(); }));
  EXPECT_TRUE(client(1).create(kConfigMaps, "shop", Json::object()));
  gate.set_value();
  reflector.stop();
}

TEST_F(TlsTransportTest, WatchesAndWritesWithAServerThatSpeaksHttp1Only) {
  settings_.http2 = false;
  serve([&](Connection& c, uint32_t stream) {
    if (c.requestLine().starts_with("GET /version")) return c.answer(stream, 200, "{}");
    c.head(stream, 200);
    c.data(stream, kListEnd);
  });
  connect();
  std::vector<std::unique_ptr<Store<Thing>>> stores;
  std::vector<std::unique_ptr<Reflector>> reflectors;
  for (int i = 0; i < 3; ++i) {
    stores.push_back(std::make_unique<Store<Thing>>("things", projectThing));
    reflectors.push_back(std::make_unique<Reflector>(
        *transport_, WatchTarget{kPods, "n" + std::to_string(i), "", "", false}, *stores.back()));
    reflectors.back()->start();
  }
  for (auto& store : stores) {
    EXPECT_TRUE(within(seconds(10), [&] { return store->hasSynced(); }));
  }
  EXPECT_TRUE(client().rawGet("/version"));
}

TEST_F(TlsTransportTest, TakesARenewedAuthorityWithTheNextAttempt) {
  const TestAuthority next("authority two");
  config_.caPem.clear();
  config_.caFile = write("ca.crt", authority_.certPem());
  serve([](Connection& c, uint32_t stream) { c.answer(stream, 200, "{}"); });
  connect();
  ASSERT_TRUE(client(1).rawGet("/version"));
  settings_.identity = next.issue("server", "IP:127.0.0.1");
  server_->change(settings_);
  server_->cutAll();
  // Until the file has changed as well, the server is nobody we know.
  ASSERT_TRUE(within(seconds(5), [&] { return !client(1).rawGet("/version"); }));
  auto refused = client(1).rawGet("/version");
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("certificate-authority"), std::string::npos);
  write("ca.crt", next.certPem());
  EXPECT_TRUE(client(1).rawGet("/version")) << "no ten seconds of waiting";
}

TEST_F(TlsTransportTest, ShowsARenewedCertificateWhenTheOldOneIsRefused) {
  settings_.clientAuthority = authority_.certPem();
  const TestIdentity old = authority_.issue("old");
  config_.certFile = write("tls.crt", old.certPem);
  config_.keyFile = write("tls.key", old.keyPem);
  serve([&](Connection& c, uint32_t stream) {
    c.answer(stream, c.clientName() == "new" ? 200 : 401, "{}");
  });
  connect();
  EXPECT_FALSE(client().rawGet("/version"));
  const TestIdentity renewed = authority_.issue("new");
  write("tls.crt", renewed.certPem);
  write("tls.key", renewed.keyPem);
  EXPECT_TRUE(client().rawGet("/version")) << "on a connection of its own";
}

TEST_F(TlsTransportTest, ReadsACertificateAndItsKeyAgainWhenTheyDoNotFit) {
  settings_.clientAuthority = authority_.certPem();
  const TestIdentity one = authority_.issue("one");
  const TestIdentity two = authority_.issue("two");
  config_.certFile = write("tls.crt", one.certPem);
  config_.keyFile = write("tls.key", two.keyPem);  // read in the middle of a rotation
  serve([](Connection& c, uint32_t stream) { c.answer(stream, 200, "{}"); });
  connect();
  EXPECT_FALSE(client(1).rawGet("/version"));
  write("tls.crt", two.certPem);
  EXPECT_TRUE(client(1).rawGet("/version"));
}

TEST_F(TlsTransportTest, AsksForTheTlsServerNameAndChecksIt) {
  std::mutex mutex;
  std::string asked;
  settings_.identity = authority_.issue("server", "DNS:api.example.test");
  serve([&](Connection& c, uint32_t stream) {
    std::lock_guard lock(mutex);
    asked = c.serverName();
    c.answer(stream, 200, "{}");
  });
  connect();
  auto wrong = client(1).rawGet("/version");
  ASSERT_FALSE(wrong) << "the certificate names another";
  config_.tlsServerName = "api.example.test";
  connect();
  auto right = client(1).rawGet("/version");
  EXPECT_TRUE(right) << right.error().message;
  std::lock_guard lock(mutex);
  EXPECT_EQ(asked, "api.example.test");
}

TEST_F(TlsTransportTest, GivesUpAHandshakeThatHangsAndTriesAgain) {
  options_.connectTimeout = milliseconds(300);
  serve([](Connection& c, uint32_t stream) { c.answer(stream, 200, "{}"); });
  // A listener that takes the connection and never says a word.
  const int silent = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  ASSERT_EQ(bind(silent, generic, size), 0);
  ASSERT_EQ(listen(silent, 8), 0);
  ASSERT_EQ(getsockname(silent, generic, &size), 0);
  config_.server = "https://127.0.0.1:" + std::to_string(ntohs(address.sin_port));
  connect();
  std::optional<TransportError> failed;
  std::mutex mutex;
  std::condition_variable done;
  HttpRequest request;
  request.path = "/version";
  transport_->send(request, [&](TransportResult result) {
    std::lock_guard lock(mutex);
    if (!result) failed = result.error();
    done.notify_all();
  });
  std::unique_lock lock(mutex);
  EXPECT_TRUE(done.wait_for(lock, seconds(8), [&] { return failed.has_value(); }));
  if (failed) {
    EXPECT_EQ(failed->sent, Sent::kNo) << "so that also a write may be sent again";
  }
  close(silent);
}

}  // namespace
}  // namespace firebreak::kube
