// Consoles of data stores, queues, desktops and clusters that are judged by their settings alone: what
// they answer was not observed, so that the operator does not ask them.
#include "detect/signatures/dashboards.h"

namespace firebreak::detect {

using From = SettingSource::From;
using Test = Condition::Test;

namespace {

constexpr const char* kNoLogin = "it has no login of its own";

// No login whatever is set.
Product bare(std::string id, std::string name, std::vector<std::string> images,
             std::vector<int32_t> ports, Grants grants, std::string can, std::string source) {
  Product product;
  product.labels = {id};
  product.id = std::move(id);
  product.name = std::move(name);
  product.images = std::move(images);
  product.ports = std::move(ports);
  product.off = {{.grants = grants, .byNature = true, .why = kNoLogin}};
  product.can = std::move(can);
  product.source = std::move(source);
  return product;
}

// None unless `sources` name a user, a password or a method.
Product unlessSet(std::string id, std::string name, std::vector<std::string> images,
                  std::vector<int32_t> ports, Grants grants, std::vector<SettingSource> sources,
                  std::string can, std::string source) {
  Product product = bare(std::move(id), std::move(name), std::move(images), std::move(ports), grants,
                         std::move(can), std::move(source));
  const std::string asks = "it has no login unless " + sources.front().name + " is set";
  product.settings = {{"login", std::move(sources)}};
  product.off = {{.all = {{"login", Test::kNotSet, {}}}, .grants = grants, .byNature = true, .why = asks}};
  return product;
}

}  // namespace

std::vector<Product> viewerConsoles() {
  return {
      unlessSet("cerebro", "Cerebro", {"lmenezes/cerebro", "cerebro"}, {9000}, Grants::kControl,
                {{From::kEnv, "AUTH_TYPE"}, {From::kLine, "type"}},
                "read, change and delete what Elasticsearch holds",
                "Cerebro README, application.conf"),
      bare("elasticsearch-head", "elasticsearch-head", {"elasticsearch-head"}, {9100},
           Grants::kControl, "read, change and delete what Elasticsearch holds",
           "elasticsearch-head README"),
      bare("elasticvue", "Elasticvue", {"cars10/elasticvue", "elasticvue"}, {8080}, Grants::kData,
           "read what Elasticsearch shows to everybody", "Elasticvue README"),
      bare("dejavu", "Dejavu", {"appbaseio/dejavu"}, {1358}, Grants::kControl,
           "read and change what Elasticsearch holds", "Dejavu README"),
      unlessSet("cmak", "CMAK (Kafka Manager)", {"cmak", "kafka-manager", "*/kafka-manager"}, {9000},
                Grants::kControl,
                {{From::kEnv, "KAFKA_MANAGER_AUTH_ENABLED"}, {From::kEnv, "KAFKA_MANAGER_USERNAME"},
                 {From::kLine, "basicAuthentication.enabled"}},
                "create and delete topics", "CMAK README, basic authentication"),
      bare("nsqadmin", "nsqadmin", {"nsqadmin"}, {4171}, Grants::kControl,
           "delete topics and channels", "NSQ documentation, nsqadmin"),
      bare("etcdkeeper", "etcdkeeper", {"evildecay/etcdkeeper", "etcdkeeper"}, {8080},
           Grants::kControl, "read and change etcd's keys", "etcdkeeper README"),
      unlessSet("dbgate", "DbGate", {"dbgate/dbgate", "dbgate"}, {3000}, Grants::kControl,
                {{From::kEnv, "LOGINS"}, {From::kEnv, "LOGIN"}, {From::kEnv, "OAUTH_AUTH"},
                 {From::kEnv, "AD_URL"}, {From::kEnv, "STORAGE_DATABASE"}},
                "use every saved database connection", "DbGate documentation, environment variables"),
      bare("mongoku", "Mongoku", {"huggingface/mongoku", "mongoku"}, {3100}, Grants::kControl,
           "read and change the database", "Mongoku README"),
      bare("supabase-studio", "Supabase Studio", {"supabase/studio"}, {3000}, Grants::kControl,
           "read and change the database", "Supabase documentation, self-hosting: securing the dashboard"),
      Product{.id = "sqlpad",
              .name = "SQLPad",
              .images = {"sqlpad/sqlpad", "sqlpad"},
              .labels = {"sqlpad"},
              .ports = {3000},
              .settings = {{"disabled", {{From::kEnv, "SQLPAD_AUTH_DISABLED"}}}},
              .off = {{.all = {{"disabled", Test::kTrue, {}}},
                       .why = "SQLPAD_AUTH_DISABLED=true asks for nothing"}},
              .can = "use every saved database connection",
              .source = "SQLPad documentation, configuration"},
      Product{.id = "cloudbeaver",
              .name = "CloudBeaver",
              .images = {"dbeaver/cloudbeaver", "cloudbeaver"},
              .labels = {"cloudbeaver"},
              .ports = {8978},
              .settings = {{"anonymous",
                            {{From::kEnv, "CLOUDBEAVER_APP_ANONYMOUS_ACCESS_ENABLED"},
                             {From::kLine, "anonymousAccessEnabled"}}}},
              .off = {{.all = {{"anonymous", Test::kTrue, {}}},
                       .grants = Grants::kData,
                       .why = "anonymous access is on"}},
              .can = "use the connections that are shared with everybody",
              .source = "CloudBeaver documentation, server configuration"},
      unlessSet("trino", "Trino", {"trinodb/trino", "trino", "prestosql/presto", "prestodb/presto"},
                {8080}, Grants::kData,
                {{From::kLine, "http-server.authentication.type"},
                 {From::kLine, "web-ui.authentication.type"}},
                "see every query and, under any user name, run some",
                "Trino documentation, security overview and Web UI"),
      bare("kubeview", "KubeView", {"kubeview"}, {8000}, Grants::kData,
           "see every workload of the cluster", "KubeView README"),
      bare("goldilocks", "Goldilocks", {"goldilocks"}, {8080},
           Grants::kData, "see workloads and their requests", "Goldilocks documentation"),
      bare("polaris", "Polaris dashboard", {"fairwinds/polaris", "fairwinds-ops/oss/polaris"}, {8080},
           Grants::kData, "see workloads and their weaknesses", "Polaris documentation, dashboard"),
      bare("kubevious", "Kubevious", {"kubevious/ui", "kubevious/backend"}, {80, 4000}, Grants::kData,
           "see every object of the cluster and its weaknesses", "Kubevious README"),
      bare("kubeshark", "Kubeshark", {"kubeshark/front", "kubeshark/hub"}, {80, 8080}, Grants::kData,
           "read the traffic of every pod", "Kubeshark documentation, authentication"),
      bare("skywalking-ui", "SkyWalking UI", {"apache/skywalking-ui", "skywalking-ui"}, {8080},
           Grants::kData, "see traces and topologies", "SkyWalking documentation, security notice"),
      Product{.id = "webtop",
              .name = "Webtop",
              .images = {"linuxserver/webtop", "webtop"},
              .labels = {"webtop"},
              .ports = {3000, 3001},
              .schemes = {"http", "https"},
              .settings = {{"password", {{From::kEnv, "PASSWORD"}}}},
              .off = {{.all = {{"password", Test::kNotSet, {}}},
                       .byNature = true,
                       .why = "it has no login unless PASSWORD is set"}},
              .can = "use a desktop with a terminal in the pod",
              .source = "LinuxServer.io documentation, webtop"},
      Product{.id = "vnc-desktop",
              .name = "Desktop over VNC",
              .images = {"dorowu/ubuntu-desktop-lxde-vnc", "fcwu/docker-ubuntu-vnc-desktop"},
              .labels = {"vnc-desktop"},
              .ports = {80},
              .settings = {{"password", {{From::kEnv, "HTTP_PASSWORD"}, {From::kEnv, "VNC_PASSWORD"}}}},
              .off = {{.all = {{"password", Test::kNotSet, {}}},
                       .byNature = true,
                       .why = "it has no login unless HTTP_PASSWORD or VNC_PASSWORD is set"}},
              .can = "use a desktop with a terminal in the pod",
              .source = "docker-ubuntu-vnc-desktop README"},
      Product{.id = "linuxserver-code-server",
              .name = "code-server (LinuxServer.io)",
              .images = {"linuxserver/code-server", "linuxserver/openvscode-server"},
              .labels = {"code-server"},
              .ports = {8443, 3000},
              .schemes = {"http"},
              .settings = {{"password",
                            {{From::kEnv, "PASSWORD"}, {From::kEnv, "HASHED_PASSWORD"},
                             {From::kEnv, "FILE__PASSWORD"}, {From::kEnv, "FILE__HASHED_PASSWORD"},
                             {From::kEnv, "CONNECTION_TOKEN"}, {From::kEnv, "CONNECTION_SECRET"}}}},
              .off = {{.all = {{"password", Test::kNotSet, {}}},
                       .byNature = true,
                       .why = "it has no login unless PASSWORD or HASHED_PASSWORD is set"}},
              .can = "run code in the pod",
              .source = "LinuxServer.io documentation, code-server and openvscode-server"},
      unlessSet("rocketmq-dashboard", "RocketMQ Dashboard",
                {"rocketmq-dashboard", "apacherocketmq/rocketmq-console*", "rocketmq-console*"},
                {8080, 8082}, Grants::kControl,
                {{From::kLine, "rocketmq.config.loginRequired"},
                 {From::kEnv, "ROCKETMQ_CONFIG_LOGIN_REQUIRED"}},
                "read messages and delete topics", "RocketMQ Dashboard documentation, login"),
      unlessSet("faktory", "Faktory", {"contribsys/faktory", "faktory"}, {7420}, Grants::kControl,
                {{From::kEnv, "FAKTORY_PASSWORD"}, {From::kEnv, "FAKTORY_PASSWORD_FILE"},
                 {From::kEnv, "FAKTORY_ENV"}},
                "read, start and delete jobs", "Faktory documentation, security"),
      unlessSet("pghero", "PgHero", {"ankane/pghero", "pghero"}, {8080}, Grants::kData,
                {{From::kEnv, "PGHERO_USERNAME"}, {From::kEnv, "PGHERO_PASSWORD"}},
                "read queries and their statistics", "PgHero documentation, authentication"),
  };
}

}  // namespace firebreak::detect
