// kubeconfig, in-cluster and exec plugins: which file wins, and what a bad one says.
#include "kube/config.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "base/digest.h"
#include "kube/credentials.h"
#include "kube/exec_plugin.h"
#include "support/fake_clock.h"

namespace firebreak::kube {
namespace {

namespace fs = std::filesystem;

class ConfigTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder = fs::path(testing::TempDir()) / ("firebreak-config-" + std::to_string(getpid()));
    fs::create_directories(folder);
  }
  void TearDown() override { fs::remove_all(folder); }
  std::string write(const std::string& name, const std::string& text) {
    const fs::path path = folder / name;
    fs::create_directories(path.parent_path());
    std::ofstream(path) << text;
    return path.string();
  }
  fs::path folder;
};

const char* const kFull = R"(
apiVersion: v1
kind: Config
current-context: one
clusters:
- name: c1
  cluster: {server: "https://one.example:6443/", certificate-authority: pki/ca.crt, tls-server-name: kubernetes, proxy-url: "http://proxy:3128"}
- name: c2
  cluster: {server: "https://two.example", certificate-authority-data: Q0E=, insecure-skip-tls-verify: true}
users:
- name: u1
  user: {client-certificate: pki/u.crt, client-key-data: S0VZ, tokenFile: token}
- name: u2
  user:
    exec:
      apiVersion: client.authentication.k8s.io/v1
      command: ./plugin
      args: [--x, "1"]
      env: [{name: A, value: b}]
      provideClusterInfo: true
contexts:
- name: one
  context: {cluster: c1, user: u1, namespace: shop}
- name: two
  context: {cluster: c2, user: u2}
)";

TEST_F(ConfigTest, ReadsAContextWithPathsRelativeToTheFile) {
  const std::string path = write("config", kFull);
  auto config = loadKubeconfig(path, "");
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->contextName, "one");
  EXPECT_EQ(config->ns, "shop");
  EXPECT_EQ(config->server, "https://one.example:6443");
  EXPECT_EQ(config->caFile, (folder / "pki/ca.crt").string());
  EXPECT_EQ(config->certFile, (folder / "pki/u.crt").string());
  EXPECT_EQ(config->keyPem, "KEY");
  EXPECT_EQ(config->tokenFile, (folder / "token").string());
  EXPECT_EQ(config->tlsServerName, "kubernetes");
  EXPECT_EQ(config->proxyUrl, "http://proxy:3128");
}

TEST_F(ConfigTest, ChoosesAnotherContextAndReadsItsPlugin) {
  const std::string path = write("config", kFull);
  auto config = loadKubeconfig(path, "two");
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->ns, "default");
  EXPECT_EQ(config->caPem, "CA");
  EXPECT_TRUE(config->insecureSkipTlsVerify);
  ASSERT_TRUE(config->exec);
  EXPECT_EQ(config->exec->command, (folder / "plugin").string());
  EXPECT_EQ(config->exec->args, (std::vector<std::string>{"--x", "1"}));
  EXPECT_TRUE(config->exec->provideClusterInfo);
}

TEST_F(ConfigTest, MergesSeveralFilesTheFirstOneWins) {
  const std::string first = write("first", "current-context: two\n");
  const std::string second = write("second", kFull);
  auto config = loadKubeconfig(first + ":/nowhere:" + second, "");
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->contextName, "two");
}

TEST_F(ConfigTest, NamesWhatIsWrong) {
  const struct {
    const char* text;
    const char* context;
    const char* says;
  } cases[] = {
      {"a: [", "", "read kubeconfig"},
      {"just text", "", "it is no mapping"},
      {"{}", "", "it has no current-context"},
      {kFull, "three", "there is no context \"three\""},
      {"contexts: [{name: x, context: {cluster: c}}]", "x", "names cluster \"c\""},
      {"contexts: [{name: x, context: {cluster: c}}]\nclusters: [{name: c, cluster: {server: h}}]",
       "x", "must start with https://"},
      {"contexts: [{name: x, context: {cluster: c, user: u}}]\n"
       "clusters: [{name: c, cluster: {server: 'https://h'}}]",
       "x", "names user \"u\""},
      {"contexts: [{name: x, context: {cluster: c}}]\n"
       "clusters: [{name: c, cluster: {server: 'https://h', certificate-authority-data: '%%'}}]",
       "x", "certificate-authority-data is not base64"},
  };
  for (const auto& c : cases) {
    auto config = loadKubeconfig(write("config", c.text), c.context);
    ASSERT_FALSE(config) << c.text;
    EXPECT_NE(config.error().message.find(c.says), std::string::npos) << config.error().message;
  }
  EXPECT_NE(loadKubeconfig("/nowhere", "").error().message.find("/nowhere: no such file"),
            std::string::npos);
}

TEST_F(ConfigTest, ReadsTheServiceAccountOfAPod) {
  const std::string base = "var/run/secrets/kubernetes.io/serviceaccount/";
  write(base + "token", "t");
  write(base + "namespace", "firebreak-system");
  setenv("KUBERNETES_SERVICE_HOST", "fd00::1", 1);
  setenv("KUBERNETES_SERVICE_PORT", "6443", 1);
  auto config = inClusterConfig(folder.string() + "/");
  unsetenv("KUBERNETES_SERVICE_HOST");
  unsetenv("KUBERNETES_SERVICE_PORT");
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->server, "https://[fd00::1]:6443");
  EXPECT_EQ(config->ns, "firebreak-system");
  EXPECT_FALSE(inClusterConfig(folder.string()));
}

TEST_F(ConfigTest, RunsAPluginAndReadsItsCredential) {
  const std::string plugin = write("plugin", R"(#!/bin/sh
[ "$A" = b ] && [ "$1" = --x ] || exit 1
case "$KUBERNETES_EXEC_INFO" in *'"server":"https://h"'*) ;; *) exit 2;; esac
echo '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"t","expirationTimestamp":"2026-11-22T15:04:05Z"}}'
)");
  fs::permissions(plugin, fs::perms::owner_all);
  ClusterConfig config;
  config.server = "https://h";
  config.exec =
      ExecPlugin{"client.authentication.k8s.io/v1", plugin, {"--x"}, {{"A", "b"}}, "", true};
  auto credential = runExecPlugin(config);
  ASSERT_TRUE(credential) << credential.error().message;
  EXPECT_EQ(credential->token, "t");
  EXPECT_TRUE(credential->expires);
  config.exec->env.clear();
  config.exec->installHint = "install it so";
  auto failed = runExecPlugin(config);
  ASSERT_FALSE(failed);
  EXPECT_NE(failed.error().message.find("install it so"), std::string::npos);
  config.exec->command = "/nowhere/plugin";
  EXPECT_FALSE(runExecPlugin(config));
}

TEST_F(ConfigTest, DoesNotWaitForAPluginForEver) {
  const std::string plugin = write("plugin", "#!/bin/sh\nexec sleep 600\n");
  fs::permissions(plugin, fs::perms::owner_all);
  ClusterConfig config;
  config.exec = ExecPlugin{"client.authentication.k8s.io/v1", plugin, {}, {}, "", false};
  EXPECT_FALSE(runExecPlugin(config, std::chrono::milliseconds(50)));
}

TEST_F(ConfigTest, RefusesOutputThatIsNoCredentialWithoutShowingIt) {
  for (const char* output : {"secret-token", R"({"kind":"ExecCredential"})",
                             R"({"apiVersion":"client.authentication.k8s.io/v1","status":{}})"}) {
    auto credential = parseExecCredential(output, "p");
    ASSERT_FALSE(credential) << output;
    EXPECT_EQ(credential.error().message.find("secret-token"), std::string::npos);
  }
}

TEST_F(ConfigTest, ReadsATokenFileAgainAfterTenSeconds) {
  FakeClock clock;
  ClusterConfig config;
  config.tokenFile = write("token", "old\n");
  Credentials credentials(config, clock);
  ASSERT_TRUE(credentials.renew());
  write("token", "new\n");
  EXPECT_EQ(credentials.current()->headers, std::vector<std::string>{"Authorization: Bearer old"});
  clock.advance(std::chrono::seconds(10));
  EXPECT_EQ(credentials.current()->headers, std::vector<std::string>{"Authorization: Bearer new"});
  fs::remove(config.tokenFile);
  clock.advance(std::chrono::seconds(10));
  EXPECT_EQ(credentials.current()->headers, std::vector<std::string>{"Authorization: Bearer new"})
      << "the last good one is kept";
}

TEST_F(ConfigTest, LooksAtTheFilesAtOnceWhereAConnectionFailed) {
  FakeClock clock;
  ClusterConfig config;
  config.caFile = write("ca", "old");
  Credentials credentials(config, clock);
  ASSERT_TRUE(credentials.renew());
  write("ca", "new");
  EXPECT_EQ(credentials.current()->caPem, "old");
  credentials.suspect();
  EXPECT_EQ(credentials.current()->caPem, "new");
}

TEST_F(ConfigTest, ImpersonatesWithUidGroupsAndExtra) {
  FakeClock clock;
  ClusterConfig config;
  config.impersonateUser = "jane";
  config.impersonateUid = "42";
  config.impersonateGroups = {"devs", "ops"};
  config.impersonateExtra = {{"example.org/scope", "read"}};
  Credentials credentials(config, clock);
  ASSERT_TRUE(credentials.renew());
  EXPECT_EQ(credentials.current()->headers,
            (std::vector<std::string>{"Impersonate-User: jane", "Impersonate-Group: devs",
                                      "Impersonate-Group: ops", "Impersonate-Uid: 42",
                                      "Impersonate-Extra-example.org%2Fscope: read"}));
}

TEST_F(ConfigTest, DoesNotRunAPluginForEveryRequestBecauseItsTokensAreShort) {
  FakeClock clock;
  ClusterConfig config;
  const std::string plugin = write(
      "short", "#!/bin/sh\nprintf '{\"apiVersion\":\"client.authentication.k8s.io/v1\",\"status\":"
               "{\"token\":\"t\",\"expirationTimestamp\":\"2026-11-22T15:04:25Z\"}}'\n");
  fs::permissions(plugin, fs::perms::owner_all);
  config.exec = ExecPlugin{"client.authentication.k8s.io/v1", plugin, {}, {}, "", false};
  Credentials credentials(config, clock);
  ASSERT_TRUE(credentials.renew());
  EXPECT_FALSE(credentials.expiring()) << "it gave twenty seconds, just now";
  clock.advance(std::chrono::seconds(10));
  EXPECT_TRUE(credentials.expiring());
}

TEST_F(ConfigTest, SaysWhichFileOfACredentialIsMissing) {
  FakeClock clock;
  ClusterConfig config;
  config.caFile = "/nowhere/ca.crt";
  Credentials credentials(config, clock);
  auto status = credentials.renew();
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().message,
            "read certificate authority /nowhere/ca.crt: missing, empty or not readable");
}

}  // namespace
}  // namespace firebreak::kube
