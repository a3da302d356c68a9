// Passwords that people choose count where a password is expected; defaults, names and sentences
// that stand there do not.
#include "detect/secrets/chosen_password.h"

#include <gtest/gtest.h>

#include "detect/secrets/scan_support.h"
#include "detect/secrets/value_shape.h"

namespace firebreak::detect {
namespace {

using firebreak::testing::listed;
using firebreak::testing::scanObject;
using firebreak::testing::withEnv;

TEST(ChosenPassword, WordsWithNumbers) {
  for (const char* text :
       {"walnut7648", "Sparrow2019", "cobalt_walnut_604", "pewter-walnut-cobalt-42",
        "Walnut@8352", "Walnut#cobalt74", "grqx6129", "Straße#4417", "rzx417$", "qLKzsFrn"}) {
    EXPECT_TRUE(isChosenPassword(text)) << text;
    auto findings = scanObject(withEnv("DB_PASSWORD", text));
    EXPECT_EQ(findings.size(), 1u) << text;
    for (const Finding& finding : findings) EXPECT_EQ(finding.tier, Tier::kAlert) << text;
    // Under a name that asks for no password it is a name like any other.
    EXPECT_TRUE(scanObject(withEnv("DB_SCHEMA", text)).empty()) << text;
  }
}

TEST(ChosenPassword, NotDefaultsNorNames) {
  for (const char* text :
       {"admin2024", "password7648", "P4ssw0rd123", "harbor12345", "walnut123", "walnut000", "sha256",
        "argon2id", "pbkdf2-sha512", "utf-8", "eu-west-1", "shop-db-2", "checkout-db-2024",
        "payments-gateway-02", "node18", "version2024", "com.shop.v12", "getDbUser", "Contraseña",
        "30days", "v1.2.3", "$argon2id", "a-b-c-12", "test-1234"}) {
    EXPECT_FALSE(isChosenPassword(text)) << text;
    EXPECT_TRUE(scanObject(withEnv("DB_PASSWORD", text)).empty())
        << text << ": " << listed(scanObject(withEnv("DB_PASSWORD", text)));
  }
}

TEST(ChosenPassword, PhrasesOfCapitalisedWords) {
  for (const char* text : {"Pewter.Walnut.Cobalt7", "Walnut-Lagoon-Pewter3", "Quartz_Pewter_Walnut5",
                           "Lagoon.Welcome.Walnut52", "Cobalt-Quartz-Lagoon-Pewter80"}) {
    EXPECT_TRUE(isChosenPassword(text)) << text;
    auto findings = scanObject(withEnv("DB_PASSWORD", text));
    ASSERT_EQ(findings.size(), 1u) << text;
    EXPECT_EQ(findings[0].tier, Tier::kAlert) << text;
    EXPECT_TRUE(scanObject(withEnv("DB_SCHEMA", text)).empty()) << text;
    EXPECT_TRUE(scanObject(withEnv("API_TOKEN", text)).empty()) << text;
  }
  for (const char* text :
       {"Pewter.Walnut.Cobalt", "Admin.Password.Walnut7", "Azure.Storage.Account2", "Microsoft.Data.Walnut2",
        "com.pewter.Walnut7", "pewter.walnut.cobalt7", "Pewter.Walnut-Cobalt7", "PEWTER.WALNUT.COBALT7",
        "Pewter.WalnutFactory.Cobalt7", "Pewter.Walnut7.Cobalt", "Helm-Chart-Values3",
        "Build-Number-Release4", "Pewter.Walnut.Cobalt12345", "shop-db-primary-0", "Walnut.Sha.256",
        "db-0.pewter.svc"}) {
    EXPECT_FALSE(isChosenPassword(text)) << text;
    EXPECT_TRUE(scanObject(withEnv("DB_PASSWORD", text)).empty()) << text;
  }
}

TEST(ChosenPassword, AWordANumberAndADot) {
  for (const char* text : {"Walnut2016.", "Pewter.1974", "walnut.8352", "Cobalt.604", "lagoon.61"}) {
    EXPECT_TRUE(isChosenPassword(text)) << text;
    auto findings = scanObject(withEnv("DB_PASSWORD", text));
    ASSERT_EQ(findings.size(), 1u) << text;
    EXPECT_EQ(findings[0].tier, Tier::kAlert) << text;
    EXPECT_TRUE(scanObject(withEnv("DB_HOST", text)).empty()) << text;
    EXPECT_TRUE(scanObject(withEnv("API_TOKEN", text)).empty()) << text;
  }
  for (const char* text :
       {"worker.42", "walnut.2016", "pewter.yaml", "walnut12.", "Walnut.123", "Walnut.", "v1.2017",
        "release.17", "redis.6379", "walnut.7.2", "walnut-db.42", "db.walnut.42", "walnut.v2",
        "10.0.0.17", "secret.8352"}) {
    EXPECT_FALSE(isChosenPassword(text)) << text;
    EXPECT_TRUE(scanObject(withEnv("DB_PASSWORD", text)).empty()) << text;
  }
}

TEST(ChosenPassword, DigitsAlone) {
  for (const char* text : {"6273918450", "58203716", "937150264", "4071926385537"}) {
    EXPECT_TRUE(isDigitPassword(text)) << text;
    auto findings = scanObject(withEnv("VNC_PASSWORD", text));
    ASSERT_EQ(findings.size(), 1u) << text;
    EXPECT_EQ(findings[0].tier, Tier::kAlert) << text;
    // Elsewhere they are ids and counts.
    for (const char* name : {"ACCOUNT_ID", "API_TOKEN", "CLIENT_SECRET", "PASSWORD_MIN_LENGTH"}) {
      EXPECT_TRUE(scanObject(withEnv(name, text)).empty()) << name << " " << text;
    }
  }
  for (const char* text :
       {"5820371", "12345678", "98765432", "20240131", "31012024", "01312024", "20240131235959", "1712345987",
        "1712345987123", "11111111", "12121212", "58205820", "00000017", "0301234567", "80808443",
        "5432543254", "65432198", "58203716937150264", "58203716a", "+4930123456"}) {
    EXPECT_FALSE(isDigitPassword(text)) << text;
    EXPECT_TRUE(scanObject(withEnv("VNC_PASSWORD", text)).empty()) << text;
  }
}

TEST(ValueShape, GroupsOfSixAsApplesDevicesPropose) {
  for (const char* text : {"bqzkre-tnwoxv-hpRgw4", "vexdiz-Tkorbn-qw7hgf", "gofraM-bnhtik-qydz7p"}) {
    EXPECT_EQ(passwordStrength(text), PasswordStrength::kRandom) << text;
    for (const char* name : {"DB_PASSWORD", "CLIENT_SECRET"}) {
      auto findings = scanObject(withEnv(name, text));
      ASSERT_EQ(findings.size(), 1u) << name << " " << text;
      EXPECT_EQ(findings[0].tier, Tier::kAlert);
    }
    auto findings = scanObject(withEnv("DSN", "postgres://shop:" + std::string(text) + "@db.shop.svc/x"));
    ASSERT_EQ(findings.size(), 1u) << text;
    EXPECT_EQ(findings[0].tier, Tier::kRemediate);
    EXPECT_TRUE(scanObject(withEnv("RELEASE", text)).empty()) << text;
  }
  // Syllables may be words: never more than an Alert.
  EXPECT_EQ(passwordStrength("fogram-bohtik-qudiZ7"), PasswordStrength::kChosen);
  for (const char* text :
       {"custom-values-Layer2", "worker-remote-Backup7", "bqzkre-tnwoxv-hprgw4", "bqzkre-tnwoxv-hpRgwx",
        "bqzkre-tnwoxv-hpRGw4", "bqzkre_tnwoxv_hprgwx", "shop-api-7d4b9c6f5-x2x8q", "secret-tnwoxv-hprgwx"}) {
    EXPECT_EQ(passwordStrength(text), PasswordStrength::kNone) << text;
  }
}

TEST(ValueShape, RandomUuidsWhereASecretIsAskedFor) {
  const std::string uuid = "5b0e7c1d-92fa-4a36-8e47-d3c6f01b9a28";
  for (const char* name : {"password", "DB_PASSWORD", "secret", "clientSecret", "token", "CONSUL_HTTP_TOKEN",
                           "HEC_TOKEN", "secret_id", "SECRET_ID", "VAULT_SECRET_ID"}) {
    auto findings = scanObject(withEnv(name, uuid));
    ASSERT_EQ(findings.size(), 1u) << name;
    EXPECT_EQ(findings[0].tier, Tier::kAlert) << name;
  }
  for (const char* name : {"secretUid", "bwSecretId", "secretVersionId", "clientId", "CLIENT_ID", "tokenId",
                           "role_id", "passwordPolicyId", "tlsSecret", "existingSecret", "passwordSecretUuid",
                           "nextToken", "clientToken", "secretName", "secretRef"}) {
    EXPECT_TRUE(scanObject(withEnv(name, uuid)).empty()) << name << listed(scanObject(withEnv(name, uuid)));
  }
  // Made of the time: an id.
  for (const char* name : {"password", "secret", "secret_id"}) {
    EXPECT_TRUE(scanObject(withEnv(name, "5b0e7c1d-92fa-11ee-8e47-d3c6f01b9a28")).empty()) << name;
  }
  // The id of a secret in another store than Vault.
  EXPECT_TRUE(scanObject(withEnv("secret_id", "shopDb7xQ2kLmZ09aR")).empty());
}

TEST(ValueShape, FillersOfOtherLanguages) {
  for (const char* text :
       {"tu_contraseña_aquí", "BITTE_ÄNDERN", "bitte-aendern", "hier-Passwort-eintragen",
        "Votre_Mot_De_Passe!", "à_changer_ici", "sua-senha-aqui", "TROCAR_ESTA_SENHA", "da_cambiare_Tuo",
        "zmień_to_Hasło", "ИЗМЕНИТЬ_ПАРОЛЬ", "ваш-Пароль-сюда", "请修改密码!Abc", "パスワードを入力", "비밀번호-변경하세요", "buraya_Şifre_girin"}) {
    EXPECT_TRUE(isSample(text)) << text;
    EXPECT_TRUE(scanObject(withEnv("DB_PASSWORD", text)).empty()) << text;
  }
  for (const char* text : {"Straße#4417", "Bitte#4417kx", "Señal#Wq7361"}) {
    EXPECT_FALSE(isSample(text)) << text;
    EXPECT_EQ(scanObject(withEnv("DB_PASSWORD", text)).size(), 1u) << text;
  }
}

TEST(PublicHalves, AreNoSecrets) {
  const std::pair<const char*, const char*> kPublic[] = {
      {"DD_CLIENT_TOKEN", "pub7c1d92fa4a368e47d3c6f01b9a285b0e"},
      {"PADDLE_CLIENT_TOKEN", "live_7c1d92fa4a368e47d3c6f01b9a2"},
      {"confluent_api_key", "QX7RBN2KLW5TZP4D"},
      {"KAFKA_API_KEY", "QX7RBN2KLW5TZP4D"},
      {"OVH_APPLICATION_KEY", "7c1d92fa4a368e47"}};
  for (const auto& [name, value] : kPublic) EXPECT_TRUE(scanObject(withEnv(name, value)).empty()) << name;
  // Their other halves, and keys of the same form elsewhere.
  EXPECT_EQ(scanObject(withEnv("OVH_APPLICATION_SECRET_KEY", "7c1d92fa4a368e47d3c6f01b9a285b0e")).size(), 1u);
  EXPECT_EQ(scanObject(withEnv("SHOP_API_KEY", "QX7RBN2KLW5TZP4D")).size(), 1u);
  EXPECT_EQ(scanObject(withEnv("MOLLIE_API_TOKEN", "live_7c1d92fa4a368e47d3c6f01b9a28f5")).size(), 1u);
}

TEST(ChosenPassword, WordsInARowAreNoSentence) {
  for (const char* text : {"walnut pewter cobalt sparrow", "quartz walnut lagoon pewter cobalt"}) {
    EXPECT_TRUE(isWordPhrase(text)) << text;
    EXPECT_EQ(scanObject(withEnv("WIFI_PASSPHRASE", text)).size(), 1u) << text;
  }
  for (const char* text :
       {"enter your new password", "ask the platform team", "rotated every ninety days",
        "walnut pewter cobalt", "Walnut Pewter Cobalt Sparrow", "walnut, pewter cobalt sparrow",
        "must have at least twelve characters", "kept in the safe", "use capital letters only"}) {
    EXPECT_FALSE(isWordPhrase(text)) << text;
    EXPECT_TRUE(scanObject(withEnv("WIFI_PASSPHRASE", text)).empty()) << text;
  }
}

TEST(ValueShape, CodeThatFetchesAValueIsAReference) {
  for (const char* text :
       {"os.environ[\"DB_PASSWORD\"]", "System.getenv(\"DB_PASSWORD\")", "getenv(DB_PASSWORD)",
        "%env(DB_PASSWORD)%", "%(DB_PASSWORD)s", "%{env:DB_PASSWORD}", "$__file{/etc/secrets/db}",
        "$$__file{/etc/pw}",
        "@secret:db-password", "secretKeyRef:db/password", "process.env.DB_PASSWORD",
        "config.get('db/password')", "$HOME/secrets/db.txt", "github:API_KEY",
        "*9E128DA0C64A6FCCCDCFBDD0FC0A2C967C6DB36F", "secret=(\\w+)[0-9]"}) {
    EXPECT_TRUE(isReference(text)) << text;
    EXPECT_EQ(passwordStrength(text), PasswordStrength::kNone) << text;
  }
}

}  // namespace
}  // namespace firebreak::detect
