// What the operator finds exposed in live objects: Secrets that a person marked, literals in what a
// person wrote. Nothing that is found holds a value.
#include "control/exposure_sweep.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "base/digest.h"
#include "support/fake_clock.h"
#include "support/fake_transport.h"

namespace firebreak::control {
namespace {

constexpr const char* kValue = "value-of-the-marked-secret";

Json markedSecret(const char* name, bool marked) {
  Json secret = {{"metadata", {{"name", name}, {"namespace", "shop"}, {"uid", name}}},
                 {"type", "Opaque"},
                 {"data", {{"token", base64Encode(kValue)}}}};
  if (marked) {
    secret["metadata"]["annotations"] = {{"firebreak.dev/exposed", "pasted into a ticket"}};
  }
  return secret;
}

// A token of a provider's form, made at run time.
std::string token() {
  return std::string("gl") + "pat-" + hexEncode(randomBytes(10)).substr(0, 20);
}

class Sweep : public ::testing::Test {
 protected:
  Sweep() {
    transport.onSend([this](const kube::HttpRequest& request) -> kube::TransportResult {
      std::string path = request.path.substr(0, request.path.find('?'));
      asked.push_back(path);
      accepted.push_back(request.accept);
      auto found = answers.find(path);
      if (found == answers.end()) return respond(200, R"({"items":[]})");
      return found->second.is_null() ? respond(403, R"({"kind":"Status","code":403})")
                                     : respond(200, found->second.dump());
    });
    policy.secrets.rotators =
        Json::array({{{"name", "r"}, {"namespace", "shop"}, {"secret", "listed"}},
                     {{"name", "s"}, {"namespace", "other"}, {"secret", "elsewhere"}}});
  }
  void expectNoValue(const std::vector<Exposed>& all, const std::string& value) {
    for (const Exposed& exposed : all) {
      for (const Finding& finding : exposed.findings) {
        std::string text = finding.message + finding.fieldPath;
        for (const Evidence& evidence : finding.evidence) text += evidence.detail;
        EXPECT_EQ(text.find(value), std::string::npos);
      }
    }
  }

  FakeTransport transport;
  kube::Client client{transport};
  FakeClock clock;
  ExposureSweep sweep{client, clock};
  SecurityPolicy policy;
  std::map<std::string, Json> answers;  // null = forbidden
  std::vector<std::string> asked, accepted;
};

TEST_F(Sweep, FindsWhatAPersonMarked) {
  answers["/api/v1/namespaces/shop/secrets"] = {
      {"items", Json::array({markedSecret("a", true), markedSecret("b", false)})}};
  auto found = sweep.marked("shop", policy);
  ASSERT_TRUE(found.has_value());
  ASSERT_EQ(found->size(), 1U);
  EXPECT_EQ(found->front().target, (ObjectRef{"v1", "Secret", "shop", "a", "a"}));
  EXPECT_EQ(found->front().findings.front().rule, "marked-exposed");
  expectNoValue(*found, kValue);
  // The values of all the others are not even asked for.
  ASSERT_EQ(accepted.size(), 1U);
  EXPECT_NE(accepted.front().find("as=PartialObjectMetadataList"), std::string::npos);
}

TEST_F(Sweep, WhereItMayNotListItReadsWhatThePolicyNames) {
  answers["/api/v1/namespaces/shop/secrets"] = Json();
  answers["/api/v1/namespaces/shop/secrets/listed"] = markedSecret("listed", true);
  for (int round = 0; round < 3; ++round) {
    auto found = sweep.marked("shop", policy);
    ASSERT_TRUE(found.has_value()) << found.error().message;
    ASSERT_EQ(found->size(), 1U);
    EXPECT_EQ(found->front().target.name, "listed");
  }
  // A refusal is not asked for again at once.
  EXPECT_EQ(std::count(asked.begin(), asked.end(), "/api/v1/namespaces/shop/secrets"), 1);
  clock.advance(std::chrono::minutes(11));
  ASSERT_TRUE(sweep.marked("shop", policy).has_value());
  EXPECT_EQ(std::count(asked.begin(), asked.end(), "/api/v1/namespaces/shop/secrets"), 2);
}

TEST_F(Sweep, ARefusalEverywhereIsNoFindingAndNoError) {
  answers["/api/v1/namespaces/shop/secrets"] = Json();
  answers["/api/v1/namespaces/shop/secrets/listed"] = Json();
  auto found = sweep.marked("shop", policy);
  ASSERT_TRUE(found.has_value());
  EXPECT_TRUE(found->empty());
}

TEST_F(Sweep, FindsCertainLiteralsAtTheirTopmostOwner) {
  std::string value = token();
  Json spec = {{"containers",
                Json::array({{{"name", "main"},
                              {"env", Json::array({{{"name", "T"}, {"value", value}},
                                                   {{"name", "DB_PASSWORD"},
                                                    {"value", "Kq7vN2xLr8TzWm4B"}}})}}})}};
  answers["/apis/apps/v1/namespaces/shop/deployments"] = {
      {"items", Json::array({{{"metadata", {{"name", "web"}, {"namespace", "shop"}, {"uid", "u1"}}},
                              {"spec", {{"template", {{"spec", spec}}}}}}})}};
  answers["/api/v1/namespaces/shop/pods"] = {
      {"items",
       Json::array({{{"metadata",
                      {{"name", "web-1"},
                       {"namespace", "shop"},
                       {"uid", "u2"},
                       {"ownerReferences", Json::array({{{"kind", "ReplicaSet"}, {"controller", true}}})}}},
                     {"spec", spec}},
                    {{"metadata", {{"name", "bare"}, {"namespace", "shop"}, {"uid", "u3"}}},
                     {"spec", spec}}})}};
  answers["/api/v1/namespaces/shop/configmaps"] = {
      {"items",
       Json::array({{{"metadata", {{"name", "settings"}, {"namespace", "shop"}, {"uid", "u4"}}},
                     {"data", {{"app.env", "TOKEN=" + value + "\n"}}}},
                    {{"metadata", {{"name", "plain"}, {"namespace", "shop"}, {"uid", "u5"}}},
                     {"data", {{"a", "b"}}}}})}};
  auto found = sweep.literals("shop", true);
  ASSERT_TRUE(found.has_value()) << found.error().message;
  std::vector<std::string> targets;
  for (const Exposed& exposed : *found) {
    targets.push_back(exposed.target.kind + "/" + exposed.target.name + "/" + exposed.target.uid);
    // A password that only its name gives away is not acted on.
    EXPECT_EQ(exposed.findings.size(), 1U);
    EXPECT_EQ(exposed.findings.front().tier, Tier::kRemediate);
  }
  EXPECT_EQ(targets, (std::vector<std::string>{"Deployment/web/u1", "Pod/bare/u3",
                                               "ConfigMap/settings/u4"}));
  expectNoValue(*found, value);
}

TEST_F(Sweep, ReadsNoPodsWhereAllHaveAnOwner) {
  ASSERT_TRUE(sweep.literals("shop", false).has_value());
  EXPECT_EQ(std::count(asked.begin(), asked.end(), "/api/v1/namespaces/shop/pods"), 0);
  EXPECT_EQ(std::count(asked.begin(), asked.end(), "/api/v1/namespaces/shop/configmaps"), 1);
}

}  // namespace
}  // namespace firebreak::control
