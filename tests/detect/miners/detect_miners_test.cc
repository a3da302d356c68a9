#include "detect/miners/detect_miners.h"

#include <gtest/gtest.h>

#include "detect/miners/addresses.h"

namespace firebreak::detect {
namespace {

constexpr char kConfig[] =
    R"({"donate-level":1,"pools":[{"url":"10.0.0.1:443","user":"me","tls":true}]})";

struct Scene {
  PodSpec spec;
  StringMap configMap;
  MinerInput input;

  Scene() {
    Container container;
    container.fieldPath = "containers[0]";
    container.name = "main";
    container.image = "registry.example/app:1";
    spec.containers.push_back(container);
    input.workload = {"v1", "Pod", "shop", "web", "uid-1"};
  }

  Container& container() { return spec.containers[0]; }

  void mountConfig(const std::string& folder, const std::string& key, const std::string& text) {
    configMap[key] = text;
    spec.volumes.push_back({"cm", {{VolumeSource::Kind::kConfigMap, "settings", {}}}});
    container().mounts.push_back({"cm", folder, ""});
  }

  std::vector<Finding> findings() {
    input.spec = &spec;
    input.configMap = [this](std::string_view, std::string_view name) {
      return name == "settings" ? &configMap : nullptr;
    };
    return detectMiners(input);
  }

  Finding only() {
    auto all = findings();
    EXPECT_EQ(all.size(), 1u);
    return all.empty() ? Finding() : all[0];
  }
};

TEST(DetectMiners, PointsAtTheArgumentThatSaysIt) {
  Scene scene;
  scene.input.specPath = "spec.template.spec";
  scene.container().command = {"/app", "--quiet"};
  scene.container().args = {"-o", "stratum+tcp://10.0.0.1:3333"};
  Finding finding = scene.only();
  EXPECT_EQ(finding.rule, "miner-command-line");
  EXPECT_EQ(finding.fieldPath, "spec.template.spec.containers[0].args[1]");
  EXPECT_EQ(finding.tier, Tier::kRemediate);
  EXPECT_EQ(finding.severity, Severity::kCritical);
  EXPECT_EQ(finding.container, "main");
  EXPECT_EQ(finding.resource.uid, "uid-1");
}

TEST(DetectMiners, GivesOneFindingPerContainer) {
  Scene scene;
  scene.container().command = {"xmrig", "-o", "stratum+tcp://10.0.0.1:3333"};
  scene.spec.containers.push_back(scene.spec.containers[0]);
  scene.spec.containers[1].fieldPath = "initContainers[0]";
  auto findings = scene.findings();
  ASSERT_EQ(findings.size(), 2u);
  EXPECT_EQ(findings[1].fieldPath, "spec.initContainers[0].command[2]");
}

TEST(DetectMiners, ThresholdDecidesTheTier) {
  Scene scene;
  scene.container().command = {"/app", "-o", "stratum+tcp://10.0.0.1:3333"};
  scene.input.threshold = 100;
  EXPECT_EQ(scene.only().tier, Tier::kAlert);
  scene.container().command = {"xmrig", "-c", "/x"};
  scene.input.threshold = 40;
  EXPECT_EQ(scene.only().tier, Tier::kRemediate);
}

TEST(DetectMiners, LiveArgumentsAreEnough) {
  Scene scene;
  scene.input.live = true;
  scene.container().args = {"-o", "10.0.0.1:443", "-u", kStandardAddress};
  EXPECT_EQ(scene.only().tier, Tier::kRemediate);
}

TEST(DetectMiners, LiveVariablesOfThePodItselfCountWhereArgumentsUseThem) {
  Scene scene;
  scene.input.live = true;
  scene.container().env.push_back(
      {"POOL", EnvVar::Source::kLiteral, "stratum+tcp://10.0.0.1:3333", "", ""});
  scene.container().args = {"-o", "$(POOL)"};
  EXPECT_EQ(scene.only().tier, Tier::kRemediate);
}

TEST(DetectMiners, LiveTextOfAConfigMapAloneFramesNobody) {
  Scene scene;
  scene.input.live = true;
  scene.container().command = {"/app", "-c", "/etc/app/config.json"};
  scene.mountConfig("/etc/app", "config.json", kConfig);
  Finding finding = scene.only();
  EXPECT_EQ(finding.rule, "miner-config");
  EXPECT_EQ(finding.tier, Tier::kAlert);
}

TEST(DetectMiners, LiveConfigurationThatIsOlderThanThePodIsThePodsOwn) {
  Scene scene;
  scene.input.live = true;
  scene.container().command = {"/app", "-c", "/etc/app/config.json"};
  scene.mountConfig("/etc/app", "config.json", kConfig);
  scene.input.settledConfigMap = [&](std::string_view, std::string_view) {
    return &scene.configMap;
  };
  EXPECT_EQ(scene.only().tier, Tier::kRemediate);
  scene.container().command = {"/app", "-c", "/etc/app/other.json"};
  EXPECT_TRUE(scene.findings().empty()) << "it is not what the container reads";
}

TEST(DetectMiners, LiveVariableOfAConfigMapAloneFramesNobody) {
  Scene scene;
  scene.input.live = true;
  scene.configMap["pool"] = "stratum+tcp://10.0.0.1:3333";
  scene.container().env.push_back({"POOL", EnvVar::Source::kConfigMapKey, "", "settings", "pool"});
  scene.container().args = {"--upstream", "$(POOL)"};
  EXPECT_EQ(scene.only().tier, Tier::kAlert);
}

TEST(DetectMiners, LiveConfigurationOfAProgramThatIsAMinerIsActedOn) {
  Scene scene;
  scene.input.live = true;
  scene.container().command = {"xmrig", "--config=/etc/app/config.json"};
  scene.mountConfig("/etc/app", "config.json", kConfig);
  EXPECT_EQ(scene.only().tier, Tier::kRemediate);
}

TEST(DetectMiners, LiveContainerThatDoesNotRunIsOnlyShown) {
  Scene scene;
  scene.input.live = true;
  scene.container().args = {"-o", "stratum+tcp://10.0.0.1:3333"};
  scene.input.running = std::set<std::string>{"other"};
  EXPECT_EQ(scene.only().tier, Tier::kAlert);
  scene.input.running = std::set<std::string>{"main"};
  EXPECT_EQ(scene.only().tier, Tier::kRemediate);
}

TEST(DetectMiners, AConfigurationThatNobodyReadsIsSilent) {
  Scene scene;
  scene.container().command = {"/feed", "--samples", "/samples"};
  scene.mountConfig("/samples", "sample-7.json", kConfig);
  EXPECT_TRUE(scene.findings().empty());
}

TEST(DetectMiners, AConfigurationIsReadByGrepForOtherReasons) {
  Scene scene;
  scene.container().command = {"sh", "-c", "grep -c pools /samples/x.json; sleep 1"};
  scene.mountConfig("/samples", "x.json", kConfig);
  EXPECT_TRUE(scene.findings().empty());
}

TEST(DetectMiners, AConfigurationInItsDefaultPlaceIsUsed) {
  Scene scene;
  scene.mountConfig("/app", "config.json", kConfig);
  Finding finding = scene.only();
  EXPECT_EQ(finding.tier, Tier::kRemediate);
  EXPECT_EQ(finding.fieldPath, "spec.containers[0].volumeMounts[0]");
}

TEST(DetectMiners, NamesLabelsAndPortsNeverScore) {
  Scene scene;
  scene.input.workload.name = "xmrig-monero-miner";
  scene.container().name = "xmrig";
  scene.container().ports.push_back({"stratum", 3333, 0, "", "TCP"});
  scene.container().command = {"sleep", "60"};
  EXPECT_TRUE(scene.findings().empty());
}

TEST(DetectMiners, AnImageWordIsShownAndItsProgramActedOn) {
  Scene scene;
  scene.container().image = "docker.io/someone/xmrig:6.21";
  Finding finding = scene.only();
  EXPECT_EQ(finding.rule, "miner-image");
  EXPECT_EQ(finding.tier, Tier::kAlert);
  scene.container().command = {"/usr/bin/xmrig"};
  EXPECT_EQ(scene.only().tier, Tier::kRemediate);
}

TEST(DetectMiners, ImageWordsEndAtLettersAndDigits) {
  for (const char* image : {"adminer:4", "helium/miner:1", "registry.example/administrator:1",
                            "celonis/process-miner", "rapidminer/studio", "axmrigb/c"}) {
    Scene scene;
    scene.container().image = image;
    EXPECT_TRUE(scene.findings().empty()) << image;
  }
}

TEST(DetectMiners, RegistersAndDisguiseOnlyAdd) {
  Scene scene;
  scene.container().privileged = true;
  scene.spec.volumes.push_back({"cpu", {{VolumeSource::Kind::kHostPath, "/dev/cpu", {}}}});
  scene.container().mounts.push_back({"cpu", "/dev/cpu", ""});
  scene.input.workload = {"apps/v1", "DaemonSet", "kube-system", "kube-proxy", "u"};
  EXPECT_TRUE(scene.findings().empty());
  scene.container().command = {"/node", "-o", "xmr.nanopool.org:14433"};
  Finding finding = scene.only();
  EXPECT_EQ(finding.tier, Tier::kRemediate);
}

TEST(DetectMiners, APauseImageWithACommandOnlyAdds) {
  Scene scene;
  scene.container().image = "registry.k8s.io/pause:3.9";
  scene.container().command = {"/bin/sh"};
  EXPECT_TRUE(scene.findings().empty());
  scene.container().command = {"/w", "pool.supportxmr.com:443"};
  EXPECT_EQ(scene.only().tier, Tier::kRemediate);
}

TEST(DetectMiners, TheEnvironmentContractCountsByItsValue) {
  Scene scene;
  scene.container().env.push_back({"POOL_USER", EnvVar::Source::kLiteral, "postgres", "", ""});
  scene.container().env.push_back({"POOL_URL", EnvVar::Source::kLiteral, "db:5432", "", ""});
  EXPECT_TRUE(scene.findings().empty());
  scene.container().env[1].value = "pool.supportxmr.com:443";
  Finding finding = scene.only();
  EXPECT_EQ(finding.rule, "miner-environment");
  EXPECT_EQ(finding.fieldPath, "spec.containers[0].env[1].value");
  EXPECT_EQ(finding.tier, Tier::kRemediate);
}

TEST(DetectMiners, ThePolicysImageIsProof) {
  Scene scene;
  scene.input.live = true;
  scene.input.extra.images = {"registry.example/app"};
  Finding finding = scene.only();
  EXPECT_EQ(finding.rule, "miner-image");
  EXPECT_EQ(finding.tier, Tier::kRemediate);
}

TEST(DetectMiners, APublishedMinerThatIsRunAsItIsMines) {
  Scene scene;
  scene.input.live = true;
  scene.container().image = "docker.io/metal3d/xmrig:latest";
  EXPECT_EQ(scene.only().tier, Tier::kRemediate);
  scene.container().args = {"--version"};
  EXPECT_EQ(scene.only().tier, Tier::kAlert);
  scene.container().args = {};
  scene.container().command = {"sleep", "60"};
  EXPECT_EQ(scene.only().tier, Tier::kAlert);
}

TEST(DetectMiners, ATagThatNamesAMinerIsShown) {
  Scene scene;
  scene.container().image = "registry.example/tools:xmrig-6.21@sha256:00";
  EXPECT_EQ(scene.only().tier, Tier::kAlert);
  scene.container().image = "registry.example/exporter:xmrig-1.0";
  EXPECT_TRUE(scene.findings().empty());
}

TEST(DetectMiners, AContractThatNamesAlgorithmAndWalletIsAMinersWhereverItsPoolIs) {
  Scene scene;
  scene.container().env = {{"XMRIG_URL", EnvVar::Source::kLiteral, "10.2.3.4:3333", "", ""},
                           {"XMRIG_USER", EnvVar::Source::kLiteral, std::string(kStandardAddress), "", ""},
                           {"XMRIG_ALGO", EnvVar::Source::kLiteral, "rx/0", "", ""}};
  EXPECT_EQ(scene.only().tier, Tier::kRemediate);
  scene.container().env = {{"DIGEST_ALGO", EnvVar::Source::kLiteral, "sha256d", "", ""}};
  EXPECT_TRUE(scene.findings().empty());
}

TEST(DetectMiners, WhatAnInitContainerWritesIsThereForTheOthers) {
  const std::string writes = "printf '%s' '" + std::string(kConfig) + "' > /work/c.json";
  Scene scene;
  scene.container().command = {"sh", "-c", writes};
  EXPECT_TRUE(scene.findings().empty()) << "nothing runs that could read it";
  scene.container().role = Container::Role::kInit;
  EXPECT_EQ(scene.only().tier, Tier::kRemediate);
}

TEST(DetectMiners, WhatASupervisorOrSystemdIsToStartIsRun) {
  for (const auto& [folder, file, text] : {
           std::tuple{"/etc/supervisor/conf.d", "web.conf", "[program:web]\ncommand=/srv/a -o stratum+tcp://h:3333\n"},
           std::tuple{"/s", "supervisord.conf", "[program:web]\ncommand = /srv/a -o stratum+tcp://h:3333\n"},
           std::tuple{"/etc/systemd/system", "web.service", "[Service]\nExecStart=-/srv/a -o stratum+tcp://h:3333\n"}}) {
    Scene scene;
    scene.mountConfig(folder, file, text);
    EXPECT_EQ(scene.only().tier, Tier::kRemediate) << folder;
  }
  Scene scene;
  scene.mountConfig("/etc/systemd/system", "web.service", "[Unit]\nDescription=stratum+tcp://h:3333 is blocked\n");
  EXPECT_TRUE(scene.findings().empty());
}

TEST(DetectMiners, AShopsWalletIsNoContractWithAMiner) {
  Scene scene;
  scene.container().env.push_back({"WALLET", EnvVar::Source::kLiteral, kStandardAddress, "", ""});
  EXPECT_TRUE(scene.findings().empty());
  scene.container().env[0].name = "MINER_WALLET";
  EXPECT_EQ(scene.only().tier, Tier::kAlert);
  scene.container().env[0].name = "WALLET";
  scene.container().env.push_back({"POOL", EnvVar::Source::kLiteral, "pool.supportxmr.com:443", "", ""});
  EXPECT_EQ(scene.only().tier, Tier::kRemediate);
}

}  // namespace
}  // namespace firebreak::detect
