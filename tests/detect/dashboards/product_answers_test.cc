// Every product's answers, open and locked, as observed or as its documentation shows them, and what
// must hold for the table as a whole.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "detect/dashboards/answer_shape.h"
#include "detect/dashboards/answers.h"
#include "detect/dashboards/fixtures.h"
#include "detect/dashboards/judge.h"

namespace firebreak::detect {
namespace {

constexpr const char* kNamespaces =
    R"({"kind":"NamespaceList","apiVersion":"v1","metadata":{"continue":"x"},"items":[{}]})";

const std::vector<Fixture>& fixtures() {
  static const std::vector<Fixture> kAll = {
      {"kube-web-view", "/clusters", 200, kHtml, "<title>Clusters - Kubernetes Web View</title>",
       Grants::kControl, 302, "text/plain", "", "https://idp.example/authorize?x"},
      {"kubectl-proxy", "/api/v1/namespaces?limit=1", 200, kJson, kNamespaces, Grants::kControl, 403,
       kJson, R"({"kind":"Status","status":"Failure","reason":"Forbidden","code":403})"},
      {"kubectl-proxy", "/api", 200, kJson, R"({"kind":"APIVersions","versions":["v1"]})", Grants::kData,
       403, kJson, R"({"kind":"Status","status":"Failure","reason":"Forbidden","code":403})"},
      {"kubernetes-dashboard", "/api/v1/namespace", 200, kJson,
       R"({"listMeta":{"totalItems":1},"namespaces":[{"objectMeta":{"name":"default"}}],"errors":[]})",
       Grants::kControl, 401, kJson, R"({"ErrStatus":{"code":401,"reason":"Unauthorized"}})"},
      {"kubernetes-dashboard", "/api/v1/login/skippable", 200, kJson, R"({"skippable":true})",
       Grants::kData, 401, kJson, "{}"},
      {"headlamp", "/clusters/main/api/v1/namespaces?limit=1", 200, kJson, kNamespaces,
       Grants::kControl, 401, kJson, R"({"kind":"Status","code":401})"},
      {"tekton-dashboard", "/v1/properties", 200, "text/plain; charset=utf-8",
       R"({"dashboardNamespace":"tekton","dashboardVersion":"v0.50.0","isReadOnly":false})",
       Grants::kControl, 403, kJson, "{}"},
      {"tekton-dashboard", "/v1/properties", 200, kJson,
       R"({"dashboardNamespace":"tekton","dashboardVersion":"v0.50.0","isReadOnly":true})",
       Grants::kData, 403, kJson, "{}"},
      {"weave-scope", "/api/topology", 200, kJson,
       R"([{"url":"/api/topology/processes","name":"Processes","stats":{"node_count":1}}])",
       Grants::kControl, 401, "text/plain", "Unauthorized"},
      {"longhorn", "/v1/settings", 200, kJson,
       R"({"data":[{"id":"backup-target"}],"resourceType":"setting","type":"collection"})",
       Grants::kControl, 401, kHtml, "401 Authorization Required"},
      {"portainer", "/api/endpoints", 200, kJson,
       R"([{"Id":1,"Name":"local","Type":1,"URL":"unix:///var/run/docker.sock"}])", Grants::kControl,
       401, kJson, R"({"message":"A valid authorization token is missing"})"},
      {"portainer", "/api/users/admin/check", 404, kJson,
       R"({"message":"No administrator account found inside the database"})", Grants::kControl, 403,
       kJson, R"({"message":"Access denied"})"},
      {"docker-api", "/version", 200, kJson,
       R"({"Components":[],"Version":"24","ApiVersion":"1.43","MinAPIVersion":"1.12","GitCommit":"x"})",
       Grants::kControl, 403, "text/plain", "denied"},
      {"chaos-dashboard", "/api/common/config", 200, kJson, R"({"security_mode":false})",
       Grants::kControl, 401, kJson, "{}"},
      {"argo-cd", "/api/v1/account/can-i/projects/update/*", 200, kJson, R"({"value":"yes"})",
       Grants::kControl, 401, kJson, R"({"error":"no session information","code":16})"},
      {"argo-cd", "/api/v1/projects", 200, kJson,
       R"({"metadata":{"resourceVersion":"1"},"items":[{"metadata":{"name":"default"}}]})",
       Grants::kData, 401, kJson, R"({"error":"no session information","code":16})"},
      {"argo-workflows", "/api/v1/workflows/?listOptions.limit=1", 200, kJson,
       R"({"metadata":{"resourceVersion":"7"},"items":null})", Grants::kControl, 401, kJson,
       R"({"code":16,"message":"token not valid"})"},
      {"argo-workflows", "/api/v1/info", 200, kJson,
       R"({"managedNamespace":"argo","modals":{"feedback":true,"firstTimeUser":true,"newVersion":true}})",
       Grants::kControl, 401, kJson, R"({"code":16,"message":"token not valid"})"},
      {"jenkins", "/api/json?tree=_class,useSecurity", 200, kJson,
       R"({"_class":"hudson.model.Hudson","useSecurity":false})", Grants::kControl, 403, kHtml,
       "Authentication required"},
      {"jenkins", "/api/json?tree=_class,useSecurity", 200, kJson,
       R"({"_class":"hudson.model.Hudson","useSecurity":true})", Grants::kData, 403, kHtml, ""},
      {"jenkins", "/script", 200, kHtml, "<title>Script Console [Jenkins]</title>", Grants::kControl,
       403, kHtml, "<meta http-equiv='refresh' content='1;url=/login?from=%2Fscript'/>"},
      {"airflow", "/api/v2/connections?limit=1", 200, kJson, R"({"connections":[],"total_entries":0})",
       Grants::kControl, 401, kJson, R"({"detail":"Not authenticated"})"},
      {"airflow", "/api/v2/dags?limit=1", 200, kJson, R"({"dags":[],"total_entries":0})", Grants::kData,
       401, kJson, R"({"detail":"Not authenticated"})"},
      {"airflow", "/api/v1/connections?limit=1", 200, kJson, R"({"connections":[],"total_entries":0})",
       Grants::kControl, 401, "application/problem+json", R"({"title":"Unauthorized"})"},
      {"airflow", "/api/v1/dags?limit=1", 200, kJson, R"({"dags":[],"total_entries":0})", Grants::kData,
       403, "application/problem+json", R"({"title":"Forbidden"})"},
      {"node-red", "/settings", 200, kJson, R"({"httpNodeRoot":"/","version":"4.1.0"})",
       Grants::kControl, 401, "text/plain", "Unauthorized"},
      {"node-red", "/settings", 200, kJson,
       R"({"httpNodeRoot":"/","version":"4.1.0","user":{"anonymous":true,"permissions":"read"}})",
       Grants::kData, 401, "text/plain", "Unauthorized"},
      {"node-red", "/settings", 200, kJson,
       R"({"httpNodeRoot":"/","version":"4.1.15","user":{"anonymous":true,"permissions":["flows.read"]}})",
       Grants::kData, 401, "", "Unauthorized"},
      {"node-red", "/settings", 200, kJson,
       R"({"httpNodeRoot":"/","version":"4.1.15","user":{"anonymous":true,"permissions":"*"}})",
       Grants::kControl, 401, "", "Unauthorized"},
      {"traefik", "/api/rawdata", 200, kJson, R"({"routers":{},"services":{}})", Grants::kControl, 401,
       "text/plain", "401 Unauthorized"},
      {"kubeflow", "/api/workgroup/env-info", 200, kJson,
       R"({"user":"anonymous@kubeflow.org","platform":{},"namespaces":[]})", Grants::kControl, 302, "",
       "", "/dex/auth?client_id=kubeflow&redirect_uri=/login"},
      {"nomad", "/v1/agent/self", 200, kJson,
       R"({"config":{"Datacenter":"dc1"},"member":{"Name":"n1"},"stats":{}})", Grants::kControl, 403,
       "text/plain", "Permission denied"},
      {"nomad", "/v1/agent/self", 200, kJson,
       R"({"config":{"ACL":{"Enabled":true},"Datacenter":"dc1"},"member":{"Name":"n1"},"stats":{}})",
       Grants::kData, 403, "text/plain", "Permission denied"},
      {"consul", "/v1/agent/self", 200, kJson,
       R"({"Config":{"Datacenter":"dc1"},"DebugConfig":{"ACLsEnabled":true},"Member":{"Name":"n1"}})",
       Grants::kData, 403, "text/plain", "Permission denied"},
      {"consul", "/v1/agent/self", 200, kJson,
       R"({"Config":{"Datacenter":"dc1"},"Member":{"Name":"n1"}})", Grants::kControl, 403,
       "text/plain", "Permission denied"},
      {"jupyter", "/api/status", 200, kJson,
       R"({"connections":0,"kernels":0,"last_activity":"x","started":"x"})", Grants::kControl, 403,
       kJson, R"({"message": "Forbidden", "reason": null})"},
      {"code-server", "/", 200, kHtml, "<title>code-server</title><meta id=\"vscode-workbench\">",
       Grants::kControl, 302, "", "", "./login"},
      {"code-server", "/", 302, "", "", Grants::kControl, 302, "", "", "./login",
       "./?folder=/home/coder/project"},
      {"ray", "/api/version", 200, kJson,
       R"({"version":"4","ray_version":"2.9.0","ray_commit":"x","session_name":"x"})", Grants::kControl,
       401, kJson, "{}"},
      {"spark-master", "/json/", 200, kJson, R"({"url":"x","workers":[],"aliveworkers":0,"activeapps":[]})",
       Grants::kData, 403, kHtml, "HTTP ERROR 403"},
      {"spark-ui", "/api/v1/applications", 200, kJson, R"([{"id":"local-1","name":"x","attempts":[]}])",
       Grants::kData, 403, kHtml, "HTTP ERROR 403"},
      {"spark-ui", "/api/v1/version", 200, kJson, R"({"spark":"4.3.0"})", Grants::kData, 403, kHtml,
       "HTTP ERROR 403"},
      {"flink", "/config", 200, kJson,
       R"({"flink-version":"1.18","flink-revision":"x","features":{"web-submit":true}})",
       Grants::kControl, 401, kJson, "{}"},
      {"flink", "/config", 200, kJson,
       R"({"flink-version":"1.18","flink-revision":"x","features":{"web-submit":false}})", Grants::kData,
       401, kJson, "{}"},
      {"nifi", "/nifi-api/flow/current-user", 200, kJson,
       R"({"identity":"anonymous","anonymous":true,"controllerPermissions":{"canRead":true,"canWrite":true}})",
       Grants::kControl, 401, "text/plain", "Unauthorized"},
      {"zeppelin", "/api/notebook", 200, kJson, R"({"status":"OK","message":"","body":[]})",
       Grants::kControl, 302, "", "", "/api/login;JSESSIONID=x"},
      {"mlflow", "/api/2.0/mlflow/experiments/search?max_results=1", 200, kJson,
       R"({"experiments":[{"experiment_id":"0","name":"Default"}]})", Grants::kData, 401, kHtml,
       "You are not authenticated"},
      {"tensorboard", "/data/environment", 200, kJson,
       R"({"version":"2.21","data_location":"/logs","window_title":""})", Grants::kData, 401, kHtml, ""},
      {"grafana", "/api/dashboards/home", 200, kJson,
       R"({"meta":{"isHome":true,"canSave":false,"canEdit":true},"dashboard":{}})", Grants::kControl,
       401, kJson, R"({"message":"Unauthorized"})"},
      {"grafana", "/api/org/users", 200, kJson,
       R"([{"orgId":1,"userId":1,"login":"admin","role":"Admin"}])", Grants::kControl, 401, kJson,
       R"({"message":"Unauthorized"})"},
      {"grafana", "/api/access-control/user/actions", 200, kJson,
       R"({"dashboards:create":true,"dashboards:read":true})", Grants::kControl, 401, kJson,
       R"({"message":"Unauthorized"})"},
      {"grafana", "/api/org", 200, kJson, R"({"id":1,"name":"Main Org.","address":{}})", Grants::kData,
       401, kJson, R"({"message":"Unauthorized"})"},
      {"prometheus", "/api/v1/status/flags", 200, kJson,
       R"({"status":"success","data":{"web.enable-admin-api":"true"}})", Grants::kControl, 401,
       "text/plain", "Unauthorized"},
      {"prometheus", "/api/v1/status/config", 200, kJson,
       R"({"status":"success","data":{"yaml":"global:"}})", Grants::kData, 401, "text/plain",
       "Unauthorized"},
      {"alertmanager", "/api/v2/status", 200, kJson,
       R"({"cluster":{},"config":{"original":""},"uptime":"x","versionInfo":{}})", Grants::kData, 401,
       "text/plain", "Unauthorized"},
      {"kibana", "/api/status", 200, kJson,
       R"({"name":"kibana","version":{"number":"8.11.0"},"status":{"overall":{}},"metrics":{}})",
       Grants::kData, 401, kJson, R"({"statusCode":401})"},
      {"kiali", "/kiali/api/auth/info", 200, kJson, R"({"strategy":"anonymous"})", Grants::kControl, 401,
       kJson, "{}"},
      {"kiali", "/api/auth/info", 200, kJson, R"({"strategy":"anonymous"})", Grants::kControl, 401, kJson,
       "{}"},
      {"phpmyadmin", "/", 200, kHtml, "logged_in:true <a href='index.php?route=/logout'>",
       Grants::kControl, 200, kHtml, "logged_in:false <input name='pma_username'>"},
      {"phpmyadmin", "/", 200, kHtml, "logged_in:true <a href='logout.php?token=x'>", Grants::kControl, 401,
       kHtml, "Wrong username/password. Access denied."},
      {"phpmyadmin", "/phpmyadmin/", 200, kHtml, "logged_in:true <a href='index.php?route=/logout'>",
       Grants::kControl, 200, kHtml, "logged_in:false <input name='pma_username'>"},
      {"pgadmin", "/browser/", 200, kHtml, "<title>pgAdmin 4</title>", Grants::kControl, 302, "", "",
       "/login?next=%2Fbrowser%2F"},
      {"mongo-express", "/", 200, kHtml, "<title>Home - Mongo Express</title>", Grants::kControl, 401,
       "text/plain", "Unauthorized"},
      {"mongo-express", "/", 200, kHtml,
       "<title>Home - Mongo Express</title><script>readOnly: 'true' === 'true',", Grants::kData, 401,
       "text/plain", "Unauthorized"},
      {"sqlite-web", "/", 200, kHtml, "<title>SQLite Web: shop.db</title>", Grants::kControl, 302, "", "",
       "/login/?next=/"},
      {"kafka-ui", "/api/clusters", 200, kJson,
       R"([{"name":"local","status":"online","readOnly":false}])", Grants::kControl, 302, "", "",
       "/auth/login"},
      {"kafka-ui", "/api/clusters", 200, kJson,
       R"([{"name":"local","status":"online","readOnly":true}])", Grants::kData, 302, "", "",
       "/auth/login"},
      {"rabbitmq", "/api/overview", 200, kJson,
       R"({"management_version":"3.10.8","rabbitmq_version":"3.10.8"})", Grants::kControl, 401, kJson,
       R"({"error":"not_authorised"})"},
      {"minio", "/api/v1/session", 200, kJson, R"({"permissions":{},"status":"ok"})", Grants::kControl,
       403, kJson, R"({"code":403,"message":"invalid session"})"},
  };
  static const std::vector<Fixture> kEvery = [] {
    std::vector<Fixture> every = kAll;
    for (const auto* more : {&moreFixtures(), &observedFixtures()}) {
      every.insert(every.end(), more->begin(), more->end());
    }
    return every;
  }();
  return kEvery;
}

const ProofRequest* proofOf(const Fixture& fixture, const ProbeAnswer& answer) {
  return fulfilledProof(product(fixture.product), answer);
}

TEST(ProductAnswers, OpenAnswersAreOpenAndSayWhatTheyGrant) {
  for (const Fixture& f : fixtures()) {
    const auto proof = answered(f.path, f.openStatus, f.openType, f.openBody, f.openLocation);
    const ProofRequest* request = proofOf(f, proof);
    ASSERT_NE(request, nullptr) << f.product << " " << f.path;
    EXPECT_EQ(request->grants, f.grants) << f.product << " " << f.path;
    const auto control = answered(request->controlPath, 404, "text/plain", "404 page not found");
    EXPECT_EQ(judge(product(f.product), proof, control), Verdict::kOpen) << f.product << f.path;
  }
}

TEST(ProductAnswers, LockedAnswersAreLocked) {
  for (const Fixture& f : fixtures()) {
    const auto proof =
        answered(f.path, f.lockedStatus, f.lockedType, f.lockedBody, f.lockedLocation);
    EXPECT_EQ(judge(product(f.product), proof, proof), Verdict::kLocked) << f.product << f.path;
  }
}

TEST(ProductAnswers, NoProductTakesAnothersOpenAnswerForItsOwn) {
  for (const Fixture& f : fixtures()) {
    for (const Product& other : dashboardProducts()) {
      if (other.id == f.product) continue;
      const auto answer = answered(f.path, f.openStatus, f.openType, f.openBody, f.openLocation);
      const ProofRequest* request = fulfilledProof(other, answer);
      // Both speak the Kubernetes API itself.
      EXPECT_EQ(request, nullptr) << other.id << " took " << f.product << "'s answer to " << f.path;
    }
  }
}

// What stands behind a console's name or port often is something else that answers everything politely.
TEST(ProductAnswers, WhatOrdinaryServersAnswerIsNoConsole) {
  const std::vector<std::pair<const char*, const char*>> ordinary = {
      {kJson, "{}"},
      {kJson, "[]"},
      {kJson, "[{}]"},
      {kJson, R"([{"id":1,"name":"a"}])"},
      {kJson, R"({"status":"ok"})"},
      {kJson, R"({"status":"success","data":null})"},
      {kJson, R"({"data":[],"total":0,"limit":20})"},
      {kJson, R"({"code":200,"data":{}})"},
      {kJson, R"({"name":"shop","version":"1.2.3"})"},
      {kJson, R"({"token":"eyJhbGciOiJub25lIn0"})"},
      {kJson, R"({"message":"Not Found"})"},
      {kJson, R"({"error":"login required"})"},
      {kJson, R"({"metadata":{},"items":[]})"},
      {kJson, R"({"results":[],"count":0,"next":null})"},
      {kHtml, "<!doctype html><title>Sign in</title><form><input type=\"password\"></form>"},
      {kHtml, "<!doctype html><div id=\"root\"></div><script src=\"/app.js\"></script>"},
      {kHtml, "<title>Welcome to nginx!</title>"},
  };
  for (const Product& each : dashboardProducts()) {
    for (const ProofRequest& proof : each.proofs) {
      for (const auto& [type, body] : ordinary) {
        const auto answer = answered(proof.path, 200, type, body);
        const auto control = answered(proof.controlPath, 404, "text/plain", "404 page not found");
        EXPECT_NE(judge(each, answer, control), Verdict::kOpen) << each.id << " took " << body;
      }
    }
  }
}

TEST(ProductAnswers, EveryProofHasAFixture) {
  std::set<std::pair<std::string, std::string>> covered;
  for (const Fixture& f : fixtures()) covered.insert({f.product, f.path});
  for (const Product& each : dashboardProducts()) {
    for (const ProofRequest& proof : each.proofs) {
      EXPECT_TRUE(covered.contains({each.id, proof.path})) << each.id << " " << proof.path;
    }
  }
}

TEST(ProductTable, IsWellFormed) {
  std::set<std::string> ids;
  EXPECT_GE(dashboardProducts().size(), 100U);
  for (const Product& each : dashboardProducts()) {
    EXPECT_TRUE(ids.insert(each.id).second) << each.id;
    EXPECT_FALSE(each.name.empty()) << each.id;
    EXPECT_FALSE(each.can.empty()) << each.id;
    EXPECT_FALSE(each.source.empty()) << each.id;
    EXPECT_FALSE(each.images.empty() && each.ports.empty()) << each.id;
    for (const ProofRequest& proof : each.proofs) {
      EXPECT_TRUE(proof.path.starts_with('/')) << each.id;
      EXPECT_TRUE(proof.controlPath.starts_with('/')) << each.id;
      EXPECT_NE(proof.controlPath.find("firebreak-no-such"), std::string::npos) << each.id;
      const bool telling = !proof.open.keys.empty() || !proof.open.values.empty() ||
                           !proof.open.texts.empty() || !proof.open.location.empty();
      EXPECT_TRUE(telling) << each.id << ": a status alone proves nothing";
    }
    for (const OffRule& rule : each.off) {
      EXPECT_FALSE(rule.why.empty()) << each.id;
      for (const Condition& condition : rule.all) {
        const bool known = std::any_of(each.settings.begin(), each.settings.end(),
                                       [&](const Setting& s) { return s.id == condition.setting; });
        EXPECT_TRUE(known) << each.id << " has no setting " << condition.setting;
      }
    }
  }
}

TEST(ProductTable, NoProofAsksAPathWithSideEffects) {
  for (const Product& each : dashboardProducts()) {
    for (const ProofRequest& proof : each.proofs) {
      EXPECT_FALSE(hasSideEffects(proof.path)) << each.id << " " << proof.path;
      EXPECT_FALSE(hasSideEffects(proof.controlPath)) << each.id;
    }
  }
  for (const char* path : {"/auth/token", "/airflow/auth/token/?x=1", "/auth/token/login",
                           "/cockpit/login", "/redis/sso"}) {
    EXPECT_TRUE(hasSideEffects(path)) << path;
  }
}

}  // namespace
}  // namespace firebreak::detect
