// The isolation rungs on real sockets, cgroups and namespaces: a process of ours in a network
// namespace and a pod-shaped cgroup of its own keeps a connection going and counts. Needs root.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <functional>

#include "sensor/bpf_drop.h"
#include "sensor/isolator.h"
#include "sensor/netns_child.h"
#include "support/chatty_pod.h"

namespace firebreak::sensor {
namespace {

namespace fs = std::filesystem;

const std::string kUid = "0a1b2c3d-1111-2222-3333-444455556666";
const std::string kMount = "/sys/fs/cgroup";

bool eventually(const std::function<bool()>& condition) {
  for (int i = 0; i < 1000; ++i) {
    if (condition()) return true;
    usleep(10000);
  }
  return false;
}

class IsolationLiveTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (geteuid() != 0) GTEST_SKIP() << "needs root";
    root_ = "firebreak-test-" + std::to_string(getpid());
    const std::string pod = "/" + root_ + "/kubepods/besteffort/pod" + kUid;
    const bool hybrid = fs::exists(kMount + "/unified/cgroup.controllers");
    if (hybrid) folders_ = {kMount + "/unified" + pod, kMount + "/freezer" + pod};
    else if (fs::exists(kMount + "/cgroup.controllers")) folders_ = {kMount + pod};
    for (const std::string& folder : folders_) {
      std::error_code error;
      fs::create_directories(folder + "/" + std::string(64, 'c'), error);
      if (error) GTEST_SKIP() << "cannot make " << folder;
    }
    if (folders_.empty()) GTEST_SKIP() << "no cgroup v2";
    counters_ = ChattyPod::makeCounters();
    pid_ = fork();
    if (pid_ == 0) {
      for (const std::string& folder : folders_) {
        std::ofstream(folder + "/" + std::string(64, 'c') + "/cgroup.procs") << 0;
      }
      ChattyPod::run(counters_);
    }
    ASSERT_TRUE(eventually([this] { return counters_->ready != 0; }));
    if (counters_->ready < 0) GTEST_SKIP() << "may not make a network namespace";
    ASSERT_TRUE(eventually([this] { return counters_->answers > 3; }));
    order_.podUid = kUid;
    order_.orderId = "o";
  }

  void TearDown() override {
    if (pid_ > 0) endPod();
    for (const std::string& folder : folders_) {
      const fs::path path(folder);
      rmdir((folder + "/" + std::string(64, 'c')).c_str());
      for (fs::path up = path; up.string().find(root_) != std::string::npos; up = up.parent_path()) {
        eventually([&] { return rmdir(up.c_str()) == 0 || errno != EBUSY; });
      }
      EXPECT_FALSE(fs::exists(folder));
    }
  }

  void endPod() {
    (void)Freezer(cgroups()).thaw(kUid);
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
    pid_ = 0;
  }
  CgroupTree cgroups() const { return CgroupTree(kMount, {root_}); }
  bool answersComeIn() {
    const int before = counters_->answers;
    return eventually([&] { return counters_->answers > before + 3; });
  }
  bool standsStill() {
    usleep(50000);  // what was under way
    const int before = counters_->answers;
    usleep(400000);
    return counters_->answers == before;
  }

  std::string root_;
  std::vector<std::string> folders_;
  ChattyPod::Counters* counters_ = nullptr;
  pid_t pid_ = 0;
  IsolationOrder order_;
  ProcFs proc_;
};

TEST_F(IsolationLiveTest, CutsDropsProvesAndUndoes) {
  const CgroupTree tree = cgroups();
  Isolator isolator(proc_, tree, "");

  Outcome outcome = isolator.ensure(order_, "CutConnections");
  EXPECT_EQ(outcome.state, MeasureState::kVerified) << outcome.message;
  EXPECT_TRUE(eventually([this] { return counters_->losses > 0; })) << "the client lost its connection";
  EXPECT_TRUE(answersComeIn()) << "and made another one";

  outcome = isolator.ensure(order_, "Probe");
  EXPECT_EQ(outcome.state, MeasureState::kFailed) << outcome.message;
  EXPECT_NE(outcome.message.find(ChattyPod::kPeer), std::string::npos) << outcome.message;

  outcome = isolator.ensure(order_, "Drop");
  if (outcome.state == MeasureState::kFailed) GTEST_SKIP() << outcome.message;
  EXPECT_EQ(outcome.state, MeasureState::kVerified) << outcome.message;
  EXPECT_TRUE(standsStill());
  outcome = isolator.ensure(order_, "Probe");
  EXPECT_EQ(outcome.state, MeasureState::kVerified) << outcome.message;

  // Another sensor after this one: it keeps what is ordered and takes off what is not.
  Isolator next(proc_, tree, "");
  next.sweep({kUid});
  EXPECT_TRUE(standsStill());
  next.sweep({});
  EXPECT_TRUE(answersComeIn());

  outcome = next.ensure(order_, "Drop");
  EXPECT_EQ(outcome.state, MeasureState::kVerified);
  EXPECT_TRUE(outcome.anew);
  outcome = next.ensure(order_, "Drop");
  EXPECT_EQ(outcome.state, MeasureState::kVerified) << "twice is once";
  EXPECT_FALSE(outcome.anew);
  ASSERT_TRUE(detachDrop(*tree.unifiedFolder(kUid)));  // by somebody else
  ASSERT_TRUE(answersComeIn());
  const int losses = counters_->losses;
  EXPECT_TRUE(next.ensure(order_, "Drop").anew);
  EXPECT_TRUE(standsStill());
  EXPECT_GT(counters_->losses, losses) << "what was connected meanwhile is cut";
  EXPECT_EQ(next.undo(order_, "Drop").state, MeasureState::kReleased);
  EXPECT_FALSE(dropAttached(*tree.unifiedFolder(kUid)).value_or(true));
  EXPECT_TRUE(answersComeIn());
}

// The whole machine is looked at for that; what is said of a network that nobody has must not depend on it.
TEST_F(IsolationLiveTest, TellsANetworkOfItsOwnFromOneThatOthersAreIn) {
  const CgroupTree tree = cgroups();
  const auto networks = podNetworks(proc_, tree, kUid);
  ASSERT_TRUE(networks);
  ASSERT_EQ(networks->size(), 1u);
  const std::string own = networks->front().name;
  EXPECT_EQ(own, *proc_.link(pid_, "ns/net"));
  const std::string nodes = *proc_.link(getpid(), "ns/net");
  EXPECT_EQ(sharedNetworks(proc_, tree, kUid, {own, nodes}), std::set<std::string>{nodes});
}

TEST_F(IsolationLiveTest, FreezesAndThaws) {
  const CgroupTree tree = cgroups();
  Isolator isolator(proc_, tree, "");
  Outcome outcome = isolator.ensure(order_, "Freeze");
  EXPECT_EQ(outcome.state, MeasureState::kVerified) << outcome.message;
  EXPECT_TRUE(standsStill());
  // A frozen pod's connections are cut as well.
  outcome = isolator.ensure(order_, "CutConnections");
  EXPECT_EQ(outcome.state, MeasureState::kVerified) << outcome.message;
  outcome = isolator.undo(order_, "Freeze");
  EXPECT_EQ(outcome.state, MeasureState::kReleased) << outcome.message;
  EXPECT_TRUE(answersComeIn());
  EXPECT_GT(counters_->losses, 0);
}

TEST_F(IsolationLiveTest, SaysWhenAThawWillKill) {
  const CgroupTree tree = cgroups();
  if (!Freezer(tree).holdsKills(kUid)) GTEST_SKIP() << "only the v1 freezer holds a SIGKILL back";
  Isolator isolator(proc_, tree, "");
  ASSERT_EQ(isolator.ensure(order_, "Freeze").state, MeasureState::kVerified);
  kill(pid_, SIGKILL);
  const Outcome outcome = isolator.undo(order_, "Freeze");
  EXPECT_NE(outcome.message.find("told to end"), std::string::npos) << outcome.message;
}

TEST_F(IsolationLiveTest, KeepsEvidenceOnce) {
  const CgroupTree tree = cgroups();
  char folder[] = "/tmp/firebreak-evidence-XXXXXX";
  ASSERT_NE(mkdtemp(folder), nullptr);
  Isolator isolator(proc_, tree, "", folder);
  order_.orderId = "../../o";
  ASSERT_EQ(isolator.ensure(order_, "CutConnections").state, MeasureState::kVerified);
  const Outcome first = isolator.ensure(order_, "CaptureEvidence");
  EXPECT_EQ(first.state, MeasureState::kVerified) << first.message;
  EXPECT_EQ(isolator.ensure(order_, "CaptureEvidence").message, first.message);
  int folders = 0;
  for (const auto& entry : fs::directory_iterator(folder)) {
    ++folders;
    EXPECT_EQ(fs::status(entry).permissions(), fs::perms::owner_all);
    EXPECT_NE(first.message.find(entry.path().string()), std::string::npos);
    const std::string pid = std::to_string(pid_);
    EXPECT_EQ(fs::file_size(entry.path() / ("executable-" + pid)), fs::file_size("/proc/self/exe"));
    EXPECT_GT(fs::file_size(entry.path() / ("maps-" + pid)), 0u);
    const std::string text = readFile(entry.path() / "manifest.json", 1 << 20).value_or("");
    EXPECT_NE(text.find(ChattyPod::kPeer), std::string::npos) << text;
  }
  EXPECT_EQ(folders, 1);
  fs::remove_all(folder);
  EXPECT_EQ(Isolator(proc_, tree, "").ensure(order_, "CaptureEvidence").state, MeasureState::kRefused);
}

TEST_F(IsolationLiveTest, ReleasesAPodThatIsGone) {
  const CgroupTree tree = cgroups();
  Isolator isolator(proc_, tree, "");
  endPod();
  ASSERT_TRUE(eventually([&] { return tree.processes(kUid).empty(); }));
  for (const char* measure : {"Freeze", "CutConnections", "Drop", "Probe"}) {
    EXPECT_EQ(isolator.ensure(order_, measure).state, MeasureState::kReleased) << measure;
  }
}

TEST_F(IsolationLiveTest, HoldsThePodAlsoWhenTheProcessThatWasSeenIsGone) {
  const CgroupTree tree = cgroups();
  Isolator isolator(proc_, tree, "");
  EXPECT_EQ(tree.pods(), std::vector<std::string>{kUid});
  EXPECT_EQ(tree.processes(kUid), std::vector<pid_t>{pid_});
  order_.pid = pid_;
  order_.startTime = 1;  // another process under that pid: the pod still is the target
  EXPECT_EQ(isolator.ensure(order_, "CutConnections").state, MeasureState::kVerified);
}

}  // namespace
}  // namespace firebreak::sensor
