// The places and spellings that a credential is found in, each with the innocent that stands there.
#include <gtest/gtest.h>

#include "base/digest.h"
#include "detect/secrets/sample_maker.h"
#include "detect/secrets/scan_support.h"

namespace firebreak::detect {
namespace {

using firebreak::testing::configMap;
using firebreak::testing::listed;
using firebreak::testing::SampleMaker;
using firebreak::testing::scanObject;
using firebreak::testing::withEnv;

std::string hexOf(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    out += "0123456789abcdef"[byte >> 4U];
    out += "0123456789abcdef"[byte & 15U];
  }
  return out;
}

std::string uuid(SampleMaker& maker) { return maker.make("<h:8>-<h:4>-4<h:3>-a<h:3>-<h:12>"); }

TEST(SecretPlaces, FormsOfTexts) {
  SampleMaker maker;
  constexpr std::pair<const char*, const char*> kForms[] = {
      {"- name: DB_PASSWORD\n  value: ", "\n- name: B\n  value: c\n"},
      {"env {\n  name = \"DB_PASSWORD\"\n  value = \"", "\"\n}\n"},
      {"val password: String = \"", "\"\n"},
      {"def connect(password: str = '", "'):\n"},
      {"const password string = \"", "\"\n"},
      {"#define PASSWORD \"", "\"\n"},
      {"ConvertTo-SecureString -String \"", "\" -AsPlainText -Force\n"},
      {"SET PASSWORD FOR 'root'@'localhost' = '", "';\n"},
      {"url=jdbc:oracle:thin:svc/", "@//db:1521/ORCL\n"},
      {"rocommunity ", " 10.0.0.0/8\n"},
      {"az login --service-principal -u app -p ", " --tenant t\n"},
      {"X3_PSWD=", "\n"},
      {"-name a@127.0.0.1\n-setcookie ", "\n"},
      {"[smtp.internal]:587 relay@internal:", "\n"},
      {"#cloud-config\nchpasswd:\n  list: |\n    root:", "\n"},
      {"curl -u admin:'", "' https://nexus.internal/\n"},
      {"PASSWORD = (\n  \"", "\"\n  \"\"\n)\n"},
  };
  for (const auto& [before, after] : kForms) {
    auto findings = scanObject(configMap("f", before + maker.make("<a:16>") + after));
    EXPECT_EQ(findings.size(), 1u) << before << ": " << listed(findings);
    for (const char* innocent : {"changeme", "${DB_PASSWORD}", "shop-db-password"}) {
      auto none = scanObject(configMap("f", std::string(before) + innocent + after));
      EXPECT_TRUE(none.empty()) << before << innocent << ": " << listed(none);
    }
  }
}

TEST(SecretPlaces, AnUnquotedPassphraseGoesToTheEndOfItsLine) {
  EXPECT_EQ(scanObject(configMap("f.ini",
                                 "a = b\npassword = walnut pewter cobalt lagoon\nc = d\n")).size(),
            1u);
  EXPECT_TRUE(scanObject(configMap("f.ini", "password = see the wiki page\n")).empty());
}

TEST(SecretPlaces, LiteralsInPieces) {
  SampleMaker maker;
  std::string text = "port = 80\nDB_PASSWORD = (\n    \"" + maker.make("<a:7>") + "\"\n    \"" +
                     maker.make("<a:9>") + "\"\n)\n";
  auto findings = scanObject(configMap("settings.py", text));
  EXPECT_EQ(findings.size(), 1u) << listed(findings);
  EXPECT_TRUE(
      scanObject(configMap("a.js", "const password = 'change' +\n  'me-please';\n")).empty());
}

TEST(SecretPlaces, AnEncodedLogin) {
  SampleMaker maker;
  EXPECT_EQ(scanObject(configMap(".npmrc",
                                 "_auth=" + base64Encode("ci:" + maker.make("<a:16>")) + "\n")).size(),
            1u);
  EXPECT_TRUE(
      scanObject(configMap(".npmrc", "_auth=" + base64Encode("ci:changeme") + "\n")).empty());
}

TEST(SecretPlaces, ABlockScalarOfOneLineIsAValue) {
  SampleMaker maker;
  EXPECT_EQ(scanObject(configMap("DB_PASSWORD", maker.make("<a:16>") + "\n")).size(), 1u);
}

TEST(SecretPlaces, HexadecimalText) {
  SampleMaker maker;
  std::string token = maker.make("gh~p_<a:30><crc62>");
  EXPECT_EQ(scanObject(configMap("TOKEN_HEX", hexOf(token))).size(), 1u);
  EXPECT_TRUE(
      scanObject(configMap("BANNER_HEX", hexOf("welcome to the shop, mind the step"))).empty());
}

TEST(SecretPlaces, RandomUuidsUnderAKeysName) {
  SampleMaker maker;
  for (const char* name :
       {"STATUSPAGE_API_KEY", "clientSecret", "VAULT_SECRET_ID", "NB_SETUP_KEY"}) {
    EXPECT_EQ(scanObject(withEnv(name, uuid(maker))).size(), 1u) << name;
  }
  for (const char* name : {"AZURE_CLIENT_ID", "TENANT_ID", "SECRET_NAME", "PASSWORD_POLICY_ID"}) {
    EXPECT_TRUE(scanObject(withEnv(name, uuid(maker))).empty()) << name;
  }
}

TEST(SecretPlaces, BearerHeaders) {
  SampleMaker maker;
  std::string nginx = "proxy_set_header Authorization \"Bearer ";
  EXPECT_EQ(scanObject(configMap("n", nginx + uuid(maker) + "\";\n")).size(), 1u);
  EXPECT_EQ(scanObject(configMap("n", nginx + maker.make("<a:9>!<a:9>%<a:3>") + "\";\n")).size(),
            1u);
  EXPECT_TRUE(scanObject(configMap("n", nginx + "$http_x_token\";\n")).empty());
  EXPECT_TRUE(scanObject(configMap("n", nginx + "your-token-goes-here\";\n")).empty());
}

TEST(SecretPlaces, AConnectionStringsPartsCountAlone) {
  SampleMaker maker;
  std::string before = "Server=db;Database=crm;User Id=app;Password=";
  auto findings =
      scanObject(withEnv("DB_PASSWORD", before + maker.make("<a:16>") + ";Encrypt=true"));
  EXPECT_EQ(findings.size(), 1u) << listed(findings);
  EXPECT_TRUE(scanObject(withEnv("DB_PASSWORD", before + "changeme;Encrypt=true")).empty());
}

TEST(SecretPlaces, XmlEntities) {
  SampleMaker maker;
  std::string add = "<add key=\"DbPassword\" value=\"";
  EXPECT_EQ(scanObject(configMap("web.config",
                                 add + maker.make("<a:9>&lt;<a:9>") + "\" />")).size(),
            1u);
  EXPECT_TRUE(
      scanObject(configMap("web.config", add + "getenv(&quot;DB_PASSWORD&quot;)\" />")).empty());
}

TEST(SecretPlaces, RealmsAndWebKeys) {
  SampleMaker maker;
  std::string users = R"({"users":[{"credentials":[{"type":"password","value":")";
  EXPECT_EQ(scanObject(configMap("realm.json", users + maker.make("<a:16>") + "\"}]}]}")).size(),
            1u);
  std::string key = R"({"kty":"EC","crv":"P-256","x":")" + maker.make("<b:43>") + "\"";
  EXPECT_EQ(scanObject(configMap("k.json",
                                 key + ",\"d\":\"" + maker.make("<b:43>") + "\"}")).size(),
            1u);
  EXPECT_TRUE(scanObject(configMap("k.json", key + "}")).empty());
}

TEST(SecretPlaces, Comments) {
  SampleMaker maker;
  Document document;
  document.object = configMap("A", "b");
  document.ref = refOf(document.object);
  document.comments = {" - name: DB_PASSWORD\n   value: " + maker.make("<a:16>") + "\n",
                       " the password is kept in the safe\n password: changeme\n"};
  document.texts[commentPath(0)].line = 7;
  document.texts[commentPath(1)].line = 12;
  std::vector<Document> documents;
  documents.push_back(document);
  Document secret = document;
  secret.object = {{"apiVersion", "v1"}, {"kind", "Secret"}};
  secret.ref = refOf(secret.object);
  documents.push_back(secret);
  auto findings = scanSecrets(ScanInput(std::move(documents)));
  ASSERT_EQ(findings.size(), 1u) << listed(findings);
  EXPECT_EQ(findings[0].line, 8);
  EXPECT_EQ(findings[0].tier, Tier::kAlert);
}

}  // namespace
}  // namespace firebreak::detect
