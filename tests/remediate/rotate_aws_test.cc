// The AWSAccessKey rotator against an IAM and STS emulator (moto) that checks signatures. e2e/unit
// runs it by tests/remediate/with-moto, which installs that; without, the tests say that they were skipped.
#include <curl/curl.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <memory>

#include "remediate/plan/secrets.h"
#include "remediate/rotate/aws_query.h"
#include "support/rotation_driver.h"

extern char** environ;

namespace firebreak::rotate {
namespace {

using firebreak::testing::RotationDriver;
using Crash = firebreak::testing::MemorySecretStore::Crash;

// The emulator, on a free port of 127.0.0.1. Its first three calls are let in without a signature:
// enough to make an administrator.
class Emulator {
 public:
  explicit Emulator(const char* program) {
    int fd = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address));
    socklen_t size = sizeof(address);
    ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
    ::close(fd);
    std::string port = std::to_string(ntohs(address.sin_port));
    url = "http://127.0.0.1:" + port + "/";
    ::setenv("INITIAL_NO_AUTH_ACTION_COUNT", "3", 1);
    posix_spawn_file_actions_t quiet;
    posix_spawn_file_actions_init(&quiet);
    posix_spawn_file_actions_addopen(&quiet, 1, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&quiet, 2, "/dev/null", O_WRONLY, 0);
    std::string host = "-H127.0.0.1";
    std::string listen = "-p" + port;
    std::string name = program;
    char* arguments[] = {name.data(), host.data(), listen.data(), nullptr};
    ::posix_spawn(&pid_, program, &quiet, nullptr, arguments, environ);
    posix_spawn_file_actions_destroy(&quiet);
    awaitListening(address);
  }
  ~Emulator() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  std::string url;

 private:
  static void awaitListening(sockaddr_in address) {
    for (int attempt = 0; attempt < 600; ++attempt) {
      int fd = ::socket(AF_INET, SOCK_STREAM, 0);
      bool up = ::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0;
      ::close(fd);
      if (up) return;
      ::usleep(100'000);
    }
  }
  pid_t pid_ = -1;
};

class AwsRotation : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    const char* program = std::getenv("FIREBREAK_MOTO");
    if (program == nullptr) return;
    emulator_ = std::make_unique<Emulator>(program);
    AwsKey nobody{"AKIDNOBODY", SecretValue("nothing")};
    ASSERT_TRUE(call(nobody, {{"Action", "CreateUser"}, {"UserName", "administrator"}}));
    ASSERT_TRUE(call(nobody, {{"Action", "PutUserPolicy"},
                              {"UserName", "administrator"},
                              {"PolicyName", "all"},
                              {"PolicyDocument",
                               R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow",)"
                               R"("Action":"*","Resource":"*"}]})"}}));
    admin_ = makeKey(nobody, "administrator");
  }
  static void TearDownTestSuite() { emulator_.reset(); }

  static bool call(const AwsKey& key,
                   const std::vector<std::pair<std::string, std::string>>& parameters) {
    auto answer = callAws("iam", emulator_->url, key, parameters);
    EXPECT_TRUE(answer.has_value()) << (answer ? "" : answer.error().message);
    return answer.has_value();
  }
  static AwsKey makeKey(const AwsKey& by, const std::string& user) {
    auto answer = callAws("iam", emulator_->url, by,
                          {{"Action", "CreateAccessKey"}, {"UserName", user}});
    EXPECT_TRUE(answer.has_value()) << (answer ? "" : answer.error().message);
    if (!answer) return {};
    return {answer->text("AccessKeyId"), SecretValue(answer->text("SecretAccessKey"))};
  }

  void SetUp() override {
    if (!emulator_) GTEST_SKIP() << "run by tests/remediate/with-moto";
    user_ = "shop-" + std::to_string(++users_);
    ASSERT_TRUE(call(admin_, {{"Action", "CreateUser"}, {"UserName", user_}}));
    old_ = makeKey(admin_, user_);
    StoredSecret admin;
    admin.meta.ns = "firebreak-system";
    admin.meta.name = "aws";
    admin.data.emplace("key", SecretValue(admin_.id + ":" + admin_.secret.bytes()));
    driver.store.put(admin);
    plan(old_);
  }
  void TearDown() override {
    if (!emulator_) return;
    std::string all = driver.toldSoFar();
    for (const AwsKey& key : {old_, admin_, now()}) {
      EXPECT_EQ(all.find(key.secret.bytes()), std::string::npos) << "a secret key is told";
    }
  }
  void plan(const AwsKey& holds, const std::string& role = "") {
    StoredSecret secret;
    secret.meta.ns = "shop";
    secret.meta.name = "aws";
    secret.meta.uid = "uid-secret";
    secret.data.emplace("AWS_ACCESS_KEY_ID", SecretValue(holds.id));
    secret.data.emplace("AWS_SECRET_ACCESS_KEY", holds.secret);
    driver.store.put(secret);
    remediate::RotationTarget target;
    target.secret = {{"metadata", {{"namespace", "shop"}, {"name", "aws"}, {"uid", "uid-secret"}}},
                     {"type", "Opaque"},
                     {"keys", {{"AWS_ACCESS_KEY_ID", 20}, {"AWS_SECRET_ACCESS_KEY", 40}}}};
    Json entry = {{"name", "aws"},
                  {"type", "AWSAccessKey"},
                  {"namespace", "shop"},
                  {"secret", "aws"},
                  {"keys", {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}},
                  {"awsAccessKey", {{"iamUserName", user_}, {"endpoint", emulator_->url}}}};
    if (role.empty()) entry["adminRef"] = {{"name", "aws"}, {"key", "key"}};
    if (!role.empty()) entry["awsAccessKey"]["roleArn"] = role;
    target.rotator = remediate::rotatorEntryFor(Json::array({entry}), "shop", "aws");
    target.operatorNamespace = "firebreak-system";
    target.remediationName = "exposed-secret-aws-1";
    target.remediationUid = "uid-remediation-" + user_;
    driver.plan = remediate::planRotation(target);
    ASSERT_EQ(driver.names(), (std::vector<std::string>{"stage", "create", "write", "revoke",
                                                        "remove-staging"}))
        << driver.plan.externalAction;
  }
  AwsKey now() {
    const auto& data = driver.store.at("shop", "aws").data;
    return {data.at("AWS_ACCESS_KEY_ID").bytes(), data.at("AWS_SECRET_ACCESS_KEY")};
  }
  bool accepted(const AwsKey& key) {
    return callAws("sts", emulator_->url, key, {{"Action", "GetCallerIdentity"}}).has_value();
  }
  // The emulator asks nobody for a signature for so many calls, and then everybody.
  static void letIn(int calls) {
    std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> curl(curl_easy_init(), &curl_easy_cleanup);
    std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)> headers(
        curl_slist_append(nullptr, "Content-Type: application/octet-stream"), &curl_slist_free_all);
    const std::string url = emulator_->url + "moto-api/reset-auth";
    const std::string body = std::to_string(calls);
    curl_easy_setopt(curl.get(), CURLOPT_URL, url.c_str());
    curl_easy_setopt(curl.get(), CURLOPT_HTTPHEADER, headers.get());
    curl_easy_setopt(curl.get(), CURLOPT_COPYPOSTFIELDS, body.c_str());
    curl_easy_setopt(curl.get(), CURLOPT_WRITEFUNCTION,
                     +[](char*, size_t size, size_t count, void*) { return size * count; });
    EXPECT_EQ(curl_easy_perform(curl.get()), CURLE_OK);
  }
  size_t keys() {
    auto answer = callAws("iam", emulator_->url, admin_,
                          {{"Action", "ListAccessKeys"}, {"UserName", user_}});
    return answer ? answer->texts("AccessKeyId").size() : 0;
  }

  static inline std::unique_ptr<Emulator> emulator_;
  static inline AwsKey admin_;
  static inline int users_ = 0;
  std::string user_;
  AwsKey old_;
  RotationDriver driver;
};

TEST_F(AwsRotation, TheNewKeyWorksAndTheOldOneIsGone) {
  ASSERT_TRUE(accepted(old_));
  for (const std::string& name : driver.names()) {
    ASSERT_TRUE(driver.drive(name)) << name << ": " << driver.said;
    EXPECT_TRUE(accepted(now())) << name;
  }
  EXPECT_NE(now().id, old_.id);
  EXPECT_FALSE(accepted(old_));
  EXPECT_EQ(keys(), 1U);
  EXPECT_EQ(driver.store.names(), (std::vector<std::string>{"aws", "aws"}));
}

// The emulator has no identity provider and lets an unsigned call in only while it asks nobody for a
// signature; so it is told for how many calls it shall not, and signs and checks all others.
TEST_F(AwsRotation, ARoleTakenOnByTheOperatorsTokenNeedsNoAdministratorsKey) {
  struct Token : WebIdentity {
    Result<SecretValue> token() override { return SecretValue("header.payload.signature"); }
  } token;
  driver.webIdentity = &token;
  ASSERT_TRUE(call(admin_, {{"Action", "CreateRole"},
                            {"RoleName", "rotator-" + user_},
                            {"AssumeRolePolicyDocument", "{}"}}));
  ASSERT_TRUE(call(admin_, {{"Action", "PutRolePolicy"},
                            {"RoleName", "rotator-" + user_},
                            {"PolicyName", "all"},
                            {"PolicyDocument",
                             R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow",)"
                             R"("Action":"*","Resource":"*"}]})"}}));
  plan(old_, "arn:aws:iam::123456789012:role/rotator-" + user_);
  for (const std::string& name : driver.names()) {
    letIn(100);
    ASSERT_TRUE(driver.drive(name)) << name << ": " << driver.said;
  }
  letIn(0);
  EXPECT_TRUE(accepted(now()));
  EXPECT_FALSE(accepted(old_));
  EXPECT_EQ(keys(), 1U);

  // What the role gave is taken with its session token, and not without.
  letIn(1);
  auto answer = callAws("sts", emulator_->url, {},
                        {{"Action", "AssumeRoleWithWebIdentity"},
                         {"RoleArn", "arn:aws:iam::123456789012:role/rotator-" + user_},
                         {"RoleSessionName", "test"},
                         {"WebIdentityToken", "header.payload.signature"}});
  ASSERT_TRUE(answer.has_value()) << answer.error().message;
  AwsKey role{answer->text("AccessKeyId"), SecretValue(answer->text("SecretAccessKey")),
              SecretValue(answer->text("SessionToken"))};
  EXPECT_TRUE(call(role, {{"Action", "ListAccessKeys"}, {"UserName", user_}}));
  role.session = SecretValue();
  EXPECT_FALSE(callAws("iam", emulator_->url, role, {{"Action", "ListAccessKeys"}, {"UserName", user_}}));
}

TEST_F(AwsRotation, WithoutATokenARoleIsSaidToNeedOne) {
  plan(old_, "arn:aws:iam::123456789012:role/rotator");
  EXPECT_FALSE(driver.drive("stage"));
  EXPECT_NE(driver.said.find("awsWebIdentity"), std::string::npos) << driver.said;
}

TEST_F(AwsRotation, ASignatureThatIsWrongIsRefused) {
  EXPECT_FALSE(accepted({old_.id, SecretValue("another secret")}));
}

TEST_F(AwsRotation, AnotherUsersKeyIsNotRotated) {
  ASSERT_TRUE(call(admin_, {{"Action", "CreateUser"}, {"UserName", user_ + "-other"}}));
  AwsKey other = makeKey(admin_, user_ + "-other");
  plan(other);
  EXPECT_FALSE(driver.drive("stage"));
  EXPECT_NE(driver.said.find("IdentityMismatch"), std::string::npos) << driver.said;
  EXPECT_TRUE(accepted(other));
  EXPECT_EQ(keys(), 1U);
}

TEST_F(AwsRotation, AQuotaThatIsReachedIsSaid) {
  makeKey(admin_, user_);
  EXPECT_FALSE(driver.drive("stage"));
  EXPECT_NE(driver.said.find("two access keys"), std::string::npos) << driver.said;
  EXPECT_TRUE(accepted(old_));
  EXPECT_EQ(keys(), 2U);
}

TEST_F(AwsRotation, AKeyThatComesInRightBeforeOursIsSaidAndLeftAlone) {
  ASSERT_TRUE(driver.drive("stage")) << driver.said;
  // After the ids were listed, before CreateAccessKey.
  AwsKey theirs;
  driver.store.beforeWrite = [&] {
    if (theirs.id.empty()) theirs = makeKey(admin_, user_);
  };
  EXPECT_FALSE(driver.drive("create"));
  EXPECT_NE(driver.said.find("has two access keys already"), std::string::npos) << driver.said;
  EXPECT_NE(driver.said.find("kubectl delete remediation exposed-secret-aws-1"), std::string::npos);
  EXPECT_TRUE(driver.undo("create") && driver.undo("stage")) << driver.said;
  EXPECT_TRUE(accepted(theirs)) << "a key that was never used is not ours for that";
  EXPECT_TRUE(accepted(old_));
}

TEST_F(AwsRotation, ACrashAtAnyWriteLeavesNoKeyBehind) {
  for (int write = 0; write < 5; ++write) {
    for (Crash how : {Crash::kBeforeWrite, Crash::kAfterWrite}) {
      plan(now());
      AwsKey before = now();
      driver.store.crashAt(driver.store.writes() + write, how);
      for (const std::string& name : driver.names()) {
        ASSERT_TRUE(driver.drive(name) || driver.drive(name))
            << name << " after write " << write << ": " << driver.said;
      }
      EXPECT_TRUE(accepted(now()));
      EXPECT_FALSE(accepted(before));
      EXPECT_EQ(keys(), 1U) << "after write " << write;
    }
  }
}

TEST_F(AwsRotation, ARollBackDeletesTheNewKeyOnly) {
  for (const char* name : {"stage", "create", "write"}) ASSERT_TRUE(driver.drive(name));
  AwsKey fresh = now();
  for (const char* name : {"write", "create", "stage"}) ASSERT_TRUE(driver.undo(name)) << driver.said;
  EXPECT_EQ(now().id, old_.id);
  EXPECT_TRUE(accepted(old_));
  EXPECT_FALSE(accepted(fresh));
  EXPECT_EQ(keys(), 1U);
}

}  // namespace
}  // namespace firebreak::rotate
