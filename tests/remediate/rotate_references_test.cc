#include "remediate/rotate/references.h"

#include <gtest/gtest.h>

namespace firebreak::rotate {
namespace {

Json object(const char* kind, const char* ns, Json rest) {
  Json made = {{"apiVersion", "x/v1"}, {"kind", kind}, {"metadata", {{"namespace", ns}, {"name", "it"}}}};
  made.update(rest);
  return made;
}

std::string reasonFor(const Json& named) {
  auto found = referencesTo("web-tls", "shop", {named});
  if (found.empty()) return "";
  EXPECT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].treatment, Treatment::kNextRun);
  EXPECT_EQ(found[0].object.name, "it");
  return found[0].reason;
}

TEST(References, ServiceAccountsIngressesAndGatewaysAreNamed) {
  EXPECT_NE(reasonFor(object("ServiceAccount", "shop", {{"secrets", {{{"name", "a"}}, {{"name", "web-tls"}}}}})), "");
  EXPECT_NE(reasonFor(object("ServiceAccount", "shop", {{"imagePullSecrets", {{{"name", "web-tls"}}}}})), "");
  EXPECT_NE(reasonFor(object("Ingress", "shop", Json::parse(R"({"spec":{"tls":[{"secretName":"web-tls"}]}})"))), "");
  EXPECT_NE(reasonFor(object("Gateway", "edge", Json::parse(
                R"({"spec":{"listeners":[{"tls":{"certificateRefs":[{"name":"web-tls","namespace":"shop"}]}}]}})"))),
            "");
}

TEST(References, TheSameNameElsewhereIsAnotherSecret) {
  EXPECT_EQ(reasonFor(object("Ingress", "other", Json::parse(R"({"spec":{"tls":[{"secretName":"web-tls"}]}})"))), "");
  EXPECT_EQ(reasonFor(object("Gateway", "shop", Json::parse(
                R"({"spec":{"listeners":[{"tls":{"certificateRefs":[{"name":"web-tls","namespace":"edge"}]}}]}})"))),
            "");
  EXPECT_EQ(reasonFor(object("Ingress", "shop", Json::parse(R"({"spec":{"tls":[{"hosts":["web-tls"]}]}})"))), "");
  EXPECT_EQ(reasonFor(object("Ingress", "shop", Json::parse(R"({"spec":{"tls":"web-tls"}})"))), "");
}

TEST(References, AVolumesDriverReadsItsSecretWhenItIsMounted) {
  Json spec = Json::parse(R"({"volumes":[{"name":"a","csi":{"driver":"d","nodePublishSecretRef":{"name":"web-tls"}}},
    {"name":"b","azureFile":{"secretName":"files"}},{"name":"c","emptyDir":{}}]})");
  const std::vector<std::string> both = {"web-tls", "files"};
  EXPECT_EQ(driverSecretsOf(object("Pod", "shop", {{"spec", spec}})), both);
  EXPECT_EQ(driverSecretsOf(object("Deployment", "shop", {{"spec", {{"template", {{"spec", spec}}}}}})), both);
  EXPECT_EQ(driverSecretsOf(object("CronJob", "shop", {{"spec", {{"jobTemplate", {{"spec", {{"template", {{"spec", spec}}}}}}}}}})), both);

  ConsumerWorkload web;
  web.workload.kind = "Deployment";
  web.workload.meta = {};
  web.workload.meta.ns = "shop";
  web.workload.meta.name = "web";
  web.workload.spec = std::make_shared<PodSpec>();
  web.driverSecrets = {"web-tls"};
  auto users = consumersOf("web-tls", "shop", {web});
  ASSERT_EQ(users.size(), 1U);
  EXPECT_EQ(users[0].treatment, Treatment::kRestart);
  EXPECT_TRUE(users[0].fixedAtStart);
}

}  // namespace
}  // namespace firebreak::rotate
