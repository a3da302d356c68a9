// Secrets that another controller writes: cert-manager's and External Secrets', each played by the test
// with real certificates.
#include <gtest/gtest.h>

#include "remediate/plan/secrets.h"
#include "remediate/rotate/source_rotators.h"
#include "support/rotation_driver.h"
#include "support/test_pki.h"

namespace firebreak::rotate {
namespace {

using firebreak::testing::MemorySecretStore;
using firebreak::testing::RotationDriver;

// One Certificate or ExternalSecret, and what was asked of it.
class Source : public ClusterAccess {
 public:
  Result<std::string> userOf(const SecretValue&) override {
    return fail(ErrorCode::kInternal, "not asked here");
  }
  Result<nlohmann::json> get(const ApiKind& kind, const std::string&, const std::string&) override {
    asked = kind.kind;
    return object;
  }
  Status merge(const ApiKind& kind, const std::string&, const std::string& name,
               const std::string& subresource, const nlohmann::json& patch) override {
    patches.push_back({{"kind", kind.kind}, {"name", name}, {"sub", subresource}, {"patch", patch}});
    object.merge_patch(patch);
    return {};
  }
  std::string asked;
  nlohmann::json object;
  nlohmann::json patches = nlohmann::json::array();
};

class SourceRotation : public ::testing::Test {
 protected:
  SourceRotation() { driver.cluster = &source; }

  void secret(const std::string& type, const std::map<std::string, std::string>& data,
              const Json& metadata) {
    StoredSecret secret;
    secret.meta.ns = "shop";
    secret.meta.name = "web";
    secret.meta.uid = "uid-secret";
    secret.type = type;
    target.secret = {{"metadata", metadata}, {"type", type}, {"keys", Json::object()}};
    target.secret["metadata"].update({{"namespace", "shop"}, {"name", "web"}, {"uid", "uid-secret"}});
    for (const auto& [key, value] : data) {
      secret.data.emplace(key, SecretValue(value));
      target.secret["keys"][key] = value.size();
    }
    driver.store.put(secret);
  }
  void plan(Json entry) {
    entry.update({{"name", "r"}, {"namespace", "shop"}, {"secret", "web"}});
    target.rotator = remediate::rotatorEntryFor(Json::array({entry}), "shop", "web");
    target.remediationName = "exposed-secret-web-1";
    target.remediationUid = "uid-remediation";
    target.source = source.object;
    driver.plan = remediate::planRotation(target);
  }
  void certificate(const std::string& rotationPolicy, bool isCA = false) {
    source.object = {{"metadata", {{"name", "web-cert"}, {"resourceVersion", "7"}, {"generation", 3}}},
                     {"spec", {{"isCA", isCA}, {"privateKey", Json::object()}}},
                     {"status", {{"conditions", Json::array({{{"type", "Ready"}, {"status", "True"}}})}}}};
    if (!rotationPolicy.empty()) {
      source.object["spec"]["privateKey"]["rotationPolicy"] = rotationPolicy;
    }
    TestIdentity old = authority.issue("web");
    secret("kubernetes.io/tls", {{"tls.crt", old.certPem}, {"tls.key", old.keyPem}},
           {{"annotations", {{"cert-manager.io/certificate-name", "web-cert"}}}});
    plan({{"type", "TLS"}});
  }

  void externalSecret(const Json& spec) {
    source.object = {{"metadata", {{"name", "web-es"}}}, {"spec", spec}};
    secret("Opaque", {{"password", "exposed-one"}},
           {{"ownerReferences",
             Json::array({{{"apiVersion", "external-secrets.io/v1"},
                           {"kind", "ExternalSecret"},
                           {"name", "web-es"}}})}});
    plan({{"type", "ExternalSecret"}, {"keys", Json::array({"password"})}});
  }

  TestAuthority authority{"the test's"};
  Source source;
  RotationDriver driver;
  remediate::RotationTarget target;
};

TEST_F(SourceRotation, CertManagerIsAskedAndAnotherPublicKeyIsTheProof) {
  certificate("Always");
  ASSERT_EQ(driver.names(), (std::vector<std::string>{"stage", "renew", "remove-staging"}))
      << driver.plan.externalAction;
  EXPECT_EQ(driver.step("renew").reversal, Reversal::kIrreversible);
  ASSERT_TRUE(driver.drive("stage")) << driver.said;
  EXPECT_FALSE(driver.drive("renew"));  // nobody has issued anything yet
  // Asked once, not at each try: the condition stands.
  ASSERT_EQ(source.patches.size(), 1u);
  EXPECT_EQ(source.patches[0]["sub"], "status");
  EXPECT_EQ(source.patches[0]["patch"]["metadata"]["resourceVersion"], "7");
  const auto& conditions = source.patches[0]["patch"]["status"]["conditions"];
  ASSERT_EQ(conditions.size(), 2u);
  EXPECT_EQ(conditions[1]["type"], "Issuing");
  EXPECT_EQ(conditions[1]["status"], "True");

  TestIdentity fresh = authority.issue("web");
  driver.store.overwrite("shop", "web", "tls.crt", fresh.certPem);
  driver.store.overwrite("shop", "web", "tls.key", fresh.keyPem);
  ASSERT_TRUE(driver.drive("renew")) << driver.said;
  RotationContext context{driver.store, systemRandom(), systemClock(), &source};
  auto seen = certificateRotator().observe(driver.step("renew"), context);
  ASSERT_TRUE(seen.has_value());
  EXPECT_NE(seen->message.find("stays valid until"), std::string::npos);
  EXPECT_NE(seen->message.find("unless the CA revokes it"), std::string::npos);
  ASSERT_TRUE(driver.drive("remove-staging")) << driver.said;
  EXPECT_EQ(driver.store.names(), (std::vector<std::string>{"web"}));
  // A restarted operator sees that all of it is done.
  EXPECT_TRUE(driver.drive("stage") && driver.drive("renew") && driver.drive("remove-staging"));
  EXPECT_EQ(source.patches.size(), 1u);
}

TEST_F(SourceRotation, ARenewalThatKeepsTheKeyIsNoProof) {
  certificate("Always");
  ASSERT_TRUE(driver.drive("stage"));
  EXPECT_FALSE(driver.drive("renew"));
  EXPECT_FALSE(driver.drive("remove-staging"));
  EXPECT_EQ(driver.store.names().size(), 2u);
}

TEST_F(SourceRotation, RotationPolicyNeverIsForAPerson) {
  for (const char* policy : {"Never", ""}) {
    certificate(policy);
    EXPECT_TRUE(driver.plan.steps.empty());
    EXPECT_NE(driver.plan.externalAction.find("rotationPolicy: Always"), std::string::npos)
        << driver.plan.externalAction;
  }
}

TEST_F(SourceRotation, ACaIsNeverRenewed) {
  certificate("Always", true);
  EXPECT_TRUE(driver.plan.steps.empty());
  EXPECT_NE(driver.plan.externalAction.find("is a CA"), std::string::npos);
}

TEST_F(SourceRotation, ACertificateThatNobodyRenewsIsForAPerson) {
  secret("kubernetes.io/tls", {{"tls.crt", "c"}, {"tls.key", "k"}}, Json::object());
  plan({{"type", "TLS"}});
  EXPECT_TRUE(driver.plan.steps.empty());
  EXPECT_NE(driver.plan.externalAction.find("does not come from"), std::string::npos);
}

TEST_F(SourceRotation, AnExternalSecretIsSyncedUntilTheStoreHasAnotherValue) {
  externalSecret({{"refreshInterval", "1h0m0s"}});
  ASSERT_EQ(driver.names(), (std::vector<std::string>{"stage", "sync", "remove-staging"}))
      << driver.plan.externalAction;
  ASSERT_TRUE(driver.drive("stage"));
  EXPECT_FALSE(driver.drive("sync"));
  EXPECT_NE(driver.said.find("rotate it there"), std::string::npos);
  EXPECT_EQ(source.patches[0]["name"], "web-es");
  EXPECT_TRUE(source.patches[0]["patch"]["metadata"]["annotations"].contains("force-sync"));
  driver.store.overwrite("shop", "web", "password", "another-one");
  EXPECT_TRUE(driver.drive("sync") && driver.drive("remove-staging")) << driver.said;
  EXPECT_EQ(driver.store.names(), (std::vector<std::string>{"web"}));
  EXPECT_EQ(driver.toldSoFar().find("exposed-one"), std::string::npos);
}

TEST_F(SourceRotation, AnExternalSecretThatIsNeverSyncedAgainIsForAPerson) {
  for (const Json& spec : {Json::object({{"refreshPolicy", "CreatedOnce"}}),
                           Json::object({{"refreshInterval", "0s"}}),
                           Json::object({{"refreshPolicy", "Periodic"}, {"refreshInterval", "0h0m0s"}})}) {
    externalSecret(spec);
    EXPECT_TRUE(driver.plan.steps.empty()) << spec;
    EXPECT_NE(driver.plan.externalAction.find("spec.refreshPolicy: OnChange"), std::string::npos)
        << driver.plan.externalAction;
  }
  for (const Json& spec : {Json::object({{"refreshPolicy", "OnChange"}, {"refreshInterval", "0s"}}),
                           Json::object({{"refreshInterval", "10m0s"}}), Json::object()}) {
    externalSecret(spec);
    EXPECT_FALSE(driver.plan.steps.empty()) << spec << driver.plan.externalAction;
  }
}

TEST_F(SourceRotation, AnExternalSecretThatIsNotThereIsForAPerson) {
  externalSecret(Json::object());
  source.object = Json();
  plan({{"type", "ExternalSecret"}, {"keys", Json::array({"password"})}});
  EXPECT_TRUE(driver.plan.steps.empty());
  EXPECT_NE(driver.plan.externalAction.find("ExternalSecret web-es cannot be read"), std::string::npos)
      << driver.plan.externalAction;
}

TEST_F(SourceRotation, WhatAnotherSourceWritesStaysForAPerson) {
  secret("Opaque", {{"password", "x"}}, {{"labels", {{"helm.toolkit.fluxcd.io/name", "web"}}}});
  plan({{"type", "ExternalSecret"}, {"keys", Json::array({"password"})}});
  EXPECT_TRUE(driver.plan.steps.empty());
  EXPECT_NE(driver.plan.externalAction.find("Flux"), std::string::npos);
}

}  // namespace
}  // namespace firebreak::rotate
