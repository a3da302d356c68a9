// The ServiceAccountToken rotator against the rules of the API server for legacy tokens: a token is taken
// as long as the Secret that it names holds just it. The real API server is asked in
// e2e/scenarios/70-rotation.sh.
#include <gtest/gtest.h>

#include "base/digest.h"
#include "remediate/plan/secrets.h"
#include "support/rotation_driver.h"

namespace firebreak::rotate {
namespace {

using firebreak::testing::MemorySecretStore;
using firebreak::testing::RotationDriver;
using Crash = MemorySecretStore::Crash;

constexpr const char* kType = "kubernetes.io/service-account-token";

std::string tokenFor(const std::string& secret, const std::string& account) {
  std::string claims = Json{{"kubernetes.io/serviceaccount/secret.name", secret},
                            {"account", account}}
                           .dump();
  std::string text = base64Encode(claims);
  for (char& c : text) c = c == '+' ? '-' : c == '/' ? '_' : c;
  while (text.ends_with('=')) text.pop_back();
  return "header." + text + ".signature-of-" + secret;
}

// Knows tokens as the API server does, and fills token Secrets as its controller does.
class Tokens : public ClusterAccess {
 public:
  explicit Tokens(MemorySecretStore& store) : store_(store) {}

  Result<std::string> userOf(const SecretValue& token) override {
    for (const std::string& name : store_.names()) {
      const StoredSecret& secret = store_.at("shop", name);
      auto held = secret.data.find("token");
      if (secret.type != kType || held == secret.data.end()) continue;
      if (token.bytes() == tokenFor(name, accountOf(secret)) &&
          held->second.bytes() == token.bytes()) {
        return "system:serviceaccount:shop:" + accountOf(secret);
      }
    }
    return fail(ErrorCode::kUnauthorized, "refused");
  }
  Result<nlohmann::json> get(const ApiKind&, const std::string&, const std::string&) override {
    return fail(ErrorCode::kNotFound, "none");
  }
  Status merge(const ApiKind&, const std::string&, const std::string&, const std::string&,
               const nlohmann::json&) override {
    return fail(ErrorCode::kNotFound, "none");
  }
  void fill() {
    for (const std::string& name : store_.names()) {
      const StoredSecret& secret = store_.at("shop", name);
      if (secret.type != kType || secret.data.contains("token")) continue;
      store_.overwrite("shop", name, "token", tokenFor(name, accountOf(secret)));
    }
  }

 private:
  static std::string accountOf(const StoredSecret& secret) {
    auto found = secret.meta.annotations.find("kubernetes.io/service-account.name");
    return found == secret.meta.annotations.end() ? "" : found->second;
  }
  MemorySecretStore& store_;
};

class AccountToken : public ::testing::Test {
 protected:
  AccountToken() {
    StoredSecret secret;
    secret.meta.ns = "shop";
    secret.meta.name = "robot";
    secret.meta.uid = "uid-secret";
    secret.meta.annotations = {{"kubernetes.io/service-account.name", "robot"}};
    secret.type = kType;
    secret.data.emplace("token", SecretValue(tokenFor("robot", "robot")));
    driver.store.put(secret);
    driver.cluster = &tokens;
    plan(1);
  }
  void plan(int64_t episode) {
    remediate::RotationTarget target;
    target.secret = {{"metadata", {{"namespace", "shop"}, {"name", "robot"}, {"uid", "uid-secret"}}},
                     {"type", kType},
                     {"keys", {{"token", 900}}}};
    target.rotator = remediate::rotatorEntryFor(
        Json::array({{{"name", "r"},
                      {"type", "ServiceAccountToken"},
                      {"namespace", "shop"},
                      {"secret", "robot"}}}),
        "shop", "robot");
    target.remediationName = "exposed-secret-robot-1";
    target.remediationUid = "uid-remediation";
    target.episode = episode;
    driver.plan = remediate::planRotation(target);
  }
  // The controller comes after the first try.
  bool drive(const std::string& name) {
    if (driver.drive(name)) return true;
    tokens.fill();
    return driver.drive(name);
  }
  bool driveAll() {
    for (const std::string& name : driver.names()) {
      if (!drive(name)) return false;
    }
    return true;
  }
  std::string now() { return driver.store.at("shop", "robot").data.at("token").bytes(); }
  bool accepted(const std::string& token) { return tokens.userOf(SecretValue(token)).has_value(); }

  RotationDriver driver;
  Tokens tokens{driver.store};
};

TEST_F(AccountToken, TheSameSecretHoldsAnotherTokenAndTheOldOneIsRefused) {
  ASSERT_EQ(driver.names(),
            (std::vector<std::string>{"stage", "create", "write", "revoke", "remove-staging"}))
      << driver.plan.externalAction;
  std::string old = now();
  ASSERT_TRUE(driveAll()) << driver.said;
  EXPECT_NE(now(), old);
  EXPECT_TRUE(accepted(now()));
  EXPECT_FALSE(accepted(old));
  // The Secret and the one that its token belongs to.
  EXPECT_EQ(driver.store.names().size(), 2u);
  EXPECT_EQ(driver.toldSoFar().find(old), std::string::npos);
  EXPECT_EQ(driver.toldSoFar().find(now()), std::string::npos);
}

TEST_F(AccountToken, TheNextRotationTakesTheHolderOfTheOneBeforeAway) {
  ASSERT_TRUE(driveAll()) << driver.said;
  std::string old = now();
  plan(2);
  ASSERT_TRUE(driveAll()) << driver.said;
  EXPECT_FALSE(accepted(old));
  EXPECT_TRUE(accepted(now()));
  EXPECT_EQ(driver.store.names().size(), 2u);
}

TEST_F(AccountToken, RollBackPutsTheOldTokenBackAndLeavesNothing) {
  std::string old = now();
  ASSERT_TRUE(drive("stage") && drive("create") && drive("write")) << driver.said;
  ASSERT_FALSE(accepted(old));
  ASSERT_TRUE(driver.undo("write") && driver.undo("create") && driver.undo("stage")) << driver.said;
  EXPECT_EQ(now(), old);
  EXPECT_TRUE(accepted(old));
  EXPECT_EQ(driver.store.names(), (std::vector<std::string>{"robot"}));
}

TEST_F(AccountToken, CutOffAtAnyWriteItEndsTheSame) {
  for (Crash how : {Crash::kBeforeWrite, Crash::kAfterWrite}) {
    for (int write = 0; write < 6; ++write) {
      RotationDriver fresh;
      Tokens known{fresh.store};
      StoredSecret secret = driver.store.at("shop", "robot");
      fresh.store.put(secret);
      fresh.cluster = &known;
      fresh.plan = driver.plan;
      fresh.store.crashAt(write, how);
      std::string old = secret.data.at("token").bytes();
      for (const std::string& name : fresh.names()) {
        bool done = fresh.drive(name);
        if (!done) known.fill();
        ASSERT_TRUE(done || fresh.drive(name)) << name << " " << write << "\n" << fresh.said;
      }
      std::string now = fresh.store.at("shop", "robot").data.at("token").bytes();
      EXPECT_TRUE(known.userOf(SecretValue(now)).has_value()) << write;
      EXPECT_FALSE(known.userOf(SecretValue(old)).has_value()) << write;
      EXPECT_EQ(fresh.store.names().size(), 2u) << write;
    }
  }
}

TEST_F(AccountToken, ATokenOfAnotherAccountIsNotRotated) {
  StoredSecret secret = driver.store.at("shop", "robot");
  secret.meta.annotations["kubernetes.io/service-account.name"] = "admin";
  driver.store.put(secret);
  EXPECT_FALSE(driver.drive("stage"));
  EXPECT_NE(driver.said.find("IdentityMismatch"), std::string::npos);
  EXPECT_EQ(driver.store.names(), (std::vector<std::string>{"robot"}));
}

TEST_F(AccountToken, NothingIsRevokedWhereTheSecretWasChangedSince) {
  ASSERT_TRUE(drive("stage") && drive("create") && drive("write")) << driver.said;
  driver.store.overwrite("shop", "robot", "token", "somebody-elses");
  EXPECT_FALSE(driver.drive("revoke"));
  EXPECT_EQ(driver.store.names().size(), 3u);
}

}  // namespace
}  // namespace firebreak::rotate
