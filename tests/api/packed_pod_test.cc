#include "api/packed_pod.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "api/projection.h"

namespace firebreak {
namespace {

// Every field that the projection reads, none of them at its default.
constexpr const char* kFull = R"({"metadata":{"namespace":"shop","name":"web-1","uid":"u-1",
  "resourceVersion":"77","labels":{"app":"web","tier":""},"creationTimestamp":"2026-01-02T03:04:05Z",
  "deletionTimestamp":"2026-01-03T03:04:05Z","ownerReferences":[{"apiVersion":"apps/v1",
  "kind":"ReplicaSet","name":"web","uid":"r-1","controller":true}]},
 "spec":{"nodeName":"n-1","hostNetwork":true,"hostPID":true,"serviceAccountName":"robot",
  "imagePullSecrets":[{"name":"pull"}],
  "containers":[{"name":"c","image":"i:1","workingDir":"/w","command":["a","b"],"args":["c\u0000d"],
   "env":[{"name":"A","value":"1"},{"name":"B","valueFrom":{"secretKeyRef":{"name":"s","key":"k"}}}],
   "envFrom":[{"prefix":"P_","secretRef":{"name":"all"}}],
   "ports":[{"name":"http","containerPort":8080,"hostPort":80,"hostIP":"10.0.0.9","protocol":"UDP"}],
   "volumeMounts":[{"name":"v","mountPath":"/v","subPath":"x"}],
   "securityContext":{"privileged":true,"capabilities":{"add":["NET_ADMIN"]}},
   "livenessProbe":{"exec":{"command":["x","y"]}},"resources":{"limits":{"cpu":"500m"}}}],
  "initContainers":[{"name":"i"}],"ephemeralContainers":[{"name":"e"}],
  "volumes":[{"name":"v","secret":{"secretName":"s","items":[{"key":"k","path":"p"}]}},
   {"name":"p","projected":{"sources":[{"configMap":{"name":"m"}},{"serviceAccountToken":{}}]}}]},
 "status":{"phase":"Running","podIP":"10.1.2.3","hostIP":"10.0.0.1",
  "conditions":[{"type":"Ready","status":"True"}],
  "containerStatuses":[{"name":"c","containerID":"containerd://00ff","state":{"running":{}}},
   {"name":"d","containerID":"docker://XYZ","state":{"waiting":{}}}]}})";

Pod project(const std::string& json) {
  auto pod = projectPod(json);
  EXPECT_TRUE(pod) << pod.error().message;
  return *pod;
}

// Not by way of fieldsOf(): every field by name.
void expectEqual(const Container& a, const Container& b) {
  EXPECT_EQ(a.role, b.role);
  EXPECT_EQ(a.fieldPath, b.fieldPath);
  EXPECT_EQ(a.name, b.name);
  EXPECT_EQ(a.image, b.image);
  EXPECT_EQ(a.workingDir, b.workingDir);
  EXPECT_EQ(a.command, b.command);
  EXPECT_EQ(a.args, b.args);
  ASSERT_EQ(a.env.size(), b.env.size());
  for (size_t i = 0; i < a.env.size(); ++i) {
    EXPECT_EQ(a.env[i].name, b.env[i].name);
    EXPECT_EQ(a.env[i].source, b.env[i].source);
    EXPECT_EQ(a.env[i].value, b.env[i].value);
    EXPECT_EQ(a.env[i].refName, b.env[i].refName);
    EXPECT_EQ(a.env[i].refKey, b.env[i].refKey);
  }
  ASSERT_EQ(a.envFrom.size(), b.envFrom.size());
  for (size_t i = 0; i < a.envFrom.size(); ++i) {
    EXPECT_EQ(a.envFrom[i].source, b.envFrom[i].source);
    EXPECT_EQ(a.envFrom[i].refName, b.envFrom[i].refName);
    EXPECT_EQ(a.envFrom[i].prefix, b.envFrom[i].prefix);
  }
  ASSERT_EQ(a.ports.size(), b.ports.size());
  for (size_t i = 0; i < a.ports.size(); ++i) {
    EXPECT_EQ(a.ports[i].name, b.ports[i].name);
    EXPECT_EQ(a.ports[i].port, b.ports[i].port);
    EXPECT_EQ(a.ports[i].hostPort, b.ports[i].hostPort);
    EXPECT_EQ(a.ports[i].hostIP, b.ports[i].hostIP);
    EXPECT_EQ(a.ports[i].protocol, b.ports[i].protocol);
  }
  ASSERT_EQ(a.mounts.size(), b.mounts.size());
  for (size_t i = 0; i < a.mounts.size(); ++i) {
    EXPECT_EQ(a.mounts[i].volume, b.mounts[i].volume);
    EXPECT_EQ(a.mounts[i].path, b.mounts[i].path);
    EXPECT_EQ(a.mounts[i].subPath, b.mounts[i].subPath);
  }
  ASSERT_EQ(a.hooks.size(), b.hooks.size());
  for (size_t i = 0; i < a.hooks.size(); ++i) {
    EXPECT_EQ(a.hooks[i].fieldPath, b.hooks[i].fieldPath);
    EXPECT_EQ(a.hooks[i].command, b.hooks[i].command);
  }
  EXPECT_EQ(a.privileged, b.privileged);
  EXPECT_EQ(a.addedCapabilities, b.addedCapabilities);
  EXPECT_EQ(a.cpuLimit, b.cpuLimit);
}

void expectEqual(const PodSpec& a, const PodSpec& b) {
  ASSERT_EQ(a.containers.size(), b.containers.size());
  for (size_t i = 0; i < a.containers.size(); ++i) expectEqual(a.containers[i], b.containers[i]);
  ASSERT_EQ(a.volumes.size(), b.volumes.size());
  for (size_t i = 0; i < a.volumes.size(); ++i) {
    EXPECT_EQ(a.volumes[i].name, b.volumes[i].name);
    ASSERT_EQ(a.volumes[i].sources.size(), b.volumes[i].sources.size());
    for (size_t j = 0; j < a.volumes[i].sources.size(); ++j) {
      EXPECT_EQ(a.volumes[i].sources[j].kind, b.volumes[i].sources[j].kind);
      EXPECT_EQ(a.volumes[i].sources[j].name, b.volumes[i].sources[j].name);
      EXPECT_EQ(a.volumes[i].sources[j].items, b.volumes[i].sources[j].items);
    }
  }
  EXPECT_EQ(a.serviceAccount, b.serviceAccount);
  EXPECT_EQ(a.hostNetwork, b.hostNetwork);
  EXPECT_EQ(a.hostPID, b.hostPID);
  EXPECT_EQ(a.imagePullSecrets, b.imagePullSecrets);
}

void expectEqual(const Pod& a, const Pod& b) {
  EXPECT_EQ(a.meta.labels, b.meta.labels);
  EXPECT_EQ(a.meta.annotations, b.meta.annotations);
  EXPECT_EQ(a.meta.controller, b.meta.controller);
  EXPECT_EQ(a.meta.deleting, b.meta.deleting);
  EXPECT_EQ(a.meta.created, b.meta.created);
  EXPECT_EQ(a.node, b.node);
  EXPECT_EQ(a.phase, b.phase);
  EXPECT_EQ(a.podIP, b.podIP);
  EXPECT_EQ(a.hostIP, b.hostIP);
  EXPECT_EQ(a.ready, b.ready);
  EXPECT_EQ(a.mirror, b.mirror);
  ASSERT_EQ(a.statuses.size(), b.statuses.size());
  for (size_t i = 0; i < a.statuses.size(); ++i) {
    EXPECT_EQ(a.statuses[i].name, b.statuses[i].name);
    EXPECT_EQ(a.statuses[i].containerID, b.statuses[i].containerID);
    EXPECT_EQ(a.statuses[i].running, b.statuses[i].running);
  }
  ASSERT_TRUE(a.spec && b.spec);
  expectEqual(*a.spec, *b.spec);
}

TEST(PackedPodTest, GivesBackEveryField) {
  const Pod pod = project(kFull);
  ASSERT_EQ(pod.spec->containers.size(), 3u);
  ASSERT_EQ(pod.spec->containers[0].hooks.size(), 1u);
  Pod copy = pod;
  copy.spec = std::make_shared<const PodSpec>(*pod.spec);  // knows no packed form
  expectEqual(PackedPod(pod).unpack(), pod);
  expectEqual(PackedPod(copy).unpack(), pod);
}

TEST(PackedPodTest, UnpacksTheSpecAnewWhenNobodyHoldsIt) {
  PackedPod packed;
  {
    const Pod pod = project(kFull);
    packed = PackedPod(pod);
  }
  expectEqual(packed.unpack(), project(kFull));
}

TEST(PackedPodTest, PodsThatAreAliveTogetherHaveOneSpec) {
  const PackedPod first(project(kFull));
  const PackedPod second(project(kFull));
  const Pod a = first.unpack();
  const Pod b = second.unpack();
  EXPECT_EQ(a.spec, b.spec);
  EXPECT_EQ(project(kFull).spec, a.spec);
}

TEST(PackedPodTest, KeepsWhatIsSharedOnceAndOnlyWhileItIsHeld) {
  const size_t before = countSharedBytes();
  {
    std::vector<PackedPod> many;
    for (int i = 0; i < 100; ++i) {
      Pod pod = project(kFull);
      pod.podIP = "10.0.0." + std::to_string(i);
      many.emplace_back(pod);
    }
    EXPECT_EQ(countSharedBytes(), before + 2) << "the spec, and labels with owner";
    EXPECT_EQ(many[42].unpack().podIP, "10.0.0.42");
  }
  EXPECT_EQ(countSharedBytes(), before);
}

TEST(PackedPodTest, TellsItsLabelsWithoutBeingUnpacked) {
  const PackedPod packed(project(
      R"({"metadata":{"labels":{"a":"1","b":"","c":"3"},"annotations":{"z":"9"}}})"));
  const std::vector<StringMap> parts = {
      {}, {{"a", "1"}}, {{"b", ""}, {"c", "3"}}, {{"a", "1"}, {"b", ""}, {"c", "3"}}};
  for (const StringMap& part : parts) {
    EXPECT_TRUE(packed.hasLabels(part));
  }
  const std::vector<StringMap> others = {{{"a", "2"}},  {{"a", ""}},
                                         {{"aa", "1"}}, {{"z", "9"}},
                                         {{"0", "1"}},  {{"b", "3"}},
                                         {{"c", "3"}, {"d", "4"}}};
  for (const StringMap& other : others) {
    EXPECT_FALSE(packed.hasLabels(other));
  }
  EXPECT_TRUE(PackedPod().hasLabels({}));
  EXPECT_FALSE(PackedPod().hasLabels({{"a", "1"}}));
}

TEST(PackedPodTest, TellsWhetherItHasAController) {
  EXPECT_TRUE(PackedPod(project(R"({"metadata":{"labels":{"a":"1"}}})")).isBare());
  EXPECT_TRUE(PackedPod(project(R"({"metadata":{"ownerReferences":[{"kind":"Job","name":"j"}]}})")).isBare());
  EXPECT_FALSE(PackedPod(project(
      R"({"metadata":{"ownerReferences":[{"kind":"Job","name":"j","controller":true}]}})")).isBare());
}

TEST(PackedPodTest, AnEmptyOneIsAPodWithoutAnything) {
  EXPECT_TRUE(PackedPod().unpack().node.empty());
  expectEqual(PackedPod(project("{}")).unpack(), project("{}"));
}

}  // namespace
}  // namespace firebreak
