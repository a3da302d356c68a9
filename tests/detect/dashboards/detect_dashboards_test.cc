#include "detect/dashboards/detect_dashboards.h"

#include <gtest/gtest.h>

#include "detect/dashboards/answers.h"
#include "detect/dashboards/console_world.h"

namespace firebreak::detect {
namespace {

ProbedPath openPath(Via via = Via::kNodePort, const std::string& id = "kube-web-view",
                    Grants grants = Grants::kControl) {
  ProbedPath path;
  path.endpoint.via = via;
  path.endpoint.reach = via == Via::kClusterIP ? Reach::kCluster : Reach::kPublished;
  path.endpoint.address = "192.168.0.2";
  path.endpoint.port = 30080;
  path.endpoint.servicePort = 80;
  path.product = &product(id);
  path.verdict = Verdict::kOpen;
  path.grants = grants;
  path.requestPath = "/clusters";
  return path;
}

DashboardObservation observed(std::vector<ProbedPath> paths) {
  DashboardObservation observation;
  observation.service = consoleService();
  observation.target = {"v1", "Service", "shop", "console", "uid-service"};
  observation.pods = {consolePod()};
  observation.paths = std::move(paths);
  return observation;
}

TEST(DetectDashboards, AnOpenControlConsoleThroughANodePortIsToBeRemediated) {
  const auto findings = detectDashboards(observed({openPath()}));
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].tier, Tier::kRemediate);
  EXPECT_EQ(findings[0].severity, Severity::kCritical);
  EXPECT_EQ(findings[0].rule, "open-kube-web-view");
  EXPECT_EQ(findings[0].resource.kind, "Service");
  EXPECT_EQ(findings[0].resource.uid, "uid-service");
  EXPECT_EQ(findings[0].fieldPath, "spec.ports[0]");
  EXPECT_NE(findings[0].evidence.at(0).detail.find("http://192.168.0.2:30080/clusters"),
            std::string::npos);
}

TEST(DetectDashboards, FromInsideTheClusterItIsAnAlertUnlessThePolicyAsksForMore) {
  auto observation = observed({openPath(Via::kClusterIP)});
  ASSERT_EQ(detectDashboards(observation).size(), 1U);
  EXPECT_EQ(detectDashboards(observation)[0].tier, Tier::kAlert);
  EXPECT_TRUE(openConsoleOf(observation).servicePorts.empty());
  observation.minReach = Reach::kCluster;
  EXPECT_EQ(detectDashboards(observation)[0].tier, Tier::kRemediate);
}

// Read-only and the whole console answer alike.
TEST(DetectDashboards, AConsoleThatItsSettingsLimitToReadingIsAnAlert) {
  auto observation = observed({openPath(Via::kNodePort, "dagster")});
  const auto runWith = [&](std::vector<std::string> args) {
    changeSpec(observation.pods[0], [&](PodSpec& spec) {
      spec.containers[0].image = "dagster-webserver:1.13";
      spec.containers[0].command = {"dagster-webserver"};
      spec.containers[0].args = std::move(args);
    });
  };
  runWith({"-h", "0.0.0.0", "--read-only"});
  EXPECT_EQ(detectDashboards(observation).at(0).tier, Tier::kAlert);
  EXPECT_TRUE(openConsoleOf(observation).openPaths.empty());
  runWith({"-h", "0.0.0.0"});
  EXPECT_EQ(detectDashboards(observation).at(0).tier, Tier::kRemediate);
}

TEST(DetectDashboards, OfTwoPodsBehindOneServiceTheUnlimitedOneCounts) {
  auto observation = observed({openPath(Via::kNodePort, "dagster")});
  observation.pods.push_back(consolePod("console-2"));
  for (Pod& pod : observation.pods) {
    changeSpec(pod, [&](PodSpec& spec) {
      spec.containers[0].image = "dagster-webserver:1.13";
      spec.containers[0].command = {"dagster-webserver"};
      if (pod.meta.name == "console-2") spec.containers[0].args = {"--read-only"};
    });
  }
  EXPECT_EQ(detectDashboards(observation).at(0).tier, Tier::kRemediate);
}

TEST(DetectDashboards, ADataConsoleIsAnAlert) {
  const auto findings =
      detectDashboards(observed({openPath(Via::kNodePort, "prometheus", Grants::kData)}));
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].tier, Tier::kAlert);
  EXPECT_EQ(findings[0].severity, Severity::kMedium);
}

TEST(DetectDashboards, ALoadBalancerForSomeAddressesOnlyIsAnAlert) {
  auto path = openPath(Via::kLoadBalancer);
  path.endpoint.narrowed = true;
  EXPECT_EQ(detectDashboards(observed({path}))[0].tier, Tier::kAlert);
}

TEST(DetectDashboards, LockedOtherAndSilentConsolesAreNoFindings) {
  for (Verdict verdict : {Verdict::kLocked, Verdict::kNotThisProduct, Verdict::kUnknown}) {
    auto path = openPath();
    path.verdict = verdict;
    EXPECT_TRUE(detectDashboards(observed({path})).empty()) << toString(verdict);
  }
}

TEST(DetectDashboards, ThePodsOwnSettingsMaySayThatMoreThanDataIsOpen) {
  auto observation = observed({openPath(Via::kNodePort, "grafana", Grants::kData)});
  changeSpec(observation.pods[0], [](PodSpec& spec) {
    spec.containers[0].image = "grafana/grafana";
    EnvVar enabled;
    enabled.name = "GF_AUTH_ANONYMOUS_ENABLED";
    enabled.value = "true";
    EnvVar role;
    role.name = "GF_AUTH_ANONYMOUS_ORG_ROLE";
    role.value = "Admin";
    spec.containers[0].env = {enabled, role};
  });
  EXPECT_EQ(detectDashboards(observation)[0].tier, Tier::kRemediate);
  changeSpec(observation.pods[0], [](PodSpec& spec) { spec.containers[0].env[1].value = "Viewer"; });
  EXPECT_EQ(detectDashboards(observation)[0].tier, Tier::kAlert);
}

TEST(DetectDashboards, SettingsDoNotOutweighAProofOfControlThatWasRefused) {
  auto observation = observed({openPath(Via::kNodePort, "kubectl-proxy", Grants::kData)});
  changeSpec(observation.pods[0], [](PodSpec& spec) {
    spec.containers[0].image = "registry.example.com/kubectl";
    spec.containers[0].command = {"kubectl", "proxy", "--address=0.0.0.0", "--accept-hosts=.*"};
  });
  EXPECT_EQ(detectDashboards(observation)[0].tier, Tier::kAlert);
}

TEST(DetectDashboards, OfPodsThatPublishThemselvesTheWorkloadIsMeant) {
  DashboardObservation observation = observed({openPath(Via::kHostPort)});
  observation.target = {"apps/v1", "Deployment", "shop", "console", "u7"};
  observation.paths[0].endpoint.fieldPath = "spec.containers[0].ports[0]";
  const auto findings = detectDashboards(observation);
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].tier, Tier::kRemediate);
  EXPECT_EQ(findings[0].resource, observation.target);
  EXPECT_EQ(findings[0].fieldPath, "spec.containers[0].ports[0]");
  EXPECT_NE(findings[0].message.find("reaches Deployment shop/console"), std::string::npos);
}

TEST(DetectDashboards, OneFindingForAllWaysToOnePort) {
  const auto observation = observed({openPath(), openPath(Via::kClusterIP), openPath()});
  ASSERT_EQ(detectDashboards(observation).size(), 1U);
  const auto console = openConsoleOf(observation);
  EXPECT_EQ(console.servicePorts, std::vector<int32_t>{80});
  EXPECT_EQ(console.openPaths.size(), 2U);  // the published ones
}

}  // namespace
}  // namespace firebreak::detect
