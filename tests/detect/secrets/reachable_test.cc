#include "detect/secrets/reachable.h"

#include <gtest/gtest.h>

#include <set>

namespace firebreak::detect {
namespace {

PodSpec console() {
  PodSpec spec;
  Container main;
  main.name = "ui";
  main.fieldPath = "containers[0]";
  EnvVar variable;
  variable.name = "TOKEN";
  variable.source = EnvVar::Source::kSecretKey;
  variable.refName = "by-env";
  variable.refKey = "token";
  main.env.push_back(variable);
  EnvVar literal;
  literal.name = "X";
  literal.value = "y";
  main.env.push_back(literal);
  main.envFrom.push_back({EnvFrom::Source::kSecret, "by-env-from", ""});
  main.envFrom.push_back({EnvFrom::Source::kConfigMap, "a-config-map", ""});
  main.mounts.push_back({"files", "/files", ""});
  spec.containers.push_back(main);
  spec.volumes.push_back({"files", {{VolumeSource::Kind::kSecret, "by-volume", {}}}});
  spec.volumes.push_back({"mixed",
                          {{VolumeSource::Kind::kSecret, "by-projection", {}},
                           {VolumeSource::Kind::kConfigMap, "a-config-map", {}}}});
  spec.imagePullSecrets.push_back("pull");
  return spec;
}

SecretObject secret(const std::string& name, const std::string& type = "Opaque",
                    const std::string& ns = "ops") {
  SecretObject object;
  object.meta.ns = ns;
  object.meta.name = name;
  object.meta.uid = "uid-" + name;
  object.type = type;
  return object;
}

const ExposureCause kCause{"open-dashboard-console-0",
                           {"apps/v1", "Deployment", "ops", "console", "uid-c"},
                           Tier::kRemediate};

TEST(Reachable, EveryWayAPodGetsASecret) {
  std::set<std::string> names;
  for (const SecretUse& use : secretsReachableBy(console())) names.insert(use.secret);
  EXPECT_EQ(names,
            (std::set<std::string>{"by-env", "by-env-from", "by-volume", "by-projection", "pull"}));
}

TEST(Reachable, EachBecomesAFindingWithItsCause) {
  auto found = exposedByConsequence(
      console(), kCause, {secret("by-env"), secret("by-volume"), secret("unrelated")}, {});
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].cause, "open-dashboard-console-0");
  EXPECT_EQ(found[0].finding.family, Family::kExposedSecret);
  EXPECT_EQ(found[0].finding.tier, Tier::kRemediate);
  EXPECT_EQ(found[0].finding.resource, (ObjectRef{"v1", "Secret", "ops", "by-env", "uid-by-env"}));
  EXPECT_EQ(found[0].finding.fieldPath, "data[\"token\"]");
  EXPECT_NE(found[0].finding.message.find("Deployment ops/console"), std::string::npos);
}

TEST(Reachable, ServiceAccountTokensAreFindingsToo) {
  auto found = exposedByConsequence(
      console(), kCause, {secret("by-volume", "kubernetes.io/service-account-token")}, {});
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].finding.severity, Severity::kCritical);
}

TEST(Reachable, NeverReleasesBootstrapTokensOrProtectedNamespaces) {
  EXPECT_TRUE(exposedByConsequence(console(), kCause,
                                   {secret("by-env", "helm.sh/release.v1"),
                                    secret("by-volume", "bootstrap.kubernetes.io/token"),
                                    secret("by-env-from", "Opaque", "elsewhere")},
                                   {})
                  .empty());
  EXPECT_TRUE(exposedByConsequence(console(), kCause, {secret("by-env")}, {"ops"}).empty());
  SecretObject staging = secret("by-env");
  staging.meta.labels["firebreak.dev/staging"] = "true";
  EXPECT_TRUE(exposedByConsequence(console(), kCause, {staging}, {}).empty());
}

TEST(Reachable, APullSecretIsOnlyShown) {
  auto found = exposedByConsequence(console(), kCause, {secret("pull")}, {});
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].finding.tier, Tier::kAlert);
}

TEST(Reachable, APersonsMarkIsAFinding) {
  SecretObject object = secret("s");
  EXPECT_FALSE(markedExposed(object).has_value());
  object.meta.annotations["firebreak.dev/exposed"] = "pasted into a chat";
  auto finding = markedExposed(object);
  ASSERT_TRUE(finding.has_value());
  EXPECT_EQ(finding->tier, Tier::kRemediate);
  EXPECT_EQ(finding->resource.name, "s");
  EXPECT_NE(finding->message.find("pasted into a chat"), std::string::npos);
}

}  // namespace
}  // namespace firebreak::detect
