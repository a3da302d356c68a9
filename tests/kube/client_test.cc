// The client's requests, retries and messages.
#include "kube/client.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "kube/request_queue.h"
#include "kube/retry_policy.h"
#include "support/fake_transport.h"

namespace firebreak::kube {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

std::string statusBody(int code, const std::string& reason, const std::string& message,
                       const Json& details = Json::object()) {
  return Json{{"kind", "Status"},
              {"code", code},
              {"reason", reason},
              {"message", message},
              {"details", details}}
      .dump();
}

// Answers with each of `answers` in turn, the last one for ever.
void script(FakeTransport& transport, std::vector<TransportResult> answers) {
  auto at = std::make_shared<size_t>(0);
  transport.onSend([answers = std::move(answers), at](const HttpRequest&) {
    return answers[std::min((*at)++, answers.size() - 1)];
  });
}

TransportResult lost(Sent sent) {
  return tl::unexpected(TransportError{Error{ErrorCode::kUnavailable, "cut", 0, {}}, sent});
}

TEST(ClientTest, WaitsAsLongAsTheServerAsksOnEveryVerb) {
  for (const int status : {429, 503}) {
    FakeTransport transport;
    script(transport, {respond(status, "", seconds(3)), respond(201, "{}")});
    Client client(transport);
    EXPECT_TRUE(client.create(kConfigMaps, "shop", Json::object()));
    ASSERT_EQ(transport.delays.size(), 1u);
    EXPECT_EQ(transport.delays[0], seconds(3));
  }
}

TEST(ClientTest, TellsTheCallerWhereTheServerAsksForTooLong) {
  FakeTransport transport;
  script(transport, {respond(429, "", seconds(60))});
  Client client(transport);
  auto answer = client.get(kPods, "shop", "web");
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::kTooManyRequests);
  EXPECT_EQ(answer.error().retryAfter, seconds(60));
  EXPECT_EQ(transport.requests.size(), 1u);
}

TEST(ClientTest, ReadsTheCredentialsAgainOnceAfterA401) {
  FakeTransport transport;
  script(transport, {respond(401, ""), respond(200, "{}")});
  Client client(transport);
  EXPECT_TRUE(client.get(kPods, "shop", "web"));
  EXPECT_EQ(transport.renewals, 1);

  FakeTransport stubborn;
  script(stubborn, {respond(401, statusBody(401, "Unauthorized", "Unauthorized"))});
  Client refused(stubborn);
  auto answer = refused.get(kPods, "shop", "web");
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::kUnauthorized);
  EXPECT_EQ(stubborn.renewals, 1);
  EXPECT_EQ(stubborn.requests.size(), 2u);
}

TEST(ClientTest, SendsAWriteAgainOnlyWhereItSurelyDidNotArriveOrDoesNoHarm) {
  const Json body = Json::object();
  const struct {
    const char* what;
    std::function<bool(Client&)> run;
    bool repeatsAfterCut;
  } cases[] = {
      {"get", [](Client& c) { return c.get(kPods, "a", "b").has_value(); }, true},
      {"create", [&](Client& c) { return c.create(kPods, "a", body).has_value(); }, false},
      {"create under a name",
       [](Client& c) {
         return c.create(kPods, "a", {{"metadata", {{"name", "b"}}}}).has_value();
       },
       true},
      {"json patch",
       [&](Client& c) { return c.patch(kPods, "a", "b", PatchKind::kJson, body).has_value(); },
       false},
      {"apply",
       [&](Client& c) { return c.patch(kPods, "a", "b", PatchKind::kApply, body).has_value(); },
       true},
      {"delete", [](Client& c) { return c.remove(kPods, "a", "b").has_value(); }, false},
      {"delete by uid",
       [](Client& c) {
         return c.remove(kPods, "a", "b", {"u", ""}).has_value();
       },
       true},
      {"evict", [](Client& c) { return c.evict("a", "b").has_value(); }, false},
  };
  for (const auto& c : cases) {
    FakeTransport cut;
    script(cut, {lost(Sent::kMaybe), respond(200, "{}")});
    Client first(cut);
    EXPECT_EQ(c.run(first), c.repeatsAfterCut) << c.what;
    FakeTransport never;
    script(never, {lost(Sent::kNo), respond(200, "{}")});
    Client second(never);
    EXPECT_TRUE(c.run(second)) << c.what;
  }
}

TEST(ClientTest, NeverRepeatsAConflict) {
  FakeTransport transport;
  script(transport, {respond(409, statusBody(409, "Conflict", "the object has been modified"))});
  Client client(transport);
  auto answer = client.replace(kLeases, "a", "b", Json::object());
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::kConflict);
  EXPECT_EQ(answer.error().httpStatus, 409);
  EXPECT_EQ(transport.requests.size(), 1u);
}

TEST(ClientTest, DoesNotTakeADisruptionBudgetForThrottling) {
  FakeTransport transport;
  script(transport, {respond(429, statusBody(429, "TooManyRequests", "Cannot evict pod",
                                             {{"causes",
                                               {{{"reason", "DisruptionBudget"},
                                                 {"message", "needs 2 healthy pods"}}}}}))});
  Client client(transport);
  auto answer = client.evict("shop", "web");
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::kTooManyRequests);
  EXPECT_NE(answer.error().message.find("needs 2 healthy pods"), std::string::npos);
  EXPECT_EQ(transport.requests.size(), 1u);
}

TEST(ClientTest, GivesUpAfterItsAttempts) {
  FakeTransport transport;
  script(transport, {lost(Sent::kNo)});
  Client client(transport);
  auto answer = client.get(kPods, "shop", "web");
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().message, "get Pod shop/web: cut");
  EXPECT_EQ(transport.requests.size(), 4u);
  EXPECT_EQ(transport.delays,
            (std::vector{milliseconds(100), milliseconds(200), milliseconds(400)}));
}

TEST(ClientTest, ShowsTheCausesOfA422) {
  FakeTransport transport;
  script(transport,
         {respond(422, statusBody(422, "Invalid", "Pod \"x\" is invalid",
                                  {{"causes",
                                    {{{"field", "spec.x"}, {"message", "Required value"}},
                                     {{"field", "spec.y"}, {"message", "Too long"}}}}}))});
  Client client(transport);
  auto answer = client.create(kPods, "shop", {{"metadata", {{"name", "x"}}}});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().message,
            "create Pod shop/x: Pod \"x\" is invalid; spec.x: Required value; spec.y: Too long");
}

TEST(ClientTest, TakesAnAnswerThatIsNoStatusAsItComes) {
  FakeTransport transport;
  script(transport, {respond(502, "<html>Bad gateway</html>")});
  Client client(transport, {seconds(1), 1, seconds(1)});
  auto answer = client.get(kNodes, "", "n");
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(answer.error().message, "get Node n: HTTP 502; try again later");
  script(transport, {respond(200, "<html>")});
  EXPECT_FALSE(client.get(kNodes, "", "n"));
}

TEST(ClientTest, SendsWhatEachVerbNeeds) {
  FakeTransport transport;
  script(transport, {respond(200, "{}")});
  Client client(transport);
  PatchOptions options;
  options.subresource = "status";
  options.force = true;
  options.fieldManager = "firebreak/x";
  EXPECT_TRUE(client.patch(kRemediations, "", "r", PatchKind::kApply, Json::object(), options));
  EXPECT_TRUE(client.remove(kPods, "shop", "web", {"u", "7"}));
  EXPECT_TRUE(client.evict("shop", "web", {"u", ""}));
  EXPECT_TRUE(client.list(kPods, "", {"a=b,c!=d", "spec.nodeName=n"}));
  ASSERT_EQ(transport.requests.size(), 4u);
  EXPECT_EQ(transport.requests[0].method, "PATCH");
  EXPECT_EQ(transport.requests[0].path,
            "/apis/firebreak.dev/v1alpha1/remediations/r/status?fieldManager=firebreak%2Fx&force="
            "true");
  EXPECT_EQ(transport.requests[0].contentType, "application/apply-patch+yaml");
  EXPECT_EQ(transport.requests[1].method, "DELETE");
  EXPECT_EQ(Json::parse(transport.requests[1].body)["preconditions"],
            (Json{{"uid", "u"}, {"resourceVersion", "7"}}));
  EXPECT_EQ(transport.requests[2].path,
            "/api/v1/namespaces/shop/pods/web/eviction?fieldManager=firebreak");
  EXPECT_EQ(Json::parse(transport.requests[2].body)["deleteOptions"]["preconditions"],
            (Json{{"uid", "u"}}));
  EXPECT_EQ(
      transport.requests[3].path,
      "/api/v1/pods?limit=500&labelSelector=a%3Db%2Cc%21%3Dd&fieldSelector=spec.nodeName%3Dn");
}

// The API server compares a `test` with its own text, in which these are escaped.
TEST(ClientTest, EscapesAJsonPatchAsTheServersTextIs) {
  FakeTransport transport;
  script(transport, {respond(200, "{}")});
  Client client(transport);
  Json body = {{{"op", "test"}, {"path", "/metadata/annotations/a"}, {"value", "<a & b>"}}};
  EXPECT_TRUE(client.patch(kPods, "shop", "web", PatchKind::kJson, body));
  const std::string& sent = transport.requests.at(0).body;
  EXPECT_NE(sent.find("\\u003ca \\u0026 b\\u003e"), std::string::npos) << sent;
  EXPECT_EQ(Json::parse(sent), body);
}

TEST(ClientTest, StartsAListAgainWhenItsContinueTokenExpired) {
  FakeTransport transport;
  const std::string one = R"({"metadata":{"continue":"t1"},"items":[{"a":1}]})";
  const std::string two = R"({"metadata":{"resourceVersion":"9"},"items":[{"a":2}]})";
  script(transport, {respond(200, one), respond(410, statusBody(410, "Expired", "too old")),
                     respond(200, one), respond(200, two)});
  Client client(transport);
  auto list = client.list(kPods, "shop");
  ASSERT_TRUE(list) << list.error().message;
  EXPECT_EQ((*list)["items"], (Json{{{"a", 1}}, {{"a", 2}}}));
  EXPECT_NE(transport.requests[3].path.find("continue=t1"), std::string::npos);
}

TEST(ClientTest, VisitsEachObjectOfEveryPage) {
  FakeTransport transport;
  const std::string one = R"({"kind":"PodList","apiVersion":"v1","metadata":{"continue":"t 1"},"items":[{"a":1},{"a":2}]})";
  const std::string two = R"({"kind":"PodList","apiVersion":"v1","metadata":{},"items":[{"a":3}]})";
  script(transport, {respond(200, one), respond(200, two)});
  Client client(transport);
  std::vector<Json> seen;
  auto visited = client.visit(kPods, "shop", [&](std::string_view text) { seen.push_back(Json::parse(text)); });
  ASSERT_TRUE(visited) << visited.error().message;
  ASSERT_EQ(seen.size(), 3U);
  EXPECT_EQ(seen[2], (Json{{"kind", "Pod"}, {"apiVersion", "v1"}, {"a", 3}}));
  EXPECT_NE(transport.requests[1].path.find("continue=t%201"), std::string::npos);
}

TEST(ClientTest, AVisitThatIsCutSaysSo) {
  FakeTransport transport;
  script(transport, {respond(200, R"({"kind":"PodList","apiVersion":"v1","metadata":{},"items":[{"a":1},{"b":)"),
                     respond(410, statusBody(410, "Expired", "too old"))});
  Client client(transport);
  auto cut = client.visit(kPods, "shop", [](std::string_view) {});
  ASSERT_FALSE(cut);
  EXPECT_NE(cut.error().message.find("list Pod in shop"), std::string::npos) << cut.error().message;
  auto gone = client.visit(kPods, "shop", [](std::string_view) {});
  ASSERT_FALSE(gone);
  EXPECT_EQ(gone.error().code, ErrorCode::kGone);
}

TEST(RequestQueueTest, LetsRemediationsGoFirstAndKeepsRoomForThem) {
  RequestQueue<int> queue(8);
  for (int i = 0; i < 20; ++i) queue.push(Priority::kEvent, i);
  for (int i = 0; i < 20; ++i) queue.push(Priority::kRead, 100 + i);
  std::vector<int> left;
  while (auto next = queue.pop()) left.push_back(next->second);
  EXPECT_EQ(left, (std::vector{100, 101, 102, 103, 104, 105})) << "reads take 6 of 8 at most";
  queue.push(Priority::kStatus, 500);
  queue.push(Priority::kStatus, 501);
  queue.push(Priority::kRemediation, 1000);
  EXPECT_EQ(queue.pop()->second, 1000);
  EXPECT_EQ(queue.pop()->second, 500);
  EXPECT_FALSE(queue.pop()) << "all 8 are under way";
  queue.finished(Priority::kRemediation);
  EXPECT_FALSE(queue.pop()) << "the last one is for remediations";
  queue.push(Priority::kRemediation, 1001);
  EXPECT_EQ(queue.pop()->second, 1001);
}

TEST(RequestQueueTest, LimitsEventsToAnEighth) {
  RequestQueue<int> queue(32);
  for (int i = 0; i < 20; ++i) queue.push(Priority::kEvent, i);
  int count = 0;
  while (queue.pop()) ++count;
  EXPECT_EQ(count, 4);
}

}  // namespace
}  // namespace firebreak::kube
