#include "sensor/pod_of_process.h"

#include <gtest/gtest.h>

namespace firebreak::sensor {
namespace {

const std::string kUid = "0a1b2c3d-1111-2222-3333-444455556666";
const std::string kUidUnderscores = "0a1b2c3d_1111_2222_3333_444455556666";
const std::string kCid(64, 'c');
const CgroupRoot kTop;

struct Shape {
  const char* name;
  std::string line;
  CgroupRoot root;
  std::string uid;
  std::string cid;
};

TEST(PodOfProcess, KnowsEveryShapeOfPath) {
  const Shape kShapes[] = {
      {"cgroupfs besteffort v1", "4:memory:/kubepods/besteffort/pod" + kUid + "/" + kCid, kTop, kUid, kCid},
      {"cgroupfs burstable", "0::/kubepods/burstable/pod" + kUid + "/" + kCid, kTop, kUid, kCid},
      {"cgroupfs guaranteed", "0::/kubepods/pod" + kUid + "/" + kCid, kTop, kUid, kCid},
      {"below the container", "0::/kubepods/pod" + kUid + "/" + kCid + "/init.scope", kTop, kUid, kCid},
      {"pod level", "0::/kubepods/pod" + kUid, kTop, kUid, ""},
      {"systemd burstable",
       "0::/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" + kUidUnderscores +
           ".slice/cri-containerd-" + kCid + ".scope",
       kTop, kUid, kCid},
      {"systemd guaranteed, CRI-O",
       "0::/kubepods.slice/kubepods-pod" + kUidUnderscores + ".slice/crio-" + kCid + ".scope", kTop, kUid, kCid},
      {"kind",
       "0::/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-besteffort.slice/"
       "kubelet-kubepods-besteffort-pod" + kUidUnderscores + ".slice/docker-" + kCid + ".scope",
       kTop, kUid, kCid},
      {"static pod", "0::/kubepods/burstable/pod0123456789abcdef0123456789abcdef/" + kCid, kTop,
       "0123456789abcdef0123456789abcdef", kCid},
      {"another root", "0::/e2e/node-1/kubepods/besteffort/pod" + kUid + "/" + kCid, {"e2e", "node-1"}, kUid, kCid},
      {"private cgroup namespace, other class", "0::/../../../besteffort/pod" + kUid + "/" + kCid, kTop, kUid, kCid},
      {"private cgroup namespace, same class", "0::/../../pod" + kUid + "/" + kCid, kTop, kUid, kCid},
      {"private cgroup namespace, reader outside", "0::/../kubepods/besteffort/pod" + kUid + "/" + kCid, kTop, kUid, kCid},
  };
  for (const Shape& shape : kShapes) {
    const auto place = podOfProcess("9:name=systemd:/\n" + shape.line + "\n", shape.root);
    ASSERT_TRUE(place.has_value()) << shape.name;
    EXPECT_EQ(place->podUid, shape.uid) << shape.name;
    EXPECT_EQ(place->containerId, shape.cid) << shape.name;
  }
}

TEST(PodOfProcess, TakesTheOutermostPodSoThatNestedGroupsCannotFrameANeighbour) {
  const std::string victim = "ffffffff-1111-2222-3333-444455556666";
  const auto place = podOfProcess(
      "0::/kubepods/pod" + kUid + "/" + kCid + "/kubepods/pod" + victim + "/" + std::string(64, 'd'), kTop);
  ASSERT_TRUE(place.has_value());
  EXPECT_EQ(place->podUid, kUid);
  EXPECT_EQ(place->containerId, kCid);
}

TEST(PodOfProcess, LeavesOtherNodesAndOtherThingsAlone) {
  const std::string pod = "kubepods/besteffort/pod" + kUid + "/" + kCid;
  EXPECT_FALSE(podOfProcess("0::/e2e/node-2/" + pod, {"e2e", "node-1"}));
  EXPECT_FALSE(podOfProcess("0::/e2e/node-2/" + pod, kTop));
  EXPECT_FALSE(podOfProcess("0::/" + pod, {"e2e", "node-1"}));
  EXPECT_FALSE(podOfProcess("0::/../../../../../node-2/" + pod, kTop));
  EXPECT_FALSE(podOfProcess("0::/system.slice/containerd.service", kTop));
  EXPECT_FALSE(podOfProcess("0::/kubepods/besteffort/podcast/" + kCid, kTop));
  EXPECT_FALSE(podOfProcess("0::/kubepods/besteffort/pod" + kUid.substr(1) + "/" + kCid, kTop));
  EXPECT_FALSE(podOfProcess("", kTop));
  EXPECT_FALSE(podOfProcess("\n::\n0:\nx", kTop));
}

TEST(PodOfProcess, FindsTheRootFromTheSensorsOwnPath) {
  const std::string own = "4:memory:/e2e/node-1/kubepods/burstable/pod" + kUid + "/" + kCid + "\n";
  EXPECT_EQ(rootOfSelf(own), (CgroupRoot{"e2e", "node-1"}));
  EXPECT_EQ(rootOfSelf("0::/kubepods/pod" + kUid + "/" + kCid), CgroupRoot{});
  EXPECT_EQ(rootOfSelf("0::/\n"), CgroupRoot{});
  EXPECT_EQ(parseCgroupRoot("/e2e//node-1/"), (CgroupRoot{"e2e", "node-1"}));
}

TEST(PodOfProcess, TellsApiUidsFromStaticPods) {
  EXPECT_TRUE(isApiUid(kUid));
  EXPECT_FALSE(isApiUid("0123456789abcdef0123456789abcdef"));
  EXPECT_FALSE(isApiUid("../../../etc/passwd-22-3333-4444555566"));
}

}  // namespace
}  // namespace firebreak::sensor
