#include "detect/dashboards/scan_dashboards.h"

#include <gtest/gtest.h>

#include "detect/dashboards/manifest_scan.h"

namespace firebreak::detect {
namespace {

struct Case {
  const char* name;
  std::string yaml;
  const char* rule;  // empty = silent
  Tier tier;
};

const std::string kGrafana = "        image: grafana/grafana:10.0.0\n        env:\n";

const std::vector<Case>& cases() {
  static const std::vector<Case> kCases = {
      {"web view behind a NodePort", app("        image: localhost/kube-web-view:21.2.0", "NodePort"),
       "open-kube-web-view", Tier::kRemediate},
      {"web view in the cluster", app("        image: hjacobs/kube-web-view:20", "ClusterIP"),
       "open-kube-web-view", Tier::kAlert},
      {"web view alone", app("        image: hjacobs/kube-web-view:20", ""), "", Tier::kAlert},
      {"web view with OAuth",
       app("        image: hjacobs/kube-web-view:20\n        env: [{name: OAUTH2_AUTHORIZE_URL, value: "
           "'https://idp.example/a'}]", "NodePort"), "", Tier::kAlert},
      {"kubectl proxy for everybody",
       app("        image: tools\n        command: [sh, -c]\n        args: [\"kubectl proxy --port=8001 "
           "--address=0.0.0.0 --accept-hosts='.*'\"]", "LoadBalancer", 8001),
       "open-kubectl-proxy", Tier::kRemediate},
      {"kubectl proxy on loopback",
       app("        image: bitnami/kubectl\n        args: [proxy, --port=8001]", "ClusterIP", 8001), "",
       Tier::kAlert},
      {"dashboard with skip login",
       app("        image: kubernetesui/dashboard:v2.7.0\n        args: [--enable-skip-login, "
           "--enable-insecure-login]", "NodePort", 9090), "open-kubernetes-dashboard",
       Tier::kRemediate},
      {"dashboard with skip login switched off again",
       app("        image: kubernetesui/dashboard:v2.7.0\n        args: [--enable-skip-login, "
           "--enable-skip-login=false]", "NodePort", 9090), "", Tier::kAlert},
      {"stock dashboard",
       app("        image: kubernetesui/dashboard:v2.7.0\n        args: [--auto-generate-certificates]",
           "LoadBalancer", 8443), "", Tier::kAlert},
      {"argo workflows in server mode",
       app("        image: quay.io/argoproj/argocli:v3.5\n        args: [server, --auth-mode, server]",
           "NodePort", 2746), "open-argo-workflows", Tier::kRemediate},
      {"argo workflows in client mode",
       app("        image: quay.io/argoproj/argocli:v3.5\n        args: [server, --auth-mode=client]",
           "NodePort", 2746), "", Tier::kAlert},
      {"ttyd for everybody",
       app("        image: tsl0922/ttyd:1.7.7\n        args: [ttyd, -W, bash]", "NodePort", 7681),
       "open-ttyd", Tier::kRemediate},
      {"ttyd with a credential",
       app("        image: tsl0922/ttyd:1.7.7\n        args: [ttyd, -c, 'u:p', bash]", "NodePort", 7681),
       "", Tier::kAlert},
      {"flower 2 without a login shows data",
       app("        image: mher/flower:2.0.1", "LoadBalancer", 5555), "open-flower", Tier::kAlert},
      {"flower 1 without a login has an open API",
       app("        image: mher/flower:1.2", "LoadBalancer", 5555), "open-flower", Tier::kRemediate},
      {"flower with basic auth",
       app("        image: mher/flower:1.2\n        env: [{name: FLOWER_BASIC_AUTH, value: 'a:b'}]",
           "LoadBalancer", 5555), "", Tier::kAlert},
      {"marimo without a token",
       app("        image: marimo\n        command: [marimo, edit, --no-token, --host=0.0.0.0, -p, '2718']",
           "NodePort", 2718), "open-marimo", Tier::kRemediate},
      {"marimo with its token",
       app("        image: marimo\n        command: [marimo, edit, --host=0.0.0.0]", "NodePort", 2718), "",
       Tier::kAlert},
      {"dagster's web server",
       app("        image: registry.example/dagster:1\n        command: [dagster-webserver, -h, 0.0.0.0]",
           "LoadBalancer", 3000), "open-dagster", Tier::kRemediate},
      {"dagster's daemon",
       app("        image: registry.example/dagster:1\n        command: [dagster-daemon, run]",
           "LoadBalancer", 3000), "", Tier::kAlert},
      {"file browser without a login",
       app("        image: filebrowser/filebrowser:v2\n        args: [--noauth]", "NodePort", 80),
       "open-filebrowser", Tier::kRemediate},
      {"file browser",
       app("        image: filebrowser/filebrowser:v2\n        args: [--noauth=false]", "NodePort", 80), "",
       Tier::kAlert},
      {"kong's admin API",
       app("        image: kong:3.6\n        env: [{name: KONG_ADMIN_LISTEN, value: '0.0.0.0:8001'}]",
           "LoadBalancer", 8001), "open-kong-admin", Tier::kRemediate},
      {"kong's proxy alone",
       app("        image: kong:3.6\n        env: [{name: KONG_ADMIN_LISTEN, value: '127.0.0.1:8001'}]",
           "LoadBalancer", 8000), "", Tier::kAlert},
      {"jupyter without token",
       app("        image: jupyter/base-notebook\n        args: [start-notebook.sh, "
           "\"--NotebookApp.token=''\"]", "LoadBalancer", 8888), "open-jupyter", Tier::kRemediate},
      {"jupyter with a password alone",
       app("        image: jupyter/base-notebook\n        args: [start-notebook.sh, "
           "\"--NotebookApp.token=''\", \"--NotebookApp.password='sha1:00'\"]", "LoadBalancer", 8888),
       "", Tier::kAlert},
      {"jupyter with an empty JUPYTER_TOKEN makes one up",
       app("        image: jupyter/base-notebook\n        env: [{name: JUPYTER_TOKEN, value: ''}]",
           "LoadBalancer", 8888), "", Tier::kAlert},
      {"jupyter with a token from a Secret",
       app("        image: jupyter/base-notebook\n        args: [\"--ServerApp.token=$(T)\"]\n"
           "        env: [{name: T, valueFrom: {secretKeyRef: {name: a, key: b}}}]",
           "LoadBalancer", 8888), "", Tier::kAlert},
      {"notebook behind its platform's mesh",
       app("        image: jupyter/base-notebook\n        args: [\"--NotebookApp.token=''\", "
           "\"--NotebookApp.base_url=$(NB_PREFIX)\"]\n        env: [{name: NB_PREFIX, value: /nb}]",
           "ClusterIP", 8888), "", Tier::kAlert},
      {"grafana with an anonymous admin",
       app(kGrafana + "        - {name: GF_AUTH_ANONYMOUS_ENABLED, value: 'true'}\n"
           "        - {name: GF_AUTH_ANONYMOUS_ORG_ROLE, value: Admin}", "NodePort", 3000),
       "open-grafana", Tier::kRemediate},
      {"grafana with an anonymous viewer",
       app(kGrafana + "        - {name: GF_AUTH_ANONYMOUS_ENABLED, value: 'true'}\n"
           "        - {name: GF_AUTH_ANONYMOUS_ORG_ROLE, value: Viewer}", "NodePort", 3000), "",
       Tier::kAlert},
      {"grafana with a role but disabled",
       app(kGrafana + "        - {name: GF_AUTH_ANONYMOUS_ENABLED, value: 'false'}\n"
           "        - {name: GF_AUTH_ANONYMOUS_ORG_ROLE, value: Admin}", "NodePort", 3000), "",
       Tier::kAlert},
      {"stock grafana", app("        image: grafana/grafana", "LoadBalancer", 3000), "", Tier::kAlert},
      {"stock prometheus in the cluster", app("        image: prom/prometheus", "ClusterIP", 9090), "",
       Tier::kAlert},
      {"prometheus published", app("        image: prom/prometheus", "NodePort", 9090),
       "open-prometheus", Tier::kAlert},
      {"traefik's API", app("        image: traefik:v3\n        args: [--api.insecure=true]", "LoadBalancer"),
       "open-traefik", Tier::kRemediate},
      {"traefik whose Service leads to its entry point only",
       app("        image: traefik:v3\n        args: [--api.insecure=true]\n        ports: "
           "[{containerPort: 80}, {containerPort: 8080}]", "LoadBalancer", 80),
       "open-traefik", Tier::kAlert},
      {"airflow where everybody is admin",
       app("        image: apache/airflow:3.0.0\n        args: [api-server]\n        env: [{name: "
           "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS, value: 'True'}]", "NodePort"),
       "open-airflow", Tier::kRemediate},
      {"code-server without auth",
       app("        image: codercom/code-server\n        args: [--auth, none]", "NodePort"),
       "open-code-server", Tier::kRemediate},
      {"code-server with its password",
       app("        image: codercom/code-server\n        args: [--auth, password]", "NodePort"), "",
       Tier::kAlert},
      {"phpMyAdmin that logs everybody in",
       app("        image: phpmyadmin\n        env: [{name: PMA_USER, value: root}, {name: PMA_PASSWORD, "
           "valueFrom: {secretKeyRef: {name: db, key: p}}}]", "NodePort", 80), "open-phpmyadmin",
       Tier::kRemediate},
      {"login proxy beside it",
       app("        image: hjacobs/kube-web-view\n        ports: [{containerPort: 8080}]\n"
           "      - name: proxy\n        image: quay.io/oauth2-proxy/oauth2-proxy:v7\n        ports: "
           "[{containerPort: 4180}]", "LoadBalancer", 4180), "", Tier::kAlert},
      {"login proxy beside it, walked around",
       app("        image: hjacobs/kube-web-view\n        ports: [{containerPort: 8080}]\n"
           "      - name: proxy\n        image: quay.io/oauth2-proxy/oauth2-proxy:v7\n        ports: "
           "[{containerPort: 4180}]", "LoadBalancer", 8080), "open-kube-web-view", Tier::kRemediate},
      {"an nginx with a dashboard's name",
       app("        image: nginx:1.25", "NodePort"), "", Tier::kAlert},
  };
  return kCases;
}

TEST(ScanDashboards, JudgesWhatTheManifestSays) {
  for (const Case& c : cases()) {
    const auto findings = scan(c.yaml);
    if (*c.rule == '\0') {
      EXPECT_TRUE(findings.empty()) << c.name << ": " << findings[0].message;
      continue;
    }
    ASSERT_EQ(findings.size(), 1U) << c.name;
    EXPECT_EQ(findings[0].rule, c.rule) << c.name;
    EXPECT_EQ(findings[0].tier, c.tier) << c.name << ": " << findings[0].message;
    EXPECT_EQ(findings[0].resource.kind, "Deployment") << c.name;
    EXPECT_EQ(findings[0].file, "test.yaml") << c.name;
  }
}

std::string ingress(const std::string& annotations) {
  return "\n---\napiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata:\n  name: front\n"
         "  namespace: shop\n  annotations: " + annotations +
         "\nspec: {rules: [{host: a.example, http: {paths: [{path: /, pathType: Prefix, backend: "
         "{service: {name: console, port: {number: 80}}}}]}}]}\n";
}

TEST(ScanDashboards, AnIngressPublishesUnlessItAsksForALogin) {
  const std::string base = app("        image: hjacobs/kube-web-view", "ClusterIP");
  EXPECT_EQ(scan(base + ingress("{}")).at(0).tier, Tier::kRemediate);
  for (const char* guard :
       {"{nginx.ingress.kubernetes.io/auth-url: 'https://auth.example'}",
        "{nginx.ingress.kubernetes.io/auth-type: basic}", "{alb.ingress.kubernetes.io/auth-type: oidc}",
        "{nginx.ingress.kubernetes.io/whitelist-source-range: 10.0.0.0/8}",
        "{traefik.ingress.kubernetes.io/router.middlewares: shop-basic-auth@kubernetescrd}"}) {
    EXPECT_EQ(scan(base + ingress(guard)).at(0).tier, Tier::kAlert) << guard;
  }
  const std::string middleware =
      "\n---\napiVersion: traefik.io/v1alpha1\nkind: Middleware\nmetadata: {name: gate, namespace: "
      "shop}\nspec: {basicAuth: {secret: users}}\n";
  const char* use = "{traefik.ingress.kubernetes.io/router.middlewares: shop-gate@kubernetescrd}";
  EXPECT_EQ(scan(base + middleware + ingress(use)).at(0).tier, Tier::kAlert);
}

TEST(ScanDashboards, OtherRoutersPublishToo) {
  const std::string base = app("        image: hjacobs/kube-web-view", "ClusterIP");
  const std::string traefik =
      "\n---\napiVersion: traefik.io/v1alpha1\nkind: IngressRoute\nmetadata: {name: r, namespace: shop}\n"
      "spec: {routes: [{match: 'Host(`a`)', services: [{name: console, port: 80}]";
  EXPECT_EQ(scan(base + traefik + "}]}\n").at(0).tier, Tier::kRemediate);
  EXPECT_EQ(scan(base + traefik + ", middlewares: [{name: oidc}]}]}\n").at(0).tier, Tier::kAlert);
  EXPECT_EQ(scan(base + "\n---\napiVersion: route.openshift.io/v1\nkind: Route\nmetadata: {name: r, "
                        "namespace: shop}\nspec: {to: {kind: Service, name: console}}\n")
                .at(0).tier, Tier::kRemediate);
  EXPECT_EQ(scan(base + "\n---\napiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: r, "
                        "namespace: shop}\nspec: {hosts: ['*'], gateways: [gate], http: [{route: "
                        "[{destination: {host: console}}]}]}\n")
                .at(0).tier, Tier::kRemediate);
  EXPECT_EQ(scan(base + "\n---\napiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: "
                        "{name: r, namespace: shop}\nspec: {rules: [{backendRefs: [{name: console, "
                        "port: 80}]}]}\n")
                .at(0).tier, Tier::kRemediate);
}

TEST(ScanDashboards, ACustomResourcesOwnControllerAddsWhatNoManifestShows) {
  const std::string notebook =
      "apiVersion: kubeflow.org/v1\nkind: Notebook\nmetadata: {name: nb}\nspec: {template: {spec: "
      "{containers: [{name: nb, image: jupyter/base-notebook, args: [\"--NotebookApp.token=''\"]}]}}}\n";
  EXPECT_TRUE(scan(notebook).empty());
}

TEST(ScanDashboards, ReadsMountedConfigurationWithoutItsComments) {
  const auto yaml = [](const std::string& ini) {
    return app("        image: grafana/grafana\n        volumeMounts: [{name: c, mountPath: "
               "/etc/grafana}]\n      volumes: [{name: c, configMap: {name: grafana}}]",
               "NodePort", 3000) +
           "\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: grafana, namespace: shop}\ndata:\n"
           "  grafana.ini: |\n    [auth.anonymous]\n" + ini;
  };
  EXPECT_EQ(scan(yaml("    enabled = true\n    org_role = Editor\n")).at(0).rule, "open-grafana");
  EXPECT_TRUE(scan(yaml("    ;enabled = true\n    org_role = Editor\n")).empty());
  EXPECT_TRUE(scan(yaml("    # enabled = true\n    enabled = false\n    org_role = Admin\n")).empty());
}

TEST(ScanDashboards, NarrowAndInternalLoadBalancersAreAlerts) {
  std::string yaml = app("        image: hjacobs/kube-web-view", "");
  yaml += "\n---\napiVersion: v1\nkind: Service\nmetadata: {name: console, namespace: shop}\nspec: "
          "{type: LoadBalancer, loadBalancerSourceRanges: [10.0.0.0/8], selector: {app: console}, "
          "ports: [{port: 80, targetPort: 8080}]}\n";
  EXPECT_EQ(scan(yaml).at(0).tier, Tier::kAlert);
}

TEST(ScanDashboards, ArgoCdsAnonymousAccessStandsInConfigMaps) {
  const auto yaml = [](const std::string& role) {
    return app("        image: quay.io/argoproj/argocd:v2.14\n        args: [/usr/local/bin/"
               "argocd-server]", "LoadBalancer") +
           "\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: argocd-cm}\ndata: "
           "{users.anonymous.enabled: 'true'}\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: "
           "argocd-rbac-cm}\ndata: {policy.default: '" + role + "'}\n";
  };
  EXPECT_EQ(scan(yaml("role:admin")).at(0).tier, Tier::kRemediate);
  EXPECT_EQ(scan(yaml("role:readonly")).at(0).tier, Tier::kAlert);
  EXPECT_TRUE(scan(yaml("")).empty());
}

}  // namespace
}  // namespace firebreak::detect
