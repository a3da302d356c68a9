// The PostgreSQL rotator against a real server: what the application sees while its login is
// rotated, what becomes of the previous one, and what a crash, a roll-back or a wrong Secret does.
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>

#include "remediate/plan/secrets.h"
#include "remediate/rotate/postgres_connection.h"
#include "remediate/rotate/staging.h"
#include "support/memory_secret_store.h"
#include "support/postgres_server.h"

namespace firebreak::rotate {
namespace {

using Effect = Observation::Effect;
using firebreak::testing::MemorySecretStore;
using firebreak::testing::PostgresServerProcess;
using Crash = MemorySecretStore::Crash;

constexpr const char* kOld = "the-Old-password-5kQ";
// Needs quoting in every statement that it stands in.
constexpr const char* kRole = "shop \"app\"";

class PostgresRotation : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    if (!PostgresServerProcess::programs().empty()) {
      server_ = std::make_unique<PostgresServerProcess>();
    }
  }
  static void TearDownTestSuite() { server_.reset(); }

  void SetUp() override {
    if (!server_) GTEST_SKIP() << "no PostgreSQL server is installed (apt-get install postgresql-15)";
    where_ = {"127.0.0.1", server_->port(), "postgres"};
    auto admin = administrator();
    ASSERT_TRUE(admin.has_value()) << admin.error().message;
    std::string base = *admin->quoted(kRole);
    std::string other = *admin->quoted(std::string(kRole) + "_alt");
    // What is not there yet cannot be dropped; that is fine.
    for (const std::string& sql : std::vector<std::string>{
             "DROP TABLE IF EXISTS made", "DROP ROLE IF EXISTS " + other, "DROP OWNED BY " + base,
             "DROP ROLE IF EXISTS " + base}) {
      (void)admin->execute(sql);
    }
    ASSERT_TRUE(admin->execute("CREATE ROLE " + base + " LOGIN").has_value());
    auto verifier = admin->verifier(kRole, SecretValue(kOld));
    ASSERT_TRUE(
        admin->execute("ALTER ROLE " + base + " PASSWORD '" + verifier->bytes() + "'").has_value());
    ASSERT_TRUE(admin->execute("GRANT CREATE ON SCHEMA public TO " + base).has_value());
    StoredSecret access;
    access.meta.ns = "firebreak-system";
    access.meta.name = "pg-admin";
    access.data.emplace("uri", SecretValue("postgres://postgres:" +
                                           PostgresServerProcess::adminPassword() + "@/"));
    store_.put(access);
  }

  Result<PostgresConnection> administrator() {
    return PostgresConnection::openAdmin(
        where_, SecretValue("user=postgres password=" + PostgresServerProcess::adminPassword()));
  }
  bool accepts(const std::string& role, const std::string& password) {
    return PostgresConnection::open(where_, role, SecretValue(password)).has_value();
  }
  // As a pod does that reads the Secret when it starts.
  bool applicationWorks() {
    const StoredSecret& secret = store_.at("shop", "db");
    auto user = secret.data.find("username");
    return accepts(user == secret.data.end() ? kRole : user->second.bytes(),
                   secret.data.at("password").bytes());
  }

  void plan(bool twoRoles, const std::string& user = kRole, const std::string& password = kOld) {
    StoredSecret secret;
    secret.meta.ns = "shop";
    secret.meta.name = "db";
    secret.meta.uid = "uid-secret";
    secret.data.emplace("password", SecretValue(password));
    if (twoRoles) secret.data.emplace("username", SecretValue(user));
    store_.put(secret);
    replan(twoRoles, 1);
  }
  void replan(bool twoRoles, int64_t episode) {
    remediate::RotationTarget target;
    target.secret = {{"metadata", {{"namespace", "shop"}, {"name", "db"}, {"uid", "uid-secret"}}},
                     {"type", "Opaque"},
                     {"keys", {{"password", 20}, {"username", 8}}}};
    Json keys = twoRoles ? Json{"username", "password"} : Json{"password"};
    target.rotator = remediate::rotatorEntryFor(
        Json::array({{{"name", "db"},
                      {"type", "PostgreSQL"},
                      {"namespace", "shop"},
                      {"secret", "db"},
                      {"keys", keys},
                      {"adminRef", {{"name", "pg-admin"}, {"key", "uri"}}},
                      {"postgresql",
                       {{"role", kRole}, {"host", "127.0.0.1"}, {"port", server_->port()}}}}}),
        "shop", "db");
    target.policy = "default";
    target.operatorNamespace = "firebreak-system";
    target.remediationName = "exposed-secret-db-1";
    target.remediationUid = "uid-remediation";
    target.episode = episode;
    plan_ = remediate::planRotation(target);
    ASSERT_EQ(plan_.externalAction, "");
    names_.clear();
    for (const Step& step : plan_.steps) names_.push_back(step.name);
    ASSERT_EQ(names_, (std::vector<std::string>{"stage", "create", "write", "revoke",
                                                "remove-staging"}));
  }

  const Step& step(const std::string& name) {
    return *std::find_if(plan_.steps.begin(), plan_.steps.end(),
                         [&](const Step& s) { return s.name == name; });
  }
  // As the executor does: looks, applies what is absent, looks again.
  bool drive(const std::string& name) {
    RotationContext context{store_, systemRandom(), systemClock()};
    const Rotator* rotator = rotatorFor(step(name));
    for (int attempt = 0; attempt < 5; ++attempt) {
      auto seen = rotator->observe(step(name), context);
      if (!seen) return told(seen.error());
      if (seen->effect == Effect::kPresent) return true;
      if (seen->effect == Effect::kForeign) return false;
      Status applied = rotator->apply(step(name), context);
      if (!applied && !told(applied.error()) && !isRetryable(applied.error())) return false;
    }
    return false;
  }
  bool undo(const std::string& name) {
    RotationContext context{store_, systemRandom(), systemClock()};
    Status undone = rotatorFor(step(name))->undo(step(name), context);
    return undone || told(undone.error());
  }
  // Keeps what an error says, to look for values in it.
  bool told(const Error& error) {
    said_ += error.message + "\n";
    return false;
  }
  void expectNothingTold() {
    std::string all = said_ + server_->log();
    for (const auto& step : plan_.steps) all += step.manifest.dump();
    for (const char* value : {kOld, "admin-of-the-test"}) {
      EXPECT_EQ(all.find(value), std::string::npos) << "a value is told";
    }
    std::string now = store_.at("shop", "db").data.at("password").bytes();
    EXPECT_EQ(all.find(now), std::string::npos) << "the new value is told";
  }

  static inline std::unique_ptr<PostgresServerProcess> server_;
  PostgresServer where_;
  MemorySecretStore store_;
  Plan plan_;
  std::vector<std::string> names_;
  std::string said_;
};

TEST_F(PostgresRotation, TwoRolesTakeTurnsAndNoRequestFails) {
  plan(true);
  auto held = PostgresConnection::open(where_, kRole, SecretValue(kOld));
  ASSERT_TRUE(held.has_value());
  for (const char* name : {"stage", "create", "write"}) {
    ASSERT_TRUE(drive(name)) << name << ": " << said_;
    EXPECT_TRUE(applicationWorks()) << name;
    // Those that still hold the previous login go on.
    EXPECT_TRUE(held->query("SELECT 1").has_value()) << name;
    EXPECT_TRUE(accepts(kRole, kOld)) << name;
  }
  ASSERT_TRUE(drive("revoke")) << said_;
  EXPECT_TRUE(applicationWorks());
  EXPECT_FALSE(accepts(kRole, kOld));
  EXPECT_FALSE(held->query("SELECT 1").has_value()) << "a session of the previous login is open";
  ASSERT_TRUE(drive("remove-staging"));
  EXPECT_EQ(store_.names(), (std::vector<std::string>{"pg-admin", "db"}));
  std::string user = store_.at("shop", "db").data.at("username").bytes();
  EXPECT_EQ(user, std::string(kRole) + "_alt");
  // What the other login makes belongs to the role.
  auto session = PostgresConnection::open(where_, user,
                                          store_.at("shop", "db").data.at("password"));
  ASSERT_TRUE(session.has_value());
  ASSERT_TRUE(session->execute("CREATE TABLE made (id int)").has_value());
  auto owner = administrator()->query("SELECT tableowner FROM pg_tables WHERE tablename = 'made'");
  ASSERT_TRUE(owner.has_value());
  EXPECT_EQ(owner->front(), kRole);
  expectNothingTold();

  // The next rotation goes back to the first role.
  replan(true, 2);
  for (const std::string& name : names_) ASSERT_TRUE(drive(name)) << name << ": " << said_;
  EXPECT_EQ(store_.at("shop", "db").data.at("username").bytes(), kRole);
  EXPECT_TRUE(applicationWorks());
  EXPECT_FALSE(accepts(kRole, kOld));
}

TEST_F(PostgresRotation, AWholeRotationLogsInSevenTimes) {
  plan(true);
  auto logins = [&] {
    const std::string log = server_->log();
    size_t count = 0;
    for (size_t at = 0; (at = log.find("connection received", at)) != std::string::npos; ++at) ++count;
    return count;
  };
  const size_t before = logins();
  for (const std::string& name : names_) ASSERT_TRUE(drive(name)) << name << ": " << said_;
  // As the role: the exposed one, the new one, the old one before and after; three as the administrator.
  EXPECT_EQ(logins() - before, 7U);
}

TEST_F(PostgresRotation, OneRoleIsCutOverAndItsOldSessionsEnd) {
  plan(false);
  auto held = PostgresConnection::open(where_, kRole, SecretValue(kOld));
  ASSERT_TRUE(held.has_value());
  for (const char* name : {"stage", "create", "write"}) ASSERT_TRUE(drive(name)) << name << said_;
  EXPECT_TRUE(applicationWorks());
  EXPECT_FALSE(accepts(kRole, kOld));
  auto fresh =
      PostgresConnection::open(where_, kRole, store_.at("shop", "db").data.at("password"));
  ASSERT_TRUE(fresh.has_value());
  ASSERT_TRUE(drive("revoke")) << said_;
  EXPECT_FALSE(held->query("SELECT 1").has_value());
  EXPECT_TRUE(fresh->query("SELECT 1").has_value()) << "a session of the new login was ended";
  ASSERT_TRUE(drive("remove-staging"));
  expectNothingTold();
}

TEST_F(PostgresRotation, ASecretOfSomebodyElseIsNotRotated) {
  struct {
    bool twoRoles;
    const char* user;
    const char* password;
  } cases[] = {{true, "postgres", "whatever-it-is"}, {true, kRole, "wrong"}, {false, kRole, "wrong"}};
  for (const auto& c : cases) {
    plan(c.twoRoles, c.user, c.password);
    said_.clear();
    EXPECT_FALSE(drive("stage"));
    EXPECT_NE(said_.find("IdentityMismatch"), std::string::npos) << said_;
    EXPECT_EQ(store_.names(), (std::vector<std::string>{"pg-admin", "db"}));
    EXPECT_TRUE(accepts(kRole, kOld));
  }
}

TEST_F(PostgresRotation, RollsBackWhileNothingIsRevoked) {
  for (bool twoRoles : {true, false}) {
    SetUp();
    store_.erase("shop", stagingName("db", "uid-remediation", 1));
    plan(twoRoles);
    for (const char* name : {"stage", "create", "write"}) ASSERT_TRUE(drive(name)) << said_;
    std::string user = twoRoles ? store_.at("shop", "db").data.at("username").bytes() : kRole;
    std::string fresh = store_.at("shop", "db").data.at("password").bytes();
    for (const char* name : {"write", "create", "stage"}) ASSERT_TRUE(undo(name)) << name << said_;
    EXPECT_TRUE(applicationWorks());
    EXPECT_TRUE(accepts(kRole, kOld));
    EXPECT_FALSE(accepts(user, fresh)) << "the login that nobody uses is left open";
    EXPECT_EQ(store_.names(), (std::vector<std::string>{"pg-admin", "db"}));
    EXPECT_FALSE(undo("revoke"));
    expectNothingTold();
  }
}

TEST_F(PostgresRotation, ACrashAtAnyWriteIsGoneOnFrom) {
  for (bool twoRoles : {true, false}) {
    for (int write = 0; write < 4; ++write) {
      for (Crash how : {Crash::kBeforeWrite, Crash::kAfterWrite}) {
        SetUp();
        plan(twoRoles);
        store_.crashAt(store_.writes() + write, how);
        for (const std::string& name : names_) {
          // The one that was cut off is looked at again.
          bool done = drive(name) || drive(name);
          ASSERT_TRUE(done) << name << " after write " << write << ": " << said_;
          EXPECT_TRUE(applicationWorks() || (name == "create" && !twoRoles)) << name;
        }
        EXPECT_FALSE(accepts(kRole, kOld));
        EXPECT_EQ(store_.names(), (std::vector<std::string>{"pg-admin", "db"}));
        store_.erase("shop", "db");
      }
    }
  }
  said_.clear();
}

TEST_F(PostgresRotation, AServerThatIsDownIsWaitedForAndNothingIsTold) {
  plan(true);
  ASSERT_TRUE(drive("stage"));
  server_->stop();
  said_.clear();
  EXPECT_FALSE(drive("create"));
  EXPECT_NE(said_.find("PostgreSQL 127.0.0.1"), std::string::npos) << said_;
  server_->start();
  for (const char* name : {"create", "write", "revoke", "remove-staging"}) {
    ASSERT_TRUE(drive(name)) << name << ": " << said_;
  }
  EXPECT_TRUE(applicationWorks());
  expectNothingTold();
}

TEST_F(PostgresRotation, NothingIsRevokedThatTheSecretStillHolds) {
  plan(true);
  for (const char* name : {"stage", "create"}) ASSERT_TRUE(drive(name));
  EXPECT_FALSE(drive("revoke"));
  EXPECT_TRUE(accepts(kRole, kOld));
  EXPECT_TRUE(applicationWorks());
}

}  // namespace
}  // namespace firebreak::rotate
