// The Webhook rotator against a real TLS server: what is sent, what is believed, and what a wrong
// certificate, errors, slowness and garbage do.
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <set>

#include "base/digest.h"
#include "remediate/plan/secrets.h"
#include "support/rotation_driver.h"
#include "support/webhook_server.h"

namespace firebreak::rotate {
namespace {

using firebreak::testing::RotationDriver;
using firebreak::testing::WebhookServer;
using Crash = firebreak::testing::MemorySecretStore::Crash;

constexpr const char* kOld = "old-credential-of-the-test";
constexpr const char* kNew = "new-credential-of-the-test";
constexpr const char* kHmac = "hmac-key-of-the-test";

class WebhookRotation : public ::testing::Test {
 protected:
  // The program at the other end: idempotent by the header, as it must be.
  std::string play(const WebhookServer::Request& request) {
    Json body = Json::parse(request.body, nullptr, false);
    std::string action = body.value("action", "");
    ++asked_[action];
    if (!scripted_.empty()) {
      std::string answer = scripted_.front();
      scripted_.erase(scripted_.begin());
      return answer;
    }
    keys_.insert(request.headers.at("idempotency-key"));
    Json answer = {{"state", action == "create"   ? "Ready"
                             : action == "revoke" ? "Revoked"
                                                  : "Discarded"}};
    if (action == "create") answer["values"] = {{"token", base64Encode(kNew)}};
    return WebhookServer::answer(200, answer.dump());
  }

  void SetUp() override {
    server_ = std::make_unique<WebhookServer>([this](const auto& request) { return play(request); });
    put(server_->certificate());
    StoredSecret secret;
    secret.meta.ns = "shop";
    secret.meta.name = "api";
    secret.meta.uid = "uid-secret";
    secret.data.emplace("token", SecretValue(kOld));
    driver.store.put(secret);
    remediate::RotationTarget target;
    target.secret = {{"metadata", {{"namespace", "shop"}, {"name", "api"}, {"uid", "uid-secret"}}},
                     {"type", "Opaque"},
                     {"keys", {{"token", 26}}}};
    target.rotator = remediate::rotatorEntryFor(
        Json::array({{{"name", "api"},
                      {"type", "Webhook"},
                      {"namespace", "shop"},
                      {"secret", "api"},
                      {"keys", {"token"}},
                      {"webhook",
                       {{"url", server_->url()},
                        {"caRef", {{"name", "webhook"}, {"key", "ca"}}},
                        {"hmacRef", {{"name", "webhook"}, {"key", "hmac"}}}}}}}),
        "shop", "api");
    target.operatorNamespace = "firebreak-system";
    target.remediationName = "exposed-secret-api-1";
    target.remediationUid = "uid-remediation";
    driver.plan = remediate::planRotation(target);
    ASSERT_EQ(driver.names(),
              (std::vector<std::string>{"stage", "write", "revoke", "remove-staging"}))
        << driver.plan.externalAction;
  }
  void TearDown() override {
    std::string all = driver.toldSoFar();
    for (const char* value : {kOld, kNew, kHmac}) {
      EXPECT_EQ(all.find(value), std::string::npos) << "a value is told";
    }
    for (const auto& request : server_->requests()) {
      for (const char* value : {kOld, kNew, kHmac}) {
        EXPECT_EQ(request.body.find(value), std::string::npos) << "a value is sent";
      }
    }
  }
  void put(const std::string& ca) {
    StoredSecret secret;
    secret.meta.ns = "firebreak-system";
    secret.meta.name = "webhook";
    secret.data.emplace("ca", SecretValue(ca));
    secret.data.emplace("hmac", SecretValue(kHmac));
    driver.store.put(secret);
  }
  std::string value() { return driver.store.at("shop", "api").data.at("token").bytes(); }

  RotationDriver driver;
  std::unique_ptr<WebhookServer> server_;
  std::vector<std::string> scripted_;
  std::map<std::string, int> asked_;
  std::set<std::string> keys_;
};

TEST_F(WebhookRotation, TakesTheNewValueAndHasTheOldOneRevoked) {
  for (const std::string& name : driver.names()) ASSERT_TRUE(driver.drive(name)) << driver.said;
  EXPECT_EQ(value(), kNew);
  EXPECT_EQ(driver.store.names(), (std::vector<std::string>{"webhook", "api"}));
  EXPECT_EQ(asked_, (std::map<std::string, int>{{"create", 1}, {"revoke", 1}}));
  EXPECT_EQ(keys_, std::set<std::string>{"uid-remediation-1"});
  for (const auto& request : server_->requests()) {
    std::string signedText = request.headers.at("firebreak-timestamp") + "." + request.body;
    EXPECT_EQ(request.headers.at("firebreak-signature"),
              "sha256=" + hmacSha256Hex(kHmac, signedText));
  }
}

TEST_F(WebhookRotation, WaitsForWhatIsPending) {
  scripted_ = {WebhookServer::answer(202, R"({"state":"Pending"})"),
               WebhookServer::answer(200, R"({"state":"Pending"})")};
  ASSERT_TRUE(driver.drive("stage")) << driver.said;
  EXPECT_EQ(asked_["create"], 3);
  EXPECT_EQ(keys_.size(), 1U);
}

TEST_F(WebhookRotation, AServerWithAnotherCertificateIsToldNothing) {
  WebhookServer other([](const auto&) { return std::string(); });
  put(other.certificate());
  EXPECT_FALSE(driver.drive("stage"));
  EXPECT_TRUE(server_->requests().empty()) << "a request went to a server that did not prove itself";
  EXPECT_EQ(value(), kOld);
}

TEST_F(WebhookRotation, ErrorsGarbageAndACutAreGoneOnFrom) {
  scripted_ = {WebhookServer::answer(500, "the secret is " + std::string(kNew)), "",
               WebhookServer::answer(503, "")};
  ASSERT_TRUE(driver.drive("stage") || driver.drive("stage")) << driver.said;
  EXPECT_EQ(asked_["create"], 4);
  EXPECT_EQ(keys_.size(), 1U);
}

TEST_F(WebhookRotation, WhatIsNoAnswerChangesNothing) {
  for (const std::string& body :
       {std::string("not json"), std::string("[]"), std::string(R"({"state":"Ready"})"),
        std::string(R"({"state":"Ready","values":{"token":"***"}})"),
        std::string(R"({"state":"Ready","values":{"token":""}})"),
        R"({"state":"Ready","values":{"token":")" + base64Encode(kOld) + R"("}})",
        std::string(R"({"state":"Revoked"})"), std::string(100'000, 'x')}) {
    scripted_ = {WebhookServer::answer(200, body)};
    EXPECT_FALSE(driver.drive("stage")) << body.substr(0, 60);
    EXPECT_EQ(value(), kOld);
    EXPECT_EQ(driver.store.names(), (std::vector<std::string>{"webhook", "api"}));
  }
  for (int status : {301, 400, 401, 404}) {
    scripted_ = {WebhookServer::answer(status, R"({"state":"Ready"})")};
    EXPECT_FALSE(driver.drive("stage")) << status;
  }
}

TEST_F(WebhookRotation, ACrashAtAnyWriteAsksUnderTheSameKey) {
  for (int write = 0; write < 4; ++write) {
    for (Crash how : {Crash::kBeforeWrite, Crash::kAfterWrite}) {
      driver.store.overwrite("shop", "api", "token", kOld);
      StoredSecret fresh = driver.store.at("shop", "api");
      fresh.meta.annotations.clear();
      driver.store.put(fresh);
      driver.store.crashAt(driver.store.writes() + write, how);
      for (const std::string& name : driver.names()) {
        ASSERT_TRUE(driver.drive(name) || driver.drive(name)) << name << ": " << driver.said;
      }
      EXPECT_EQ(value(), kNew);
    }
  }
  EXPECT_EQ(keys_.size(), 1U);
}

TEST_F(WebhookRotation, ARollBackDiscardsTheNewValue) {
  for (const char* name : {"stage", "write"}) ASSERT_TRUE(driver.drive(name));
  for (const char* name : {"write", "stage"}) ASSERT_TRUE(driver.undo(name)) << driver.said;
  EXPECT_EQ(value(), kOld);
  EXPECT_EQ(asked_["discard"], 1);
  EXPECT_EQ(asked_["revoke"], 0);
  EXPECT_EQ(driver.store.names(), (std::vector<std::string>{"webhook", "api"}));
}

}  // namespace
}  // namespace firebreak::rotate
