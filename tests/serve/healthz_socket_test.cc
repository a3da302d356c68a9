#include "serve/healthz_socket.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>

#include "serve/http_server.h"

namespace firebreak {
namespace {

using namespace std::chrono_literals;

std::string ownName(const char* test) {
  return std::string("firebreak-test-") + test + "-" + std::to_string(getpid());
}

TEST(HealthzSocketTest, AnswersOkOrTheProblem) {
  const std::string name = ownName("answers");
  std::atomic<bool> turns = true;
  const auto socket = HealthzSocket::start(
      name, [&] { return std::string(turns ? "" : "the main loop does not turn"); });
  ASSERT_TRUE(socket.has_value());
  EXPECT_TRUE(askHealthz(name, 5000ms).has_value());
  turns = false;
  const Status refused = askHealthz(name, 5000ms);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().message, "the main loop does not turn");
}

TEST(HealthzSocketTest, SaysThatNobodyIsThere) {
  const Status refused = askHealthz(ownName("nobody"), 100ms);
  ASSERT_FALSE(refused.has_value());
  EXPECT_NE(refused.error().message.find("no operator"), std::string::npos);
}

TEST(HealthzSocketTest, RefusesANameThatIsTaken) {
  const std::string name = ownName("taken");
  const auto first = HealthzSocket::start(name, [] { return std::string(); });
  ASSERT_TRUE(first.has_value());
  EXPECT_FALSE(HealthzSocket::start(name, [] { return std::string(); }).has_value());
}

TEST(HealthzSocketTest, TheServerAnswersProbesWithoutAnHttpPort) {
  const std::string name = ownName("server");
  const auto server = HttpServer::start({.address = "", .healthzSocket = name});
  ASSERT_TRUE(server.has_value());
  EXPECT_TRUE(askHealthz(name, 5000ms).has_value());
  (*server)->setCallbacks({.alive = [] { return false; }});
  EXPECT_FALSE(askHealthz(name, 5000ms).has_value());
}

}  // namespace
}  // namespace firebreak
