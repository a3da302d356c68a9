// Credentials that only a provider's name beside them gives away: found under that name, and not
// under another, nor with another value.
#include <gtest/gtest.h>

#include "detect/secrets/named_rules.h"
#include "detect/secrets/sample_maker.h"
#include "detect/secrets/scan_support.h"

namespace firebreak::detect {
namespace {

using firebreak::testing::configMap;
using firebreak::testing::listed;
using firebreak::testing::SampleMaker;
using firebreak::testing::scanObject;
using firebreak::testing::withEnv;

struct Example {
  const char* rule;
  const char* name;
  const char* form;
};

constexpr Example kExamples[] = {
    {"datadog-api-key", "DD_API_KEY", "<h:32>"},
    {"datadog-api-key", "datadog.apiKey", "<h:32>"},
    {"datadog-application-key", "DATADOG_APP_KEY", "<h:40>"},
    {"pagerduty-key", "PAGERDUTY_TOKEN", "<b:20>"},
    {"pagerduty-key", "PAGERDUTY_INTEGRATION_KEY", "<h:32>"},
    {"opsgenie-key", "OPSGENIE_API_KEY", "<h:8>-<h:4>-<h:4>-<h:4>-<h:12>"},
    {"cloudflare-api-token", "CLOUDFLARE_API_TOKEN", "<b:40>"},
    {"cloudflare-global-key", "CF_API_KEY", "<h:37>"},
    {"snyk-token", "SNYK_TOKEN", "<h:8>-<h:4>-<h:4>-<h:4>-<h:12>"},
    {"codecov-token", "CODECOV_TOKEN", "<h:8>-<h:4>-<h:4>-<h:4>-<h:12>"},
    {"splunk-hec-token", "SPLUNK_HEC_TOKEN", "<h:8>-<h:4>-<h:4>-<h:4>-<h:12>"},
    {"consul-token", "CONSUL_HTTP_TOKEN", "<h:8>-<h:4>-<h:4>-<h:4>-<h:12>"},
    {"nomad-token", "NOMAD_TOKEN", "<h:8>-<h:4>-<h:4>-<h:4>-<h:12>"},
    {"heroku-api-key", "HEROKU_API_KEY", "<h:8>-<h:4>-<h:4>-<h:4>-<h:12>"},
    {"scaleway-secret-key", "SCW_SECRET_KEY", "<h:8>-<h:4>-<h:4>-<h:4>-<h:12>"},
    {"postmark-token", "POSTMARK_SERVER_TOKEN", "<h:8>-<h:4>-<h:4>-<h:4>-<h:12>"},
    {"linode-token", "LINODE_TOKEN", "<h:64>"},
    {"hetzner-token", "HCLOUD_TOKEN", "<a:64>"},
    {"algolia-admin-key", "ALGOLIA_ADMIN_KEY", "<h:32>"},
    {"ngrok-token", "NGROK_AUTHTOKEN", "<a:27>_<a:21>"},
    {"vercel-token", "VERCEL_TOKEN", "<a:24>"},
    {"okta-api-token", "OKTA_API_TOKEN", "00<b:40>"},
    {"auth0-client-secret", "AUTH0_CLIENT_SECRET", "<b:64>"},
    {"twilio-token", "TWILIO_AUTH_TOKEN", "<h:32>"},
    {"wandb-key", "WANDB_API_KEY", "<h:40>"},
    {"influxdb-token", "INFLUX_TOKEN", "<b:86>=="},
    {"gitea-token", "GITEA_TOKEN", "<h:40>"},
    {"azure-devops-legacy-token", "AZP_TOKEN", "<q:52>"},
    {"confluent-secret", "KAFKA_API_SECRET", "<s:64>"},
    {"kubeadm-certificate-key", "certificateKey", "<h:64>"},
    {"fernet-key", "AIRFLOW__CORE__FERNET_KEY", "<b:43>="},
    {"launchdarkly-api-token", "LAUNCHDARKLY_API_TOKEN", "api-<h:8>-<h:4>-<h:4>-<h:4>-<h:12>"},
    {"gossip-key", "encrypt", "<s:43>="},
    {"mailgun-api-key", "MG_API_KEY", "<h:32>-<h:8>-<h:8>"},
    {"vault-unseal-key", "VAULT_UNSEAL_KEY", "<s:43>="},
    {"acme-eab-key", "hmacEncoded", "<b:86>"},
    {"salt-or-pepper", "PASSWORD_PEPPER", "<h:32>"},
    {"laravel-app-key", "APP_KEY", "base64:<s:43>="},
};

TEST(NamedSecrets, AreFoundByNameAndForm) {
  SampleMaker maker;
  for (const Example& example : kExamples) {
    auto findings = scanObject(withEnv(example.name, maker.make(example.form)));
    ASSERT_EQ(findings.size(), 1U) << example.rule;
    EXPECT_EQ(findings[0].rule, example.rule);
    EXPECT_EQ(findings[0].tier, Tier::kAlert) << example.rule;
  }
}

TEST(NamedSecrets, NeedTheNameAndTheForm) {
  SampleMaker maker;
  std::string uuid = maker.make("<h:8>-<h:4>-<h:4>-<h:4>-<h:12>");
  for (const char* name : {"SNYK_ORG_ID", "CODECOV_SLUG", "REQUEST_TOKEN", "SPLUNK_INDEX_ID",
                           "OPSGENIE_TEAM", "CONSUL_NODE_ID"}) {
    auto findings = scanObject(withEnv(name, uuid));
    EXPECT_TRUE(findings.empty()) << name << ": " << listed(findings);
  }
  for (const char* value : {"00000000-0000-0000-0000-000000000000", "your-snyk-token-goes-here-please",
                            "$(SNYK_TOKEN)"}) {
    EXPECT_TRUE(scanObject(withEnv("SNYK_TOKEN", value)).empty()) << value;
  }
}

TEST(NamedSecrets, HeadersAndDirectivesSayWhatTheyCarry) {
  SampleMaker maker;
  std::string token = maker.make("<a:36>");
  Json probe = firebreak::testing::deployment(
      {{"name", "main"},
       {"livenessProbe",
        {{"httpGet",
          {{"path", "/"},
           {"port", 80},
           {"httpHeaders",
            Json::array({{{"name", "Authorization"}, {"value", "Bearer " + token}}})}}}}}});
  auto findings = scanObject(probe);
  ASSERT_EQ(findings.size(), 1U) << listed(findings);
  EXPECT_EQ(findings[0].rule, "bearer-token");
  for (const std::string& text :
       {"location / {\n  proxy_set_header Authorization \"Bearer " + token + "\";\n}\n",
        "location / {\n  proxy_set_header X-Upstream-Token \"" + token + "\";\n}\n"}) {
    findings = scanObject(configMap("default.conf", text));
    ASSERT_EQ(findings.size(), 1U) << listed(findings);
    EXPECT_EQ(findings[0].message.find(token), std::string::npos);
  }
  EXPECT_TRUE(scanObject(configMap("default.conf",
                                   "proxy_set_header Authorization $http_authorization;\n"
                                   "proxy_set_header X-Auth-Token $upstream_token;\n"
                                   "add_header X-Token-Type \"opaque-reference\";\n"))
                  .empty());
}

TEST(NamedSecrets, ALineInsideNestedJsonIsTold) {
  SampleMaker maker;
  Json inner = {{"port", 8080}, {"upstream", {{"apiToken", maker.make("<a:36>")}}}};
  auto findings = scanObject(configMap("config.json", inner.dump(2)));
  ASSERT_EQ(findings.size(), 1U) << listed(findings);
  EXPECT_NE(findings[0].message.find("line 4"), std::string::npos) << findings[0].message;
}

TEST(NamedSecrets, ReferencesOfOtherSystemsAreNone) {
  for (const char* value :
       {"arn:aws:secretsmanager:eu-central-1:123456789012:secret:orders-AbCdEf12",
        "@Microsoft.KeyVault(SecretUri=https://shop.vault.azure.net/secrets/db/)",
        "urn:k8s:secret:name:key1", "$oidc.okta.clientSecret", "admin:$apr1$5pZSV9va$azfrPr6QwgCHd"}) {
    for (const char* name : {"DB_PASSWORD", "clientSecret", "htpasswd"}) {
      EXPECT_TRUE(scanObject(withEnv(name, value)).empty()) << name << "=" << value;
    }
  }
}

}  // namespace
}  // namespace firebreak::detect
