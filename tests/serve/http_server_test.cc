#include "serve/http_server.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <set>
#include <sstream>
#include <thread>

#include "base/metrics.h"
#include "http_client.h"

namespace firebreak {
namespace {

using serve_test::floodHeader;
using serve_test::freePort;
using serve_test::get;
using serve_test::HeldPort;
using namespace std::chrono_literals;

std::unique_ptr<HttpServer> startOn(int port, HttpServer::Callbacks callbacks,
                                    std::chrono::milliseconds deadline = 5000ms) {
  auto server = HttpServer::start({.address = "127.0.0.1:" + std::to_string(port),
                                   .callbacks = std::move(callbacks),
                                   .deadline = deadline});
  EXPECT_TRUE(server.has_value()) << (server ? "" : server.error().message);
  return server ? std::move(*server) : nullptr;
}

HttpServer::Callbacks healthy() {
  return {.ready = [] { return true; },
          .metrics = [] { return "fb 1\n"; },
          .alive = [] { return true; }};
}

// The pids whose parent is `parent`.
std::set<int> childrenOf(int parent) {
  std::set<int> children;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    const std::string name = entry.path().filename();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    std::ifstream stat(entry.path() / "stat");
    std::string line;
    std::getline(stat, line);
    const size_t end = line.rfind(')');
    if (end == std::string::npos) continue;
    if (std::atoi(line.c_str() + end + 4) == parent) children.insert(std::stoi(name));
  }
  return children;
}

// The process that serves: the child of the only child of this test.
int servingPid() {
  const std::set<int> supervisors = childrenOf(getpid());
  if (supervisors.size() != 1) return -1;
  const std::set<int> children = childrenOf(*supervisors.begin());
  return children.size() == 1 ? *children.begin() : -1;
}

// Asks until the answer has this status; the last answer where it never does.
serve_test::HttpAnswer getUntil(int port, const std::string& path, long status) {
  const auto until = std::chrono::steady_clock::now() + 30s;
  serve_test::HttpAnswer answer;
  do {
    answer = get(port, path);
    if (answer.status == status) return answer;
    std::this_thread::yield();
  } while (std::chrono::steady_clock::now() < until);
  return answer;
}

TEST(HttpServerTest, ServesTheThreePathsAndNothingElse) {
  const int port = freePort();
  const auto server = startOn(port, healthy());
  ASSERT_NE(server, nullptr);
  EXPECT_EQ(get(port, "/healthz").status, 200);
  EXPECT_EQ(get(port, "/readyz").status, 200);
  EXPECT_EQ(get(port, "/metrics").body, "fb 1\n");
  EXPECT_EQ(get(port, "/").status, 404);
  EXPECT_EQ(get(port, "/metrics/../etc/passwd").status, 404);
  EXPECT_EQ(get(port, "/healthz", "POST").status, 405);
}

TEST(HttpServerTest, IsAliveButNotReadyUntilItIsToldOtherwise) {
  const int port = freePort();
  const auto server = startOn(port, {});
  ASSERT_NE(server, nullptr);
  EXPECT_EQ(get(port, "/healthz").status, 200);
  EXPECT_EQ(get(port, "/readyz").status, 503);
  EXPECT_EQ(get(port, "/metrics").status, 503);
  server->setCallbacks(healthy());
  EXPECT_EQ(get(port, "/readyz").status, 200);
  EXPECT_EQ(get(port, "/metrics").status, 200);
}

TEST(HttpServerTest, SaysSoWhenTheMainLoopDoesNotTurn) {
  const int port = freePort();
  auto callbacks = healthy();
  callbacks.alive = [] { return false; };
  const auto server = startOn(port, std::move(callbacks));
  ASSERT_NE(server, nullptr);
  EXPECT_EQ(get(port, "/healthz").status, 503);
}

TEST(HttpServerTest, DeliversMetricsLargerThanASocketBuffer) {
  const int port = freePort();
  const std::string large(1'500'000, 'm');
  auto callbacks = healthy();
  callbacks.metrics = [&] { return large; };
  const auto server = startOn(port, std::move(callbacks));
  ASSERT_NE(server, nullptr);
  EXPECT_EQ(get(port, "/metrics").body, large);
}

TEST(HttpServerTest, Answers503WhenACallbackIsStuckAndRecovers) {
  const int port = freePort();
  std::mutex mutex;
  std::condition_variable released;
  bool release = false;
  auto callbacks = healthy();
  callbacks.ready = [&] {
    std::unique_lock lock(mutex);
    released.wait(lock, [&] { return release; });
    return true;
  };
  const auto server = startOn(port, std::move(callbacks), 200ms);
  ASSERT_NE(server, nullptr);
  EXPECT_EQ(get(port, "/readyz").status, 503);
  EXPECT_EQ(get(port, "/metrics").status, 503) << "waits behind the stuck one";
  {
    const std::lock_guard lock(mutex);
    release = true;
  }
  released.notify_all();
  EXPECT_EQ(getUntil(port, "/readyz", 200).status, 200);
}

TEST(HttpServerTest, ComesBackAfterItsProcessIsKilled) {
  const int port = freePort();
  const auto server = startOn(port, healthy());
  ASSERT_NE(server, nullptr);
  const int before = servingPid();
  ASSERT_GT(before, 0);
  ASSERT_EQ(kill(before, SIGKILL), 0);
  EXPECT_EQ(getUntil(port, "/healthz", 200).status, 200);
  EXPECT_NE(servingPid(), before);
  EXPECT_NE(metricsText().find("firebreak_http_child_restarts_total 1"), std::string::npos);
}

TEST(HttpServerTest, AHeaderFloodKillsOnlyTheServingProcessWhichComesBack) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "no memory limit under the sanitizers, which reserve terabytes";
#endif
  const int port = freePort();
  const auto server = startOn(port, healthy());
  ASSERT_NE(server, nullptr);
  const int before = servingPid();
  ASSERT_GT(before, 0);
  constexpr size_t kFlood = size_t{50} * 1024 * 1024;
  EXPECT_LT(floodHeader(port, kFlood), kFlood) << "the server took it all";
  EXPECT_EQ(getUntil(port, "/healthz", 200).status, 200);
  EXPECT_NE(servingPid(), before);
}

TEST(HttpServerTest, TheServingProcessHasNoEnvironmentNoFilesAndALimit) {
  setenv("FB_TEST_CREDENTIAL", "present", 1);
  const HeldPort other;  // a descriptor that must not be handed down
  const int port = freePort();
  const auto server = startOn(port, healthy());
  ASSERT_NE(server, nullptr);
  const std::filesystem::path proc = "/proc/" + std::to_string(servingPid());
  std::stringstream status;
  status << std::ifstream(proc / "status").rdbuf();
  const std::string text = status.str();
  EXPECT_NE(text.find("NoNewPrivs:\t1"), std::string::npos);
  EXPECT_NE(text.find("Seccomp:\t2"), std::string::npos);
  std::set<std::string> sockets;
  for (const auto& fd : std::filesystem::directory_iterator(proc / "fd")) {
    std::error_code gone;
    const std::string target = std::filesystem::read_symlink(fd.path(), gone);
    if (target.starts_with("socket:")) sockets.insert(target);
    EXPECT_FALSE(std::stoi(fd.path().filename()) > 2 && target.starts_with("/")) << target;
  }
  const std::string held =
      std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(other.fd));
  EXPECT_EQ(sockets.count(held), 0U);
}

TEST(HttpServerTest, NamesTheAddressThatItCannotServeOn) {
  const HeldPort taken;
  const std::string address = "127.0.0.1:" + std::to_string(taken.port);
  const auto server = HttpServer::start({.address = address});
  ASSERT_FALSE(server.has_value());
  EXPECT_NE(server.error().message.find(address), std::string::npos) << server.error().message;
}

TEST(HttpServerTest, LeavesNoProcessBehind) {
  const int port = freePort();
  auto server = startOn(port, healthy());
  ASSERT_NE(server, nullptr);
  const int serving = servingPid();
  ASSERT_GT(serving, 0);
  server.reset();
  EXPECT_TRUE(childrenOf(getpid()).empty());
  const auto until = std::chrono::steady_clock::now() + 10s;
  while (kill(serving, 0) == 0 && std::chrono::steady_clock::now() < until)
    std::this_thread::yield();
  EXPECT_NE(kill(serving, 0), 0);
}

}  // namespace
}  // namespace firebreak
