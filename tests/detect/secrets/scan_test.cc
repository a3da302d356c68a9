// Where credentials lie open, and what a finding says about them.
#include <gtest/gtest.h>

#include "detect/secrets/sample_maker.h"
#include "detect/secrets/scan_support.h"

namespace firebreak::detect {
namespace {

using firebreak::testing::configMap;
using firebreak::testing::deployment;
using firebreak::testing::listed;
using firebreak::testing::SampleMaker;
using firebreak::testing::scanObject;
using firebreak::testing::withEnv;

class Scan : public ::testing::Test {
 protected:
  std::string githubToken() { return maker.make("gh~p_<a:30><crc62>"); }
  std::string password() { return "Kq7" + maker.make("<a:14>") + "9z"; }

  // Exactly one finding of that rule, tier and field; and no value in it.
  void expectOne(const Json& object, const std::string& value, const std::string& rule, Tier tier,
                 const std::string& path) {
    auto findings = scanObject(object);
    ASSERT_EQ(findings.size(), 1U) << listed(findings);
    const Finding& finding = findings[0];
    EXPECT_EQ(finding.rule, rule);
    EXPECT_EQ(finding.tier, tier);
    EXPECT_EQ(finding.fieldPath, path);
    EXPECT_EQ(finding.family, Family::kExposedSecret);
    std::string all = finding.message + finding.fieldPath + finding.container;
    for (const Evidence& evidence : finding.evidence) all += evidence.signal + evidence.detail;
    for (size_t i = 0; i + 8 <= value.size(); ++i) {
      ASSERT_EQ(all.find(value.substr(i, 8)), std::string::npos) << "a part of the value is told";
    }
  }

  SampleMaker maker{11};
};

constexpr const char* kEnvPath = "spec.template.spec.containers[0].env[0].value";

TEST_F(Scan, EnvLiteral) {
  std::string token = githubToken();
  expectOne(withEnv("ANYTHING", token), token, "github-personal-token", Tier::kRemediate, kEnvPath);
  auto findings = scanObject(withEnv("ANYTHING", token));
  EXPECT_EQ(findings[0].container, "main");
  EXPECT_EQ(findings[0].resource.kind, "Deployment");
  EXPECT_EQ(findings[0].file, "test.yaml");
}

TEST_F(Scan, PasswordByNameIsAnAlert) {
  std::string value = password();
  expectOne(withEnv("DB_PASSWORD", value), value, "password-literal", Tier::kAlert, kEnvPath);
}

TEST_F(Scan, ChosenPasswordByNameIsAnAlert) {
  for (const char* value :
       {"Winter2024!", "n3verGuess-me", "kXq!2mPz", "Blu3Horse#77", "Sup3rS3cr3t!2024",
        "marble-Anchor-93-rapid", "willow.Falcon2760"}) {
    auto findings = scanObject(withEnv("POSTGRES_PASSWORD", value));
    ASSERT_EQ(findings.size(), 1U) << value;
    EXPECT_EQ(findings[0].tier, Tier::kAlert);
  }
}

TEST_F(Scan, ABareKeyIsCalledWhatStandsAboveIt) {
  std::string value = password();
  expectOne(configMap("appsettings.json", R"({"Jwt":{"Issuer":"shop","Key":")" + value + "\"}}"), value,
            "key-literal", Tier::kAlert, "data[\"appsettings.json\"]");
  EXPECT_TRUE(scanObject(configMap("a.json", R"({"public":{"key":")" + value + "\"}}")).empty());
}

TEST_F(Scan, MnemonicOfAWallet) {
  std::string words = "verb cage velvet thank absurd year sausage winner panda wave tornado kitten";
  expectOne(withEnv("WALLET_MNEMONIC", words), words, "wallet-mnemonic", Tier::kAlert, kEnvPath);
}

TEST_F(Scan, UrlWithGeneratedPassword) {
  std::string value = password();
  expectOne(withEnv("DATABASE_URL", "postgres://shop:" + value + "@db.shop.svc:5432/shop"), value,
            "url-credentials", Tier::kRemediate, kEnvPath);
  expectOne(withEnv("DSN", "shop:" + value + "@tcp(db:3306)/shop"), value, "url-credentials",
            Tier::kRemediate, kEnvPath);
}

TEST_F(Scan, UrlWithDocumentationHostIsOnlyShown) {
  std::string value = password();
  expectOne(withEnv("URL", "https://me:" + value + "@git.example.com/x"), value, "url-credentials",
            Tier::kAlert, kEnvPath);
}

TEST_F(Scan, ArgumentsInEveryForm) {
  std::string value = password();
  auto args = [&](std::initializer_list<std::string> list) {
    return deployment({{"name", "main"}, {"args", Json(std::vector<std::string>(list))}});
  };
  const std::string base = "spec.template.spec.containers[0].args";
  expectOne(args({"--verbose", "--db-password=" + value}), value, "password-literal", Tier::kAlert,
            base + "[1]");
  expectOne(args({"--db-password", value}), value, "password-literal", Tier::kAlert, base + "[1]");
  expectOne(args({"-c", "curl -s -u admin:" + value + " https://registry.internal/v2/"}), value,
            "command-line-password", Tier::kAlert, base + "[1]");
  expectOne(args({"-u", "admin:" + value}), value, "command-line-password", Tier::kAlert,
            base + "[1]");
  expectOne(args({"-c", "export API_TOKEN='" + value + "' && run"}), value, "token-literal",
            Tier::kAlert, base + "[1]");
  expectOne(args({"-c", "mysql -h db -uroot -p" + value + " shop"}), value, "command-line-password",
            Tier::kAlert, base + "[1]");
}

TEST_F(Scan, AuthorizationHeader) {
  std::string value = maker.make("<a:40>");
  expectOne(withEnv("CMD", "curl -H 'Authorization: Bearer " + value + "' https://api.internal/"),
            value, "bearer-token", Tier::kAlert, kEnvPath);
  std::string basic = base64Encode("admin:" + password());
  expectOne(withEnv("CMD", "curl -H 'Authorization: Basic " + basic + "' https://api.internal/"),
            basic, "basic-authorization", Tier::kAlert, kEnvPath);
  std::string uuid = maker.make("<h:8>-<h:4>-1<h:3>-8<h:3>-<h:12>");
  expectOne(withEnv("CMD", "curl -H 'Authorization: Bearer " + uuid + "' https://api.internal/"), uuid,
            "bearer-token", Tier::kAlert, kEnvPath);
  for (const char* sample : {"00000000-0000-0000-0000-000000000000", "123e4567-e89b-12d3-a456-426614174000"}) {
    EXPECT_TRUE(scanObject(withEnv("CMD", std::string("curl -H 'Authorization: Bearer ") + sample + "'")).empty());
  }
}

TEST_F(Scan, ConfigMapTextsOfEverySort) {
  std::string value = password();
  struct {
    const char* key;
    std::string text;
    const char* path;
  } cases[] = {
      {"application.properties", "a=b\nspring.datasource.password=" + value + "\n",
       "data[\"application.properties\"]"},
      {"app.yaml", "db:\n  host: db\n  password: " + value + "\n", "data[\"app.yaml\"]"},
      {"app.yml", "db:\n  password: \"" + value + "\"\n", "data[\"app.yml\"]"},
      {"app.json", R"({"db":{"host":"x","password":")" + value + "\"}}", "data[\"app.json\"]"},
      {"app.ini", "[db]\npassword = " + value + "\n", "data[\"app.ini\"]"},
      {"env", "export DB_PASSWORD=\"" + value + "\"\n", "data.env"},
      {"settings.xml", "<server><password>" + value + "</password></server>",
       "data[\"settings.xml\"]"},
      {"web.config", "Server=db;User Id=sa;Password=" + value + ";Database=x",
       "data[\"web.config\"]"},
      {"redis.conf", "port 6379\n--requirepass " + value + "\n", "data[\"redis.conf\"]"},
      {"DB_PASSWORD", value, "data.DB_PASSWORD"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.key);
    expectOne(configMap(c.key, c.text), value, "password-literal", Tier::kAlert, c.path);
  }
}

TEST_F(Scan, TextsThatNameNoPassword) {
  std::string value = password();
  for (const std::string& text : {"machine git.internal login ci password " + value + "\n",
                                  "port 26379\nsentinel auth-pass main " + value + "\n",
                                  "CREATE USER shop WITH PASSWORD '" + value + "';\n",
                                  "CREATE USER 'shop'@'%' IDENTIFIED BY '" + value + "';\n"}) {
    expectOne(configMap("file", text), value, "command-line-password", Tier::kAlert, "data.file");
  }
  expectOne(configMap("file", "bind 0.0.0.0\nrequirepass " + value + "\n"), value,
            "password-literal", Tier::kAlert, "data.file");
}

TEST_F(Scan, KubeconfigInAConfigMap) {
  std::string pem = maker.privateKeyPem();
  std::string config =
      "apiVersion: v1\nkind: Config\nusers:\n- name: admin\n  user:\n    client-key-data: " +
      base64Encode(pem) + "\n";
  expectOne(configMap("kubeconfig", config), pem, "private-key", Tier::kRemediate,
            "data.kubeconfig");
}

TEST_F(Scan, SaysTheLineWithinAText) {
  auto findings = scanObject(configMap("app.yaml", "a: b\nc: d\ntoken: " + githubToken() + "\n"));
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_NE(findings[0].message.find("line 3"), std::string::npos) << findings[0].message;
}

TEST_F(Scan, NestedEncodingsToDepthThree) {
  std::string token = githubToken();
  std::string json = R"({"inner":"{\"token\":\")" + token + R"(\"}"})";
  expectOne(configMap("x", json), token, "github-personal-token", Tier::kRemediate, "data.x");
  expectOne(configMap("x", base64Encode("token=" + token)), token, "github-personal-token",
            Tier::kRemediate, "data.x");
  expectOne(configMap("x", base64Encode(base64Encode("the token is " + token))), token,
            "github-personal-token", Tier::kRemediate, "data.x");
  expectOne(configMap("x", "blob: " + base64Encode(SampleMaker::gzip("token=" + token)) + "\n"),
            token, "github-personal-token", Tier::kRemediate, "data.x");
  Json binary = configMap("x", "y");
  binary.erase("data");
  binary["binaryData"] = {{"b", base64Encode(SampleMaker::gzip("token: " + token))}};
  expectOne(binary, token, "github-personal-token", Tier::kRemediate, "binaryData.b");
}

TEST_F(Scan, PrivateKeysThatParse) {
  std::string pem = maker.privateKeyPem();
  expectOne(configMap("tls.key", pem), pem, "private-key", Tier::kRemediate, "data[\"tls.key\"]");
  std::string indented;
  for (size_t at = 0; at < pem.size();) {
    size_t end = pem.find('\n', at);
    indented += "    " + pem.substr(at, end - at + 1);
    at = end + 1;
  }
  expectOne(configMap("app.yaml", "tls:\n  key: |\n" + indented), pem, "private-key",
            Tier::kRemediate, "data[\"app.yaml\"]");
  std::string oneLine = pem;
  for (size_t at; (at = oneLine.find('\n')) != std::string::npos;) oneLine.replace(at, 1, "\\n");
  expectOne(withEnv("KEY", oneLine), pem, "private-key", Tier::kRemediate, kEnvPath);
  expectOne(withEnv("KEY", base64Encode(pem)), pem, "private-key", Tier::kRemediate, kEnvPath);
}

TEST_F(Scan, GoogleServiceAccountFile) {
  std::string pem = maker.privateKeyPem();
  Json account = {{"type", "service_account"},
                  {"project_id", "shop"},
                  {"private_key_id", maker.make("<h:40>")},
                  {"private_key", pem},
                  {"client_email", "x@shop.iam.gserviceaccount.com"}};
  expectOne(configMap("key.json", account.dump(2)), pem, "gcp-service-account-key",
            Tier::kRemediate, "data[\"key.json\"]");
  expectOne(withEnv("GOOGLE_KEY", base64Encode(account.dump())), pem, "gcp-service-account-key",
            Tier::kRemediate, kEnvPath);
}

TEST_F(Scan, TokensWhoseHeaderParses) {
  std::string token = maker.jwt(R"({"sub":"svc-billing","iss":"https://login.internal"})");
  expectOne(withEnv("X", token), token, "json-web-token", Tier::kRemediate, kEnvPath);
  std::string account = maker.jwt(
      R"({"iss":"kubernetes/serviceaccount","sub":"system:serviceaccount:shop:default"})");
  expectOne(withEnv("X", account), account, "kubernetes-service-account-token", Tier::kRemediate,
            kEnvPath);
}

TEST_F(Scan, DockerConfigAuths) {
  std::string value = password();
  Json config = {{"auths", {{"registry.internal", {{"auth", base64Encode("ci:" + value)}}}}}};
  expectOne(configMap("config.json", config.dump()), value, "registry-login", Tier::kRemediate,
            "data[\"config.json\"]");
  expectOne(withEnv("PULL", base64Encode(config.dump())), value, "registry-login", Tier::kRemediate,
            kEnvPath);
}

TEST_F(Scan, AwsIdAndSecretTogetherAreCertain) {
  std::string id = maker.make("AK~IA<t:16>");
  std::string secret = maker.make("<s:40>");
  Json container = {{"name", "main"},
                    {"env", Json::array({{{"name", "AWS_ACCESS_KEY_ID"}, {"value", id}},
                                         {{"name", "AWS_SECRET_ACCESS_KEY"}, {"value", secret}}})}};
  expectOne(deployment(container), secret, "aws-access-key", Tier::kRemediate,
            "spec.template.spec.containers[0].env[1].value");
  expectOne(withEnv("AWS_SECRET_ACCESS_KEY", secret), secret, "key-literal", Tier::kAlert,
            kEnvPath);
  std::string ini =
      "[default]\naws_access_key_id = " + id + "\naws_secret_access_key = " + secret + "\n";
  expectOne(configMap("credentials", ini), secret, "aws-access-key", Tier::kRemediate,
            "data.credentials");
}

TEST_F(Scan, AnAwsIdAloneIsShownWhereNothingSaysWhereItsSecretIs) {
  std::string id = maker.make("AK~IA<t:16>");
  expectOne(withEnv("AWS_ACCESS_KEY_ID", id), id, "aws-access-key-id", Tier::kAlert, kEnvPath);
  expectOne(configMap("notes", "the old key was " + id + ", see the wiki"), id, "aws-access-key-id",
            Tier::kAlert, "data.notes");
  Json reference = {{"secretKeyRef", {{"name", "s3"}, {"key", "secret"}}}};
  Json container = {
      {"name", "main"},
      {"env", Json::array({{{"name", "AWS_ACCESS_KEY_ID"}, {"value", id}},
                           {{"name", "AWS_SECRET_ACCESS_KEY"}, {"valueFrom", reference}}})}};
  EXPECT_TRUE(scanObject(deployment(container)).empty());
  std::string temporary = maker.make("AS~IA<t:16>");
  EXPECT_TRUE(scanObject(withEnv("AWS_ACCESS_KEY_ID", temporary)).empty());
  Json key = {{"apiVersion", "iam.aws.upbound.io/v1beta1"},
              {"kind", "AccessKey"},
              {"metadata", {{"name", "ci"}, {"annotations", {{"crossplane.io/external-name", id}}}}}};
  EXPECT_TRUE(scanObject(key).empty());
}

TEST_F(Scan, EveryPodTemplateAndOtherPlaces) {
  std::string token = githubToken();
  Json env = Json::array({{{"name", "T"}, {"value", token}}});
  Json init = deployment({{"name", "main"}});
  init["spec"]["template"]["spec"]["initContainers"] = Json::array({{{"name", "i"}, {"env", env}}});
  expectOne(init, token, "github-personal-token", Tier::kRemediate,
            "spec.template.spec.initContainers[0].env[0].value");
  Json custom = {
      {"apiVersion", "example.io/v1"},
      {"kind", "Crawler"},
      {"metadata", {{"name", "c"}}},
      {"spec",
       {{"workers",
         Json::array(
             {{{"template",
                {{"spec", {{"containers", Json::array({{{"name", "w"}, {"env", env}}})}}}}}}})}}}};
  expectOne(custom, token, "github-personal-token", Tier::kRemediate,
            "spec.workers[0].template.spec.containers[0].env[0].value");
  Json application = {
      {"apiVersion", "argoproj.io/v1alpha1"},
      {"kind", "Application"},
      {"metadata", {{"name", "a"}}},
      {"spec", {{"source", {{"helm", {{"values", "git:\n  token: " + token + "\n"}}}}}}}};
  expectOne(application, token, "github-personal-token", Tier::kRemediate,
            "spec.source.helm.values");
  Json ingress = {{"apiVersion", "networking.k8s.io/v1"},
                  {"kind", "Ingress"},
                  {"metadata",
                   {{"name", "i"},
                    {"annotations",
                     {{"nginx.ingress.kubernetes.io/configuration-snippet",
                       "proxy_set_header X-Token " + token + ";"}}}}}};
  expectOne(ingress, token, "github-personal-token", Tier::kRemediate,
            "metadata.annotations[\"nginx.ingress.kubernetes.io/configuration-snippet\"]");
}

TEST_F(Scan, ASecretsOwnDataIsWhereSecretsBelong) {
  Json secret = {{"apiVersion", "v1"},
                 {"kind", "Secret"},
                 {"metadata", {{"name", "s"}}},
                 {"data", {{"t", base64Encode(githubToken())}}},
                 {"stringData", {{"password", password()}, {"token", githubToken()}}}};
  EXPECT_TRUE(scanObject(secret).empty()) << listed(scanObject(secret));
}

TEST_F(Scan, LastAppliedConfigurationIsParsedAgain) {
  std::string token = githubToken();
  const std::string path =
      "metadata.annotations[\"kubectl.kubernetes.io/last-applied-configuration\"]";
  Json applied = {{"apiVersion", "v1"},
                  {"kind", "Secret"},
                  {"metadata", {{"name", "s"}}},
                  {"data", {{"t", base64Encode(token)}}}};
  Json secret = applied;
  secret["metadata"]["annotations"] = {
      {"kubectl.kubernetes.io/last-applied-configuration", applied.dump()}};
  expectOne(secret, token, "github-personal-token", Tier::kAlert, path);

  // A literal that the live object holds too is named at its field, once.
  Json live = withEnv("T", token);
  std::string manifest = live.dump();
  live["metadata"]["annotations"] = {
      {"kubectl.kubernetes.io/last-applied-configuration", manifest}};
  expectOne(live, token, "github-personal-token", Tier::kRemediate, kEnvPath);
  // One that is gone from the live object is still in the annotation.
  Json fixed = deployment({{"name", "main"}});
  fixed["metadata"]["annotations"] = {
      {"kubectl.kubernetes.io/last-applied-configuration", manifest}};
  expectOne(fixed, token, "github-personal-token", Tier::kRemediate, path);
}

TEST_F(Scan, TheSameScanTwiceSaysTheSame) {
  Json object = configMap("a", "token: " + githubToken() + "\npassword: " + password() + "\n");
  auto first = scanObject(object);
  auto second = scanObject(object);
  ASSERT_EQ(first.size(), 2U) << listed(first);
  EXPECT_EQ(fingerprint(first), fingerprint(second));
}

TEST_F(Scan, OddShapesAreSurvived) {
  for (const char* text :
       {"[]", "{}", "null", "3", R"({"kind":3,"metadata":[],"spec":"x"})",
        R"({"apiVersion":"v1","kind":"ConfigMap","data":[1,{"a":null}]})",
        R"({"kind":"Pod","spec":{"containers":[null,1,{"env":[{"name":1,"value":2}]}]}})",
        R"({"auths":{"x":null,"y":[],"z":{"auth":7}}})"}) {
    EXPECT_TRUE(scanObject(Json::parse(text)).empty()) << text;
  }
}

}  // namespace
}  // namespace firebreak::detect
