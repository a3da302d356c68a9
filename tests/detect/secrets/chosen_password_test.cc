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
        "@secret:db-password", "secretKeyRef:db/password", "process.env.DB_PASSWORD",
        "config.get('db/password')", "$HOME/secrets/db.txt", "github:API_KEY",
        "*9E128DA0C64A6FCCCDCFBDD0FC0A2C967C6DB36F", "secret=(\\w+)[0-9]"}) {
    EXPECT_TRUE(isReference(text)) << text;
    EXPECT_EQ(passwordStrength(text), PasswordStrength::kNone) << text;
  }
}

}  // namespace
}  // namespace firebreak::detect
