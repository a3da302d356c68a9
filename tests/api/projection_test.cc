// Projections: what is read off raw objects, and that nothing an API server or a file may hold
// makes them throw or lose the rest of the object.
#include "api/projection.h"

#include <gtest/gtest.h>

#include <string>

#include "api/shared_bytes.h"

namespace firebreak {
namespace {

const char* const kPod = R"({"kind":"Pod","apiVersion":"v1","metadata":{"name":"web-1",
"namespace":"shop","uid":"u1","resourceVersion":"12","creationTimestamp":"2026-11-22T15:04:05Z",
"labels":{"app":"web","a\"b":"x"},"annotations":{"note":"n"},
"ownerReferences":[{"apiVersion":"v1","kind":"X","name":"other","uid":"u0"},
{"apiVersion":"apps/v1","kind":"ReplicaSet","name":"web","uid":"u2","controller":true}]},
"spec":{"volumes":[{"name":"kube-api-access-x7k2p","projected":{"sources":[
{"serviceAccountToken":{"expirationSeconds":3607,"path":"token"}},
{"configMap":{"name":"kube-root-ca.crt","items":[{"key":"ca.crt","path":"ca.crt"}]}},
{"downwardAPI":{"items":[]}}]}},
{"name":"cfg","secret":{"secretName":"creds","items":[{"key":"a","path":"b"}]}},
{"name":"host","hostPath":{"path":"/var/run"}},{"name":"tmp","emptyDir":{"medium":"Memory"}},
{"name":"data","persistentVolumeClaim":{"claimName":"d"}}],
"initContainers":[{"name":"prep","image":"init:1"}],
"containers":[{"name":"app","image":"repo/app:1","command":["/bin/app"],"args":["--x","\u0041"],
"workingDir":"/srv","env":[{"name":"A","value":"1"},
{"name":"B","valueFrom":{"secretKeyRef":{"name":"creds","key":"pw"}}},
{"name":"C","valueFrom":{"configMapKeyRef":{"name":"cm","key":"k"}}},
{"name":"D","valueFrom":{"fieldRef":{"fieldPath":"status.podIP"}}},
{"name":"E","valueFrom":{"resourceFieldRef":{"resource":"limits.cpu"}}}],
"envFrom":[{"prefix":"P_","secretRef":{"name":"all"}},{"configMapRef":{"name":"cm"}}],
"ports":[{"name":"http","containerPort":8080,"hostPort":80,"hostIP":"1.2.3.4"},
{"containerPort":53,"protocol":"UDP"}],
"volumeMounts":[{"name":"kube-api-access-x7k2p","mountPath":"/var/run/secrets"},
{"name":"cfg","mountPath":"/cfg","subPath":"a"}],
"resources":{"limits":{"cpu":"200m","memory":"1Gi"}},
"securityContext":{"privileged":true,"capabilities":{"add":["SYS_ADMIN"],"drop":["ALL"]}}}],
"serviceAccountName":"robot","serviceAccount":"robot","nodeName":"node-1","hostNetwork":true,
"hostPID":true,"imagePullSecrets":[{"name":"reg"}]},
"status":{"phase":"Running","podIP":"10.0.0.7","hostIP":"192.168.0.1","conditions":[
{"type":"Initialized","status":"False"},{"type":"Ready","status":"True"}],
"containerStatuses":[{"name":"app","containerID":"containerd://abc","state":{"running":{}}}],
"initContainerStatuses":[{"name":"prep","containerID":"containerd://def",
"state":{"terminated":{}}}]}})";

TEST(PodProjectionTest, ReadsIdentityOwnerAndStatus) {
  auto pod = projectPod(kPod);
  ASSERT_TRUE(pod) << pod.error().message;
  EXPECT_EQ(pod->meta.ns, "shop");
  EXPECT_EQ(pod->meta.name, "web-1");
  EXPECT_EQ(pod->meta.uid, "u1");
  EXPECT_EQ(pod->meta.resourceVersion, "12");
  EXPECT_EQ(pod->meta.labels, (StringMap{{"app", "web"}, {"a\"b", "x"}}));
  EXPECT_TRUE(pod->meta.annotations.empty());
  EXPECT_EQ(pod->meta.controller, (ObjectRef{"apps/v1", "ReplicaSet", "shop", "web", "u2"}));
  EXPECT_EQ(pod->meta.created.time_since_epoch(), std::chrono::seconds(1795359845));
  EXPECT_FALSE(pod->meta.deleting);
  EXPECT_EQ(pod->node, "node-1");
  EXPECT_EQ(pod->phase, "Running");
  EXPECT_EQ(pod->podIP, "10.0.0.7");
  EXPECT_EQ(pod->hostIP, "192.168.0.1");
  EXPECT_TRUE(pod->ready);
  EXPECT_FALSE(pod->mirror);
  ASSERT_EQ(pod->statuses.size(), 2u);
  EXPECT_EQ(pod->statuses[0].containerID, "abc");
  EXPECT_TRUE(pod->statuses[0].running);
  EXPECT_FALSE(pod->statuses[1].running);
}

TEST(PodProjectionTest, ReadsContainersRegularFirstWithTheirFieldPaths) {
  auto pod = projectPod(kPod);
  ASSERT_TRUE(pod);
  const PodSpec& spec = *pod->spec;
  ASSERT_EQ(spec.containers.size(), 2u);
  EXPECT_EQ(spec.containers[1].role, Container::Role::kInit);
  EXPECT_EQ(spec.containers[1].fieldPath, "initContainers[0]");
  const Container& app = spec.containers[0];
  EXPECT_EQ(app.fieldPath, "containers[0]");
  EXPECT_EQ(app.image, "repo/app:1");
  EXPECT_EQ(app.command, std::vector<std::string>{"/bin/app"});
  EXPECT_EQ(app.args, (std::vector<std::string>{"--x", "A"}));
  EXPECT_EQ(app.workingDir, "/srv");
  ASSERT_EQ(app.env.size(), 5u);
  EXPECT_EQ(app.env[0].value, "1");
  EXPECT_EQ(app.env[1].source, EnvVar::Source::kSecretKey);
  EXPECT_EQ(app.env[1].refName, "creds");
  EXPECT_EQ(app.env[1].refKey, "pw");
  EXPECT_EQ(app.env[2].source, EnvVar::Source::kConfigMapKey);
  EXPECT_EQ(app.env[3].source, EnvVar::Source::kField);
  EXPECT_EQ(app.env[4].source, EnvVar::Source::kOther);
  ASSERT_EQ(app.envFrom.size(), 2u);
  EXPECT_EQ(app.envFrom[0].source, EnvFrom::Source::kSecret);
  EXPECT_EQ(app.envFrom[0].prefix, "P_");
  EXPECT_EQ(app.envFrom[1].refName, "cm");
  ASSERT_EQ(app.ports.size(), 2u);
  EXPECT_EQ(app.ports[0].hostPort, 80);
  EXPECT_EQ(app.ports[0].protocol, "TCP");
  EXPECT_EQ(app.ports[1].protocol, "UDP");
  EXPECT_EQ(app.mounts[1].subPath, "a");
  EXPECT_TRUE(app.privileged);
  EXPECT_EQ(app.addedCapabilities, std::vector<std::string>{"SYS_ADMIN"});
  EXPECT_EQ(app.cpuLimit, "200m");
  EXPECT_EQ(spec.serviceAccount, "robot");
  EXPECT_TRUE(spec.hostNetwork);
  EXPECT_TRUE(spec.hostPID);
  EXPECT_EQ(spec.imagePullSecrets, std::vector<std::string>{"reg"});
}

TEST(PodProjectionTest, ReadsVolumes) {
  auto pod = projectPod(kPod);
  ASSERT_TRUE(pod);
  const auto& volumes = pod->spec->volumes;
  ASSERT_EQ(volumes.size(), 5u);
  ASSERT_EQ(volumes[0].sources.size(), 3u);
  EXPECT_EQ(volumes[0].sources[0].kind, VolumeSource::Kind::kServiceAccountToken);
  EXPECT_EQ(volumes[0].sources[1].name, "kube-root-ca.crt");
  EXPECT_EQ(volumes[1].sources[0].kind, VolumeSource::Kind::kSecret);
  EXPECT_EQ(volumes[1].sources[0].name, "creds");
  EXPECT_EQ(volumes[1].sources[0].items,
            (std::vector<std::pair<std::string, std::string>>{{"a", "b"}}));
  EXPECT_EQ(volumes[2].sources[0].name, "/var/run");
  EXPECT_EQ(volumes[3].sources[0].name, "Memory");
  EXPECT_EQ(volumes[4].sources[0].kind, VolumeSource::Kind::kOther);
}

TEST(PodProjectionTest, PodsOfOneTemplateShareTheirSpecAlthoughTokenVolumesDiffer) {
  std::string other = kPod;
  for (size_t at; (at = other.find("x7k2p")) != std::string::npos;) other.replace(at, 5, "9zzq4");
  other.replace(other.find("node-1"), 6, "node-2");
  auto a = projectPod(kPod);
  auto b = projectPod(other);
  ASSERT_TRUE(a && b);
  EXPECT_EQ(a->spec, b->spec);
  EXPECT_NE(a->node, b->node);
  std::string changed = kPod;
  changed.replace(changed.find("--x"), 3, "--y");
  auto c = projectPod(changed);
  ASSERT_TRUE(c);
  EXPECT_NE(a->spec, c->spec);
}

TEST(PodProjectionTest, ForgetsSpecsThatNobodyHolds) {
  const size_t before = countSharedBytes();
  {
    auto pod =
        projectPod(R"({"metadata":{"name":"a"},"spec":{"containers":[{"name":"only-here"}]}})");
    ASSERT_TRUE(pod);
    EXPECT_EQ(countSharedBytes(), before + 1);
  }
  EXPECT_EQ(countSharedBytes(), before);
}

TEST(PodProjectionTest, SkipsFieldsThatAreMissingNullOrOfTheWrongType) {
  for (
      const char* json : {
          R"({})",
          R"({"metadata":null,"spec":null,"status":null})",
          R"({"metadata":5,"spec":"x","status":[1,2]})",
          R"({"metadata":{"name":7,"labels":["a"],"ownerReferences":{"a":1}},"spec":{"containers":null}})",
          R"({"spec":{"containers":[null,5,"x",{"name":{},"args":"x","env":[5,{"name":null}],"ports":[{"containerPort":"x"}]}],"volumes":[{"secret":null},{"projected":{"sources":[null]}}]}})",
          R"({"spec":{"hostNetwork":"yes","nodeName":3},"status":{"conditions":[{"type":"Ready","status":true}],"containerStatuses":{}}})",
      }) {
    auto pod = projectPod(json);
    ASSERT_TRUE(pod) << json << ": " << pod.error().message;
    EXPECT_NE(pod->spec, nullptr) << json;
    EXPECT_FALSE(pod->ready) << json;
  }
}

TEST(PodProjectionTest, AFieldOfTheWrongTypeDoesNotHideTheNextOne) {
  auto pod = projectPod(
      R"({"metadata":{"labels":[{"deep":[1,2]}],"name":"kept"},"spec":{"containers":[{"image":{"a":1},"args":{"b":[2]},"name":"c"}],"hostPID":{"x":[]},"nodeName":"n"}})");
  ASSERT_TRUE(pod);
  EXPECT_EQ(pod->meta.name, "kept");
  ASSERT_EQ(pod->spec->containers.size(), 1u);
  EXPECT_EQ(pod->spec->containers[0].name, "c");
  EXPECT_EQ(pod->node, "n");
}

TEST(PodProjectionTest, RefusesTextThatIsNoObject) {
  for (const char* json : {"", "  ", "null", "[]", "5", "\"x\"", "{", R"({"metadata":{"name":"a")",
                           R"({"metadata" "x"})", "\xff\xfe{}", R"({"spec":{"containers":[{]}})"}) {
    EXPECT_FALSE(projectPod(json)) << json;
  }
}

TEST(PodProjectionTest, EveryCutOfAPodIsRefusedOrReadWithoutFault) {
  const std::string whole = kPod;
  for (size_t size = 0; size < whole.size(); ++size) {
    auto pod = projectPod(std::string_view(whole).substr(0, size));
    EXPECT_FALSE(pod) << size;
  }
}

TEST(PodProjectionTest, KnowsStaticPods) {
  EXPECT_TRUE(
      projectPod(
          R"({"metadata":{"name":"etcd","annotations":{"kubernetes.io/config.mirror":"x"}}})")
          ->mirror);
  EXPECT_TRUE(
      projectPod(
          R"({"metadata":{"ownerReferences":[{"kind":"Node","name":"n","controller":true}]}})")
          ->mirror);
}

TEST(WorkloadProjectionTest, FindsThePodSpecOfEachKind) {
  const std::string spec = R"({"containers":[{"name":"c","image":"i"}]})";
  const struct {
    const char* kind;
    std::string body;
    const char* path;
  } cases[] = {
      {"Pod", R"("spec":)" + spec, "spec"},
      {"Deployment", R"("spec":{"template":{"metadata":{"labels":{"a":"b"}},"spec":)" + spec + "}}",
       "spec.template.spec"},
      {"CronJob",
       R"("spec":{"jobTemplate":{"spec":{"template":{"metadata":{"labels":{"a":"b"}},"spec":)" +
           spec + "}}}}",
       "spec.jobTemplate.spec.template.spec"},
  };
  for (const auto& c : cases) {
    // The kind comes last: the order of members means nothing.
    const std::string json = "{" + c.body + R"(,"metadata":{"name":"w","labels":{"a":"b"},
      "annotations":{"x":"y"}},"apiVersion":"g/v1","kind":")" +
                             c.kind + "\"}";
    auto workload = projectWorkload(json);
    ASSERT_TRUE(workload) << c.kind << ": " << workload.error().message;
    EXPECT_EQ(workload->kind, c.kind);
    EXPECT_EQ(workload->specPath, c.path);
    EXPECT_EQ(workload->podLabels, (StringMap{{"a", "b"}}));
    EXPECT_EQ(workload->meta.annotations, (StringMap{{"x", "y"}}));
    ASSERT_EQ(workload->spec->containers.size(), 1u);
    EXPECT_EQ(workload->spec->containers[0].image, "i");
  }
}

TEST(WorkloadProjectionTest, ReadsATemplateOfACustomResource) {
  auto workload = projectTemplateAt(
      R"({"apiVersion":"x/v1","kind":"Ray","metadata":{"name":"r"},"spec":{"workers":[{"template":{}},
      {"template":{"metadata":{"annotations":{"k":"v"}},"spec":{"containers":[{"name":"w"}]}}}]}})",
      "spec.workers[1].template");
  ASSERT_TRUE(workload) << workload.error().message;
  EXPECT_EQ(workload->specPath, "spec.workers[1].template.spec");
  EXPECT_EQ(workload->podAnnotations, (StringMap{{"k", "v"}}));
  EXPECT_EQ(workload->spec->containers[0].name, "w");
}

TEST(WorkloadProjectionTest, SaysWhereNoPodSpecWasFound) {
  auto workload = projectWorkload(R"({"kind":"ConfigMap","metadata":{"name":"x"},"data":{}})");
  ASSERT_FALSE(workload);
  EXPECT_EQ(workload.error().message, "read ConfigMap x: no pod spec at spec.template.spec");
}

TEST(WorkloadProjectionTest, ReadsAPodSpecAlone) {
  auto spec = projectPodSpec(R"({"containers":[{"name":"c"}],"serviceAccount":"old"})");
  ASSERT_TRUE(spec);
  EXPECT_EQ((*spec)->serviceAccount, "old");
  EXPECT_FALSE(projectPodSpec("[]"));
  EXPECT_EQ((*projectPodSpec("{}"))->serviceAccount, "default");
}

TEST(ServiceProjectionTest, ReadsPortsAddressesAndDefaults) {
  auto service = projectService(R"({"metadata":{"name":"s","annotations":{"a":"b"}},
    "spec":{"type":"LoadBalancer","clusterIP":"10.96.0.9","selector":{"app":"x"},
    "ports":[{"port":80,"targetPort":"http","nodePort":30080},{"port":443,"targetPort":8443}],
    "externalIPs":["1.2.3.4"],"loadBalancerSourceRanges":["10.0.0.0/8"]},
    "status":{"loadBalancer":{"ingress":[{"ip":"5.6.7.8"},{"hostname":"lb.example"}]}}})");
  ASSERT_TRUE(service);
  EXPECT_EQ(service->type, "LoadBalancer");
  ASSERT_EQ(service->ports.size(), 2u);
  EXPECT_EQ(service->ports[0].targetPort, "http");
  EXPECT_EQ(service->ports[0].nodePort, 30080);
  EXPECT_EQ(service->ports[1].targetPort, "8443");
  EXPECT_EQ(service->ports[1].protocol, "TCP");
  EXPECT_EQ(service->ingressIPs, (std::vector<std::string>{"5.6.7.8", "lb.example"}));
  EXPECT_EQ(service->sourceRanges, std::vector<std::string>{"10.0.0.0/8"});
  EXPECT_EQ(projectService(R"({"spec":{}})")->type, "ClusterIP");
}

TEST(IngressProjectionTest, NamesTheFieldOfEachBackend) {
  auto ingress = projectIngress(R"({"metadata":{"name":"i",
    "annotations":{"kubernetes.io/ingress.class":"old"}},"spec":{
    "defaultBackend":{"service":{"name":"d","port":{"number":80}}},
    "rules":[{"http":{"paths":[{"path":"/a","backend":{"resource":{"kind":"B"}}},
    {"path":"/b","backend":{"service":{"name":"s","port":{"name":"web"}}}}]},"host":"h.example"}]}})");
  ASSERT_TRUE(ingress);
  EXPECT_EQ(ingress->className, "old");
  ASSERT_EQ(ingress->paths.size(), 2u);
  EXPECT_EQ(ingress->paths[0].fieldPath, "spec.defaultBackend.service");
  EXPECT_EQ(ingress->paths[0].port, "80");
  EXPECT_EQ(ingress->paths[1].host, "h.example");
  EXPECT_EQ(ingress->paths[1].port, "web");
  EXPECT_EQ(ingress->paths[1].fieldPath, "spec.rules[0].http.paths[1].backend.service");
}

TEST(ConfigMapProjectionTest, ReadsData) {
  auto map =
      projectConfigMap(R"({"metadata":{"name":"c"},"data":{"a":"1","b":2},"binaryData":{}})");
  ASSERT_TRUE(map);
  EXPECT_EQ(map->data, (StringMap{{"a", "1"}}));
}

TEST(NodeProjectionTest, ReadsInternalAddresses) {
  auto node = projectNode(R"({"metadata":{"name":"n"},"status":{"addresses":[
    {"type":"Hostname","address":"n"},{"type":"InternalIP","address":"10.0.0.1"},
    {"type":"InternalIP","address":"fd00::1"}]}})");
  ASSERT_TRUE(node);
  EXPECT_EQ(node->internalIPs, (std::vector<std::string>{"10.0.0.1", "fd00::1"}));
}

}  // namespace
}  // namespace firebreak
