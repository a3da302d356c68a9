// What must stay silent: values that only look like credentials, and ordinary manifests.
#include <gtest/gtest.h>

#include "base/digest.h"
#include "detect/secrets/credential_name.h"
#include "detect/secrets/sample_maker.h"
#include "detect/secrets/scan_support.h"
#include "detect/secrets/value_shape.h"

namespace firebreak::detect {
namespace {

using firebreak::testing::configMap;
using firebreak::testing::deployment;
using firebreak::testing::listed;
using firebreak::testing::SampleMaker;
using firebreak::testing::scanObject;
using firebreak::testing::withEnv;

TEST(SecretTraps, ValuesThatAreNone) {
  const std::string aws =
      "AKIA"
      "IOSFODNN7EXAMPLE";
  const std::pair<const char*, std::string> kValues[] = {
      {"DB_PASSWORD_FILE", "/run/secrets/db-password"},
      {"DB_PASSWORD", "/run/secrets/db-password"},
      {"DB_PASSWORD", "${DB_PASSWORD_FROM_VAULT_2X9}"},
      {"DB_PASSWORD", "$(DB_PASSWORD)"},
      {"DB_PASSWORD", "{{ .Values.db.password }}"},
      {"DB_PASSWORD", "<your-password-Here123>"},
      {"DB_PASSWORD", "changeme"},
      {"DB_PASSWORD", "ChangeMe123!"},
      {"DB_PASSWORD", "password"},
      {"DB_PASSWORD", "P@ssw0rd"},
      {"DB_PASSWORD", "password123"},
      {"DB_PASSWORD", "mysecretpassword"},
      {"DB_PASSWORD", "example-Pass-9x"},
      {"DB_PASSWORD", "postgres"},
      {"DB_PASSWORD", "supersecret"},
      {"DB_PASSWORD", "admin123"},
      {"DB_PASSWORD", "12345678"},
      {"DB_PASSWORD", "qwerty12345"},
      {"DB_PASSWORD", "xxxxxxxxxxxx"},
      {"DB_PASSWORD", "REDACTED-by-Ops1"},
      {"DB_PASSWORD", "vault:secret/data/db#password"},
      {"DB_PASSWORD", "ref+vault://secret/db#/password"},
      {"DB_PASSWORD", "ENC[AES256_GCM,data:p673w==,iv:YY=,tag:aa=,type:str]"},
      {"DB_PASSWORD", "{cipher}AQA6eDn1n8n3v9n0x"},
      {"DB_PASSWORD", "$2a$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy"},
      {"DB_PASSWORD", "arn:aws:secretsmanager:eu-west-1:123456789012:secret:db-AbCdEf"},
      {"API_TOKEN", "3f2504e0-4f89-11d3-9a0c-0305e82c3301"},
      {"API_TOKEN", "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"},
      {"API_TOKEN", "my-service-token"},
      {"DB_PASSWORD", ".Values.db.existingSecret0x9"},
      {"REGISTRY_CREDENTIALS", "ext:/scripts/ecr-login2.sh"},
      {"API_TOKEN", "shop-api-token-v2"},
      {"API_TOKEN_URL", "https://login.internal/oauth2/token"},
      {"TOKEN_EXPIRATION_SECONDS", "86400123456789"},
      {"PASSWORD_MIN_LENGTH", "12"},
      {"AUTH_TOKEN_ISSUER", "Xk29fPq81LmZ0aQe"},
      {"SECRET_NAME", "Xk29fPq81LmZ0aQe"},
      {"PUBLIC_KEY", "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEq5mVYKZ8dDcJcNu6yUFp7kQ9h0Pz"},
      {"STRIPE_PUBLISHABLE_KEY",
       "pk_li"
       "ve_4eC39HqLyjWDarjtT1zdp7dc"},
      {"AWS_ACCESS_KEY_ID", aws},
      {"AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"},
      {"GIT_COMMIT", "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b"},
      {"SENTRY_DSN", "https://9f86d081884c7d659a2feaa0c55ad015@o1.ingest.sentry.io/2"},
      {"DATABASE_URL", "postgres://postgres:postgres@db:5432/app"},
      {"DATABASE_URL", "postgres://app:$(DB_PASSWORD)@db:5432/app"},
      {"DATABASE_URL", "postgres://user:password@localhost/db"},
      {"DATABASE_URL", "mysql://app:changeme@db/app"},
      {"AMQP_URL", "amqp://guest:guest@rabbitmq:5672"},
      {"ENCRYPTION_KEY", base64Encode("secret is secure, a word")},
      {"DB_PASSWORD", base64Encode("changeme-please")},
      {"NEXT_TOKEN", "Xk29fPq81LmZ0aQeUw7"},
      {"TOKEN", "0x154bbac84224ae60e35a92d98ddf0f648e061e8e"},
      {"MNEMONIC", "test test test test test test test test test test test junk"},
      {"DB_PASSWORD", "shop-api-v2-2024"},
      {"DB_PASSWORD", "com.shop.Payments.v12"},
      {"JAVA_OPTS", "-Djavax.net.ssl.trustStorePassword=changeit -Xmx512m"},
  };
  for (const auto& [name, value] : kValues) {
    auto findings = scanObject(withEnv(name, value));
    EXPECT_TRUE(findings.empty()) << name << " = " << value << ": " << listed(findings);
  }
}

TEST(SecretTraps, PublicSamplesOfTokens) {
  SampleMaker maker;
  // jwt.io's claims, whatever the signature.
  std::string sample = maker.jwt(R"({"sub":"1234567890","name":"John Doe","iat":1516239022})");
  EXPECT_TRUE(scanObject(withEnv("X", sample)).empty());
  std::string anonymous = maker.jwt(R"({"iss":"supabase","ref":"abc","role":"anon"})");
  EXPECT_TRUE(scanObject(withEnv("X", anonymous)).empty());
  std::string unsignedToken = maker.jwt(R"({"sub":"a"})", R"({"alg":"none"})");
  EXPECT_TRUE(scanObject(withEnv("X", unsignedToken)).empty());
}

TEST(SecretTraps, PublishedKeys) {
  SampleMaker maker;  // its "~" stands for nothing
  for (const auto& [name, form] : {
           std::pair{"AZURE_STORAGE_CONNECTION_STRING",
                     "AccountName=devstoreaccount1;Account~Key=Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6"
                     "IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==;"},
           std::pair{"STRIPE_SECRET_KEY", "sk_te~st_4eC39HqLyjWDarjtT1zdp7dc"},
           std::pair{"BOT_TOKEN", "110201543:A~AHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw"},
           std::pair{"DISCORD_TOKEN", "MTk4NjIyNDgzNDcxOTI1MjQ4.Cl2FMQ.~ZnCjm1XVW7vRze4b7Cq4se7kKWs"},
           std::pair{"GOOGLE_API_KEY", "AI~zaSyDaGmWKa4JsXZ-HjGw7ISLn_3namBGewQe"},
           std::pair{"DEPLOYER_PRIVATE_KEY",
                     "0xac0974bec39a17e36ba4a6b4d238ff94~4bacb478cbed5efcae784d7bf4f2ff80"},
           std::pair{"TOKEN", "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.~eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4"
                              "MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ."
                              "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"},
       }) {
    auto findings = scanObject(withEnv(name, maker.make(form)));
    EXPECT_TRUE(findings.empty()) << name << ": " << listed(findings);
  }
  EXPECT_TRUE(scanObject(configMap("wg0.conf", maker.make("[Interface]\nPrivate~Key = "
                                                          "yAnz5TF+lXXJte14tji3zlMNq+hd2rYUIgJBgB3fBmk=")))
                  .empty());
}

TEST(SecretTraps, WhatAnAcmeChallengeHasTheWorldRead) {
  SampleMaker maker;
  Json challenge = {{"apiVersion", "acme.cert-manager.io/v1"},
                    {"kind", "Challenge"},
                    {"metadata", {{"name", "c"}}},
                    {"spec", {{"token", maker.make("<b:43>")}, {"key", maker.make("<b:43>.<b:43>")}}}};
  EXPECT_TRUE(scanObject(challenge).empty()) << listed(scanObject(challenge));
}

TEST(SecretTraps, ReferencesAreNotValues) {
  Json container = {
      {"name", "main"},
      {"env",
       Json::array({{{"name", "DB_PASSWORD"},
                     {"valueFrom", {{"secretKeyRef", {{"name", "db"}, {"key", "password"}}}}}}})},
      {"envFrom", Json::array({{{"secretRef", {{"name", "app-secrets"}}}}})}};
  EXPECT_TRUE(scanObject(deployment(container)).empty());
}

TEST(SecretTraps, SealedEncryptedAndPublicMaterial) {
  SampleMaker maker;
  Json sealed = {{"apiVersion", "bitnami.com/v1alpha1"},
                 {"kind", "SealedSecret"},
                 {"metadata", {{"name", "s"}}},
                 {"spec", {{"encryptedData", {{"password", "AgB" + maker.make("<s:700>")}}}}}};
  EXPECT_TRUE(scanObject(sealed).empty()) << listed(scanObject(sealed));
  Json sops = configMap("password", "ENC[AES256_GCM,data:" + maker.make("<s:20>") + "==,type:str]");
  sops["sops"] = {{"mac", "ENC[AES256_GCM,data:" + maker.make("<s:90>") + ",type:str]"},
                  {"age", Json::array({{{"enc", maker.make("<s:300>")}}})}};
  EXPECT_TRUE(scanObject(sops).empty()) << listed(scanObject(sops));
  std::string certificate = "-----BEGIN CERTIFICATE-----\n" + maker.make("<s:64>") + "\n" +
                            maker.make("<s:64>") + "\n-----END CERTIFICATE-----\n";
  EXPECT_TRUE(scanObject(configMap("ca.crt", certificate)).empty());
  EXPECT_TRUE(scanObject(configMap("ca", base64Encode(certificate))).empty());
  std::string publicKey =
      "-----BEGIN PUBLIC KEY-----\n" + maker.make("<s:64>") + "\n-----END PUBLIC KEY-----\n";
  EXPECT_TRUE(scanObject(configMap("key.pub", publicKey)).empty());
  EXPECT_TRUE(scanObject(configMap("authorized_keys",
                                   "ssh-ed25519 AAAAC3" + maker.make("<s:62>") + " me@host"))
                  .empty());
  EXPECT_TRUE(
      scanObject(
          configMap("doc", "-----BEGIN RSA PRIVATE KEY-----\n...\n-----END RSA PRIVATE KEY-----"))
          .empty());
}

TEST(SecretTraps, ChecksumsAndDigests) {
  SampleMaker maker;
  Json object =
      deployment({{"name", "main"}, {"image", "quay.io/x/y@sha256:" + maker.make("<h:64>")}});
  object["spec"]["template"]["metadata"]["annotations"] = {
      {"checksum/config", maker.make("<h:64>")}, {"checksum/secret", maker.make("<h:64>")}};
  object["metadata"]["labels"] = {{"pod-template-hash", maker.make("<l:10>")}};
  object["metadata"]["uid"] = "3f2504e0-4f89-11d3-9a0c-0305e82c3301";
  EXPECT_TRUE(scanObject(object).empty()) << listed(scanObject(object));
}

TEST(CredentialNames, ByTheirLastWords) {
  for (const char* name : {"DB_PASSWORD",
                           "dbPassword",
                           "spring.datasource.password",
                           "--db-password",
                           "API_KEY",
                           "apiKey",
                           "X-Api-Key",
                           "CLIENT_SECRET",
                           "auth-token",
                           "AWS_SECRET_ACCESS_KEY",
                           "secret_key_base",
                           "MYSQL_ROOT_PASSWORD",
                           "redisPassword",
                           "PGPASSWORD",
                           "DB_PASS",
                           "password_1",
                           "jwtSecret",
                           "_authToken",
                           "requirepass",
                           "ENCRYPTION_KEY"}) {
    EXPECT_TRUE(credentialSort(name).has_value()) << name;
  }
  for (const char* name : {"PASSWORD_FILE",
                           "secretName",
                           "tokenExpirationSeconds",
                           "secretKeyRef",
                           "passwordKey",
                           "existingSecretName",
                           "nextPageToken",
                           "continueToken",
                           "TOKEN_URL",
                           "key",
                           "keyName",
                           "publicKey",
                           "imagePullSecrets",
                           "bypass",
                           "compass",
                           "monkey",
                           "author",
                           "passwordHash",
                           "tokenReview",
                           "eos_token",
                           "serviceAccountName"}) {
    EXPECT_FALSE(credentialSort(name).has_value()) << name;
  }
}

TEST(ValueShape, TellsGeneratedFromNamed) {
  SampleMaker maker;
  for (const char* form : {"<a:20>", "<h:32>", "<l:24>", "<b:43>", "<s:40>", "<a:12>"}) {
    int missed = 0;
    for (int i = 0; i < 500; ++i) {
      std::string text = maker.make(form);
      if (passwordStrength(text) == PasswordStrength::kNone && !looksRandom(text)) ++missed;
    }
    EXPECT_LE(missed, 40) << form;  // 8 %
  }
  for (const char* text :
       {"MyAppClientSecretName", "kube-apiserver-kubelet-client", "com.acme.Shop",
        "applicationConfiguration", "ReadWriteManyVolume", "internalservice"}) {
    EXPECT_EQ(passwordStrength(text), PasswordStrength::kNone) << text;
  }
}

// Shapes that fill real clusters; written for this test.
constexpr const char* kOrdinary[] = {
    R"({"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web","labels":{"app.kubernetes.io/name":"web"}},
        "spec":{"replicas":3,"selector":{"matchLabels":{"app":"web"}},"template":{"metadata":{"labels":{"app":"web"},
        "annotations":{"prometheus.io/scrape":"true","checksum/config":"0a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8f9"}},
        "spec":{"serviceAccountName":"web","automountServiceAccountToken":false,"imagePullSecrets":[{"name":"regcred"}],
        "containers":[{"name":"web","image":"nginx:1.27","args":["--config=/etc/web/config.yaml","--token-ttl=3600","--secret-name=web-tls","--v=2"],
        "env":[{"name":"DB_PASSWORD","valueFrom":{"secretKeyRef":{"name":"db","key":"password"}}},{"name":"DB_HOST","value":"db.shop.svc.cluster.local"},
        {"name":"JWT_ALGORITHM","value":"RS256"},{"name":"TOKEN_FILE","value":"/var/run/secrets/tokens/vault-token"},
        {"name":"REDIS_URL","value":"redis://redis-master:6379/0"}],
        "readinessProbe":{"httpGet":{"path":"/healthz","port":8080}}}],
        "volumes":[{"name":"tls","secret":{"secretName":"web-tls"}},{"name":"t","projected":{"sources":[{"serviceAccountToken":{"path":"vault-token","expirationSeconds":7200}}]}}]}}}})",
    R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"prometheus"},"data":{"prometheus.yml":
        "global:\n  scrape_interval: 15s\nscrape_configs:\n- job_name: kubernetes-apiservers\n  bearer_token_file: /var/run/secrets/kubernetes.io/serviceaccount/token\n  basic_auth:\n    username: metrics\n    password_file: /etc/prometheus/password\n  tls_config:\n    ca_file: /var/run/secrets/kubernetes.io/serviceaccount/ca.crt\n"}})",
    R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"nginx"},"data":{"default.conf":
        "server {\n  listen 80;\n  location / {\n    proxy_pass http://backend:8080;\n    proxy_set_header Authorization $http_authorization;\n    proxy_set_header X-Auth-Token $token;\n  }\n}\n"}})",
    R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"scripts"},"data":{"start.sh":
        "#!/bin/sh\nset -e\nPASSWORD=$(cat /run/secrets/db)\nexport PGPASSWORD=\"$PASSWORD\"\nTOKEN=${TOKEN:-}\nif [ \"$TOKEN\" == \"\" ]; then echo 'no token'; exit 1; fi\npsql -h \"$DB_HOST\" -U app -c 'select 1'\ncurl -u \"$USER:$PASSWORD\" https://api.internal/\nmysql -p\"$PASSWORD\" -e 'show tables'\n"}})",
    R"({"apiVersion":"cert-manager.io/v1","kind":"Certificate","metadata":{"name":"web"},"spec":{"secretName":"web-tls","privateKey":{"algorithm":"ECDSA","size":256,"rotationPolicy":"Always"},"issuerRef":{"name":"letsencrypt","kind":"ClusterIssuer"},"dnsNames":["shop.example.com"]}})",
    R"({"apiVersion":"external-secrets.io/v1beta1","kind":"ExternalSecret","metadata":{"name":"db"},"spec":{"secretStoreRef":{"name":"vault","kind":"ClusterSecretStore"},"target":{"name":"db"},"data":[{"secretKey":"password","remoteRef":{"key":"secret/data/db","property":"password"}}]}})",
    R"({"apiVersion":"helm.toolkit.fluxcd.io/v2","kind":"HelmRelease","metadata":{"name":"db"},"spec":{"values":{"auth":{"existingSecret":"db-credentials","secretKeys":{"adminPasswordKey":"postgres-password","userPasswordKey":"password"},"username":"shop"}}}})",
    R"({"apiVersion":"rbac.authorization.k8s.io/v1","kind":"ClusterRole","metadata":{"name":"r"},"rules":[{"apiGroups":[""],"resources":["secrets","serviceaccounts/token"],"verbs":["get","list","create"]}]})",
    R"({"apiVersion":"v1","kind":"ServiceAccount","metadata":{"name":"default"},"secrets":[{"name":"default-token-x7k2p"}],"imagePullSecrets":[{"name":"default-dockercfg-9q4wz"}]})",
    R"({"apiVersion":"admissionregistration.k8s.io/v1","kind":"ValidatingWebhookConfiguration","metadata":{"name":"w"},"webhooks":[{"name":"a.b.c","clientConfig":{"caBundle":"LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCk1JSUJ4VENDQVd1Z0F3SUJBZ0lSQUs=","service":{"name":"s","namespace":"n"}}}]})",
    R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"coredns"},"data":{"Corefile":".:53 {\n    errors\n    health\n    kubernetes cluster.local in-addr.arpa ip6.arpa {\n       pods insecure\n    }\n    prometheus :9153\n    forward . /etc/resolv.conf\n}\n"}})",
    R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"dash"},"data":{"d.json":"{\"panels\":[{\"datasource\":{\"type\":\"prometheus\",\"uid\":\"P1809F7CD0C75ACF3\"},\"targets\":[{\"expr\":\"sum(rate(http_requests_total{job=\\\"web\\\"}[5m]))\"}],\"title\":\"Requests\"}],\"uid\":\"Xk29fPq81\",\"version\":12}"}})",
    R"({"apiVersion":"batch/v1","kind":"CronJob","metadata":{"name":"backup"},"spec":{"schedule":"0 3 * * *","jobTemplate":{"spec":{"template":{"spec":{"restartPolicy":"OnFailure","containers":[{"name":"b","image":"restic/restic:0.17","command":["sh","-c"],"args":["restic backup /data --password-file /secrets/restic && restic forget --keep-daily 7"],"env":[{"name":"RESTIC_REPOSITORY","value":"s3:https://minio.internal/backup"},{"name":"AWS_DEFAULT_REGION","value":"eu-central-1"}]}]}}}}}})",
    R"({"apiVersion":"v1","kind":"Pod","metadata":{"name":"vault-agent","annotations":{"vault.hashicorp.com/agent-inject":"true","vault.hashicorp.com/role":"web","vault.hashicorp.com/agent-inject-secret-db":"secret/data/db","vault.hashicorp.com/agent-inject-template-db":"{{- with secret \"secret/data/db\" -}}\npassword={{ .Data.data.password }}\n{{- end }}"}},"spec":{"containers":[{"name":"a","image":"x:1"}]}})",
    R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"app"},"data":{"application.yaml":"spring:\n  datasource:\n    url: jdbc:postgresql://db:5432/shop\n    username: ${DB_USER}\n    password: ${DB_PASSWORD}\n  security:\n    oauth2:\n      client:\n        registration:\n          keycloak:\n            client-id: shop\n            client-secret: ${CLIENT_SECRET:changeme}\n            authorization-grant-type: authorization_code\n"}})",
    R"({"apiVersion":"monitoring.coreos.com/v1","kind":"Alertmanager","metadata":{"name":"a"},"spec":{"configSecret":"alertmanager-config","image":"quay.io/prometheus/alertmanager:v0.27.0","secrets":["etcd-client-cert"]}})",
    R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"kubeadm-config","namespace":"kube-system"},"data":{"ClusterConfiguration":"apiVersion: kubeadm.k8s.io/v1beta3\nkind: ClusterConfiguration\ncertificatesDir: /etc/kubernetes/pki\nimageRepository: registry.k8s.io\nkubernetesVersion: v1.35.0\nnetworking:\n  dnsDomain: cluster.local\n  serviceSubnet: 10.96.0.0/12\n"}})",
    R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"kube-root-ca.crt"},"data":{"ca.crt":"-----BEGIN CERTIFICATE-----\nMIIC/jCCAeagAwIBAgIBADANBgkqhkiG9w0BAQsFADAVMRMwEQYDVQQDEwprdWJl\n-----END CERTIFICATE-----\n"}})",
};

TEST(SecretTraps, OrdinaryManifestsGetNoFinding) {
  for (const char* text : kOrdinary) {
    Json object = Json::parse(text, nullptr, false);
    ASSERT_FALSE(object.is_discarded()) << text;
    auto findings = scanObject(object);
    EXPECT_TRUE(findings.empty()) << object["kind"] << " " << object["metadata"]["name"] << ": "
                                  << listed(findings);
  }
}

}  // namespace
}  // namespace firebreak::detect
