#include <gtest/gtest.h>

#include <algorithm>

#include "remediate/plan/literals.h"
#include "remediate/plan/secrets.h"

namespace firebreak::remediate {
namespace {

using rotate::Consumer;
using rotate::ConsumerWorkload;
using rotate::Treatment;

ConsumerWorkload workload(const std::string& kind, const std::string& name,
                          const std::string& secret = "api-token") {
  ConsumerWorkload made;
  Workload& w = made.workload;
  w.apiVersion = kind == "Pod" ? "v1" : "apps/v1";
  w.kind = kind;
  w.meta.ns = "shop";
  w.meta.name = name;
  w.meta.uid = "uid-" + name;
  auto spec = std::make_shared<PodSpec>();
  Container container;
  container.name = "main";
  container.fieldPath = "containers[0]";
  EnvVar variable;
  variable.name = "TOKEN";
  variable.source = EnvVar::Source::kSecretKey;
  variable.refName = secret;
  variable.refKey = "token";
  container.env.push_back(variable);
  spec->containers.push_back(container);
  w.spec = spec;
  return made;
}

RotationTarget target(std::vector<ConsumerWorkload> workloads = {}) {
  RotationTarget t;
  t.secret =
      withoutValues({{"metadata", {{"namespace", "shop"}, {"name", "api-token"}, {"uid", "uid-s"}}},
                     {"type", "Opaque"},
                     {"data", {{"token", "bm90LWEtcmVhbC1vbmU="}}}});
  t.rotator =
      RotatorEntry{"tokens", "Random", "shop", "api-token", {"token"}, false,
                   {{"random", {{"nature", "SharedToken"}}}}};
  t.policy = "default";
  t.consumers = rotate::consumersOf("api-token", "shop", workloads);
  t.remediationName = "exposed-secret-api-token-0";
  t.remediationUid = "uid-r";
  t.startedAt = WallTime{std::chrono::seconds(1763830000)};
  return t;
}

std::vector<std::string> names(const Plan& plan) {
  std::vector<std::string> names;
  for (const Step& step : plan.steps) names.push_back(step.name);
  return names;
}

TEST(RotationPlan, StagesWritesRestartsOneByOneAndGivesUpTheOldValueLast) {
  Plan plan = planRotation(target({workload("Deployment", "web"), workload("StatefulSet", "db"),
                                   workload("Deployment", "stranger", "other")}));
  EXPECT_EQ(names(plan), (std::vector<std::string>{"stage", "write", "restart-deployment-web",
                                                   "restart-statefulset-db", "remove-staging"}));
  EXPECT_TRUE(plan.externalAction.empty());
  EXPECT_TRUE(plan.steps[1].verifyFirst);
  EXPECT_TRUE(plan.steps[2].verifyFirst);
  EXPECT_EQ(plan.steps[2].proof, Proof::kRolledOut);
  EXPECT_EQ(plan.steps[4].delaySeconds, 3600);
  EXPECT_EQ(plan.steps[1].reversal, Reversal::kUntilRevoked);
}

TEST(RotationPlan, MakesTheAnnotationMapWhereTheTemplateHasNone) {
  ConsumerWorkload bare = workload("Deployment", "bare");
  ConsumerWorkload annotated = workload("Deployment", "annotated");
  annotated.workload.podAnnotations = {{"a", "b"}, {kRestartedAt, "2026-01-01T00:00:00Z"}};
  Plan plan = planRotation(target({bare, annotated}));
  const FieldEdit& whole = plan.steps.at(2).edits.at(0);
  EXPECT_EQ(whole.pointer, "/spec/template/metadata/annotations");
  EXPECT_FALSE(whole.before.has_value());
  const FieldEdit& one = plan.steps.at(3).edits.at(0);
  EXPECT_EQ(one.pointer, "/spec/template/metadata/annotations/firebreak.dev~1restartedAt");
  EXPECT_EQ(one.before, nlohmann::json("2026-01-01T00:00:00Z"));
  EXPECT_EQ(one.after, nlohmann::json("2025-11-22T16:46:40Z"));
}

TEST(RotationPlan, ComesOutTheSameFromItsOwnResult) {
  ConsumerWorkload before = workload("Deployment", "web");
  Plan first = planRotation(target({before}));
  ConsumerWorkload after = before;
  after.workload.podAnnotations = {{kRestartedAt, "2025-11-22T16:46:40Z"}};
  EXPECT_EQ(planRotation(target({after})).hash(), first.hash());
}

TEST(RotationPlan, ShowsNoValueAnywhere) {
  Plan plan = planRotation(target({workload("Deployment", "web")}));
  for (const Step& step : plan.steps) {
    EXPECT_EQ(patchText(step).find("bm90"), std::string::npos);
    EXPECT_EQ(patchText(step).find("not-a-real-one"), std::string::npos);
  }
}

TEST(RotationPlan, WithoutRotatorSaysPlaceAndProcedure) {
  RotationTarget t = target({workload("Deployment", "web")});
  t.rotator.reset();
  Plan plan = planRotation(t);
  EXPECT_TRUE(plan.steps.empty());
  EXPECT_NE(plan.externalAction.find("Secret shop/api-token"), std::string::npos);
  EXPECT_NE(plan.externalAction.find("no rotator of policy default"), std::string::npos);
  EXPECT_NE(plan.externalAction.find("kubectl -n shop rollout restart deployment/web"),
            std::string::npos);
}

struct Refusal {
  const char* name;
  nlohmann::json patch;  // merged into the Secret
  const char* says;
};

class RotationRefusals : public ::testing::TestWithParam<Refusal> {};

TEST_P(RotationRefusals, AreExternalActionsWithTheReason) {
  RotationTarget t = target();
  t.secret.merge_patch(GetParam().patch);
  Plan plan = planRotation(t);
  EXPECT_TRUE(plan.steps.empty());
  EXPECT_NE(plan.externalAction.find(GetParam().says), std::string::npos) << plan.externalAction;
}

nlohmann::json label(const char* key, const char* value) {
  return {{"metadata", {{"labels", {{key, value}}}}}};
}
nlohmann::json annotation(const char* key, const char* value) {
  return {{"metadata", {{"annotations", {{key, value}}}}}};
}

INSTANTIATE_TEST_SUITE_P(
    All, RotationRefusals,
    ::testing::Values(
        Refusal{
            "owner",
            {{"metadata", {{"ownerReferences", {{{"kind", "ExternalSecret"}, {"name", "x"}}}}}}},
            "owner ExternalSecret x"},
        Refusal{"helm", annotation("meta.helm.sh/release-name", "shop"), "Helm release shop"},
        Refusal{"helmLabel", label("app.kubernetes.io/managed-by", "Helm"), "managed by Helm"},
        Refusal{"flux", label("kustomize.toolkit.fluxcd.io/name", "apps"), "Flux Kustomization"},
        Refusal{"argo", label("argocd.argoproj.io/instance", "shop"), "Argo CD application shop"},
        Refusal{"argoTracking", annotation("argocd.argoproj.io/tracking-id", "x"), "Argo CD"},
        Refusal{"sealed", annotation("sealedsecrets.bitnami.com/managed", "true"), "SealedSecret"},
        Refusal{"immutable", {{"immutable", true}}, "immutable: true"},
        Refusal{"serviceAccountToken",
                {{"type", "kubernetes.io/service-account-token"}},
                "gives the same token again"},
        Refusal{"tls", {{"type", "kubernetes.io/tls"}}, "nothing that Random rotates"},
        Refusal{"noKey", {{"keys", {{"token", nullptr}}}}, "no value under key token"}),
    [](const auto& refusal) { return std::string(refusal.param.name); });

TEST(RotationPlan, AnythingButASharedTokenIsRefused) {
  RotationTarget t = target();
  t.rotator->parameters.erase("random");
  EXPECT_TRUE(planRotation(t).steps.empty());
  t = target();
  t.rotator->type = "PostgreSQL";
  EXPECT_TRUE(planRotation(t).steps.empty());
}

TEST(RotationPlan, AnOrdinaryManagedByLabelIsNoRefusal) {
  RotationTarget t = target();
  t.secret.merge_patch(label("app.kubernetes.io/managed-by", "kustomize"));
  EXPECT_FALSE(planRotation(t).steps.empty());
}

TEST(RotationPlan, KeepsTheOldValueWhileSomethingRunsWithIt) {
  ConsumerWorkload pod = workload("Pod", "bare-pod");
  Plan plan = planRotation(target({pod}));
  EXPECT_EQ(names(plan), (std::vector<std::string>{"stage", "write"}));
  ASSERT_GE(plan.caveats.size(), 2U);
  EXPECT_NE(plan.caveats[0].find("Pod shop/bare-pod"), std::string::npos);
}

TEST(RotationPlan, ReloadSelfRestartsNothing) {
  RotationTarget t = target({workload("Deployment", "web")});
  t.rotator->reloadsItself = true;
  t.consumers.at(0).fixedAtStart = false;
  EXPECT_EQ(names(planRotation(t)), (std::vector<std::string>{"stage", "write", "remove-staging"}));
}

TEST(Consumers, AreFoundByEveryWayOfUse) {
  auto spec = std::make_shared<PodSpec>();
  Container container;
  container.name = "c";
  container.envFrom.push_back({EnvFrom::Source::kSecret, "from-env", ""});
  container.mounts.push_back({"v", "/v", ""});
  container.mounts.push_back({"p", "/p", "sub"});
  spec->containers.push_back(container);
  spec->volumes.push_back({"v", {{VolumeSource::Kind::kSecret, "mounted", {}}}});
  spec->volumes.push_back({"p",
                           {{VolumeSource::Kind::kSecret, "projected", {}},
                            {VolumeSource::Kind::kConfigMap, "c", {}}}});
  spec->imagePullSecrets.push_back("pull");
  ConsumerWorkload w = workload("Deployment", "web");
  w.workload.spec = spec;
  auto of = [&](const char* name) { return rotate::consumersOf(name, "shop", {w}); };
  ASSERT_EQ(of("from-env").size(), 1U);
  EXPECT_TRUE(of("from-env")[0].fixedAtStart);
  ASSERT_EQ(of("mounted").size(), 1U);
  EXPECT_FALSE(of("mounted")[0].fixedAtStart);
  ASSERT_EQ(of("projected").size(), 1U);
  EXPECT_TRUE(of("projected")[0].fixedAtStart);
  ASSERT_EQ(of("pull").size(), 1U);
  EXPECT_EQ(of("pull")[0].treatment, Treatment::kNextRun);
  EXPECT_TRUE(of("c").empty());
  EXPECT_TRUE(rotate::consumersOf("mounted", "other", {w}).empty());
}

TEST(Consumers, AreCountedOnceAsTheOwnerThatCanBeRestarted) {
  ConsumerWorkload deployment = workload("Deployment", "web");
  ConsumerWorkload replicaSet = workload("ReplicaSet", "web-5d");
  replicaSet.workload.meta.controller = {"apps/v1", "Deployment", "shop", "web", "uid-web"};
  ConsumerWorkload rollout = workload("ReplicaSet", "canary");
  rollout.workload.meta.controller = {"argoproj.io/v1alpha1", "Rollout", "shop", "r",
                                      "uid-rollout"};
  ConsumerWorkload onDelete = workload("DaemonSet", "agent");
  onDelete.updateStrategy = "OnDelete";
  ConsumerWorkload job = workload("Job", "once");
  ConsumerWorkload cron = workload("CronJob", "nightly");
  auto consumers = rotate::consumersOf("api-token", "shop",
                                       {deployment, replicaSet, rollout, onDelete, job, cron});
  std::map<std::string, Treatment> treatments;
  for (const Consumer& c : consumers) treatments[c.object.name] = c.treatment;
  EXPECT_EQ(treatments, (std::map<std::string, Treatment>{{"web", Treatment::kRestart},
                                                          {"canary", Treatment::kByHand},
                                                          {"agent", Treatment::kByHand},
                                                          {"once", Treatment::kWait},
                                                          {"nightly", Treatment::kNextRun}}));
}

TEST(WithoutValues, KeepsNamesAndLengthsOnly) {
  Json secret = {
      {"metadata",
       {{"name", "s"},
        {"annotations",
         {{"kubectl.kubernetes.io/last-applied-configuration", "{\"data\":\"c2VjcmV0\"}"}}}}},
      {"type", "Opaque"},
      {"data", {{"k", "c2VjcmV0"}, {"pad", "YQ=="}}}};
  Json bare = withoutValues(secret);
  EXPECT_EQ(bare["keys"], (Json{{"k", 6}, {"pad", 1}}));
  EXPECT_EQ(dumpJson(bare).find("c2VjcmV0"), std::string::npos);
}

TEST(RotatorEntry, IsTakenByNamespaceAndSecretOnly) {
  Json rotators = Json::parse(R"([
    {"name":"a","type":"Random","namespace":"shop","secret":"x","keys":["k"],"random":{"nature":"SharedToken"}},
    {"name":"b","type":"Random","namespace":"other","secret":"y","keys":["k"],"reload":"Self"}])");
  ASSERT_TRUE(rotatorEntryFor(rotators, "shop", "x").has_value());
  EXPECT_EQ(rotatorEntryFor(rotators, "shop", "x")->parameters["random"]["nature"], "SharedToken");
  EXPECT_TRUE(rotatorEntryFor(rotators, "other", "y")->reloadsItself);
  EXPECT_FALSE(rotatorEntryFor(rotators, "shop", "y").has_value());
  EXPECT_FALSE(rotatorEntryFor(Json(), "shop", "x").has_value());
}

TEST(RotatorEntry, ReferencesAreToTheOperatorsNamespaceWhateverIsWritten) {
  RotationTarget t = target();
  t.operatorNamespace = "firebreak-system";
  t.rotator->parameters["adminRef"] = {{"name", "a"}, {"key", "k"}, {"namespace", "tenant"}};
  t.rotator->parameters["webhook"] = {{"hmacRef", {{"name", "b"}, {"key", "k"}, {"namespace", "tenant"}}}};
  const Json parameters = planRotation(t).steps.front().manifest["parameters"];
  EXPECT_EQ(parameters["adminRef"]["namespace"], "firebreak-system");
  EXPECT_EQ(parameters["webhook"]["hmacRef"]["namespace"], "firebreak-system");
}

TEST(RotatorEntry, EveryTypeThatAPolicyMayNameIsCarriedOut) {
  for (const char* type : {"Random", "TLS", "ServiceAccountToken", "PostgreSQL", "AWSAccessKey",
                           "ExternalSecret", "Webhook"}) {
    const Rotator* rotator = rotatorOfType(type);
    ASSERT_NE(rotator, nullptr) << type;
    EXPECT_EQ(rotator->type(), type);
  }
  EXPECT_EQ(rotatorOfType("MySQL"), nullptr);
}

TEST(LiteralPlan, NamesPlaceAndChangeAndHasNoStep) {
  Finding finding;
  finding.family = Family::kExposedSecret;
  finding.rule = "password-literal";
  finding.resource = {"apps/v1", "Deployment", "shop", "web", "u"};
  finding.fieldPath = "spec.template.spec.containers[0].env[1].value";
  Plan plan = planLiterals({finding});
  EXPECT_TRUE(plan.steps.empty());
  EXPECT_NE(plan.externalAction.find(finding.fieldPath), std::string::npos);
  EXPECT_NE(plan.externalAction.find("secretKeyRef"), std::string::npos);
  EXPECT_NE(plan.externalAction.find("Deployment shop/web"), std::string::npos);
}

}  // namespace
}  // namespace firebreak::remediate
