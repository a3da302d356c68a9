// A rotation from the finding to the end, against an API server and an AWS in memory: how often it asks
// outside, and what it makes of an AWS that is slow, throttles or has no room for another key.
#include <gtest/gtest.h>

#include "base/digest.h"
#include "control/control_world.h"
#include "control/secret_family.h"
#include "kube/work_queue.h"
#include "support/fake_aws.h"

namespace firebreak::control {
namespace {

using std::chrono::seconds;
using testing::FakeAws;

constexpr const char* kSecret = "/api/v1/namespaces/shop/secrets/uploads";
constexpr const char* kConsumer = "/apis/apps/v1/namespaces/shop/deployments/web";

class RotationCalls : public ::testing::Test {
 protected:
  RotationCalls() {
    old_ = aws_.addKey("uploads");
    world_.api.put(kSecret, {{"apiVersion", "v1"},
                             {"kind", "Secret"},
                             {"metadata",
                              {{"namespace", "shop"},
                               {"annotations", {{"firebreak.dev/exposed", "pasted into a ticket"}}}}},
                             {"type", "Opaque"},
                             {"data",
                              {{"id", base64Encode(old_)}, {"secret", base64Encode("secret-of-" + old_)}}}});
    world_.api.put("/api/v1/namespaces/firebreak-system/secrets/cloud",
                   {{"metadata", {{"namespace", "firebreak-system"}}},
                    {"data", {{"access", base64Encode("AKIAADMIN:secret-of-admin")}}}});
    const Json variable = {{"name", "KEY"},
                           {"valueFrom", {{"secretKeyRef", {{"name", "uploads"}, {"key", "secret"}}}}}};
    const Json container = {{"name", "web"}, {"env", Json::array({variable})}};
    world_.api.put(kConsumer, {{"apiVersion", "apps/v1"},
                               {"kind", "Deployment"},
                               {"metadata", {{"namespace", "shop"}}},
                               {"spec",
                                {{"replicas", 1},
                                 {"strategy", {{"type", "RollingUpdate"}}},
                                 {"template",
                                  {{"metadata", {{"labels", {{"app", "web"}}}}},
                                   {"spec", {{"containers", Json::array({container})}}}}}}}});
    const Json rotator = {{"name", "uploads"},
                          {"type", "AWSAccessKey"},
                          {"namespace", "shop"},
                          {"secret", "uploads"},
                          {"keys", {"id", "secret"}},
                          {"adminRef", {{"name", "cloud"}, {"key", "access"}}},
                          {"awsAccessKey", {{"iamUserName", "uploads"}, {"endpoint", aws_.url()}}}};
    world_.addPolicy("default", {{"secrets",
                                  {{"mode", "Enforce"},
                                   {"keepPreviousSeconds", 60},
                                   {"rotators", Json::array({rotator})}}}});
    restart();
    open();
  }

  // A new process.
  void restart() {
    world_.restart();
    world_.remediations = std::make_unique<RemediationReconciler>(
        world_.client, world_.world, executor_, world_.keys, *world_.ledger, world_.clock, ReconcilerOptions{});
    world_.remediations->addFamily(family_);
  }

  // As the queue does it: an error is tried again with back-off, a time is waited for.
  template <typename Until>
  bool works(Until until, int turns = 200) {
    int failures = 0;
    for (int turn = 0; turn < turns && !until(); ++turn) {
      auto done = world_.remediations->reconcile(name_);
      failures = done ? 0 : failures + 1;
      if (until()) return true;
      if (done && !*done) return false;
      auto wait = done ? std::chrono::duration_cast<std::chrono::milliseconds>(**done - world_.clock.wall())
                       : kube::WorkQueue::failureDelay(failures);
      world_.clock.advance(std::max(wait, std::chrono::milliseconds(10)));
      rollOut();
    }
    return until();
  }
  bool reaches(Phase phase) {
    return works([&] { return world_.status(name_).phase == phase; });
  }
  bool ends() {
    return works([&] { return isRotated() && world_.api.find(stagingPath()) == nullptr; });
  }
  bool isRotated() {
    auto keys = aws_.keys("uploads");
    return world_.status(name_).phase == Phase::kContained && keys.size() == 1 && keys.front() != old_;
  }
  std::string stagingPath() {
    for (const Json& each : world_.api.below("/api/v1/namespaces/shop/secrets")) {
      std::string name = stringOr(member(each, {"metadata", "name"}));
      if (name != "uploads") return "/api/v1/namespaces/shop/secrets/" + name;
    }
    return "";
  }
  std::string message() { return world_.status(name_).message; }

  // The next rotation of the same Secret.
  void again() {
    world_.api.erase(ControlWorld::remediationPath(name_));
    old_ = aws_.keys("uploads").front();
    open();
  }
  void open() {
    const Json* live = world_.api.find(kSecret);
    ObjectRef target{"v1", "Secret", "shop", "uploads", stringOr(member(*live, {"metadata", "uid"}))};
    Finding finding;
    finding.family = Family::kExposedSecret;
    finding.rule = "marked-exposed";
    name_ = *world_.opener.open(Family::kExposedSecret, target, {finding});
    const std::string events = "/apis/events.k8s.io/v1/namespaces/shop/events";
    for (const Json& event : world_.api.below(events)) {
      world_.api.erase(events + "/" + stringOr(member(event, {"metadata", "name"})));
    }
  }

  // The Deployment's controller: twenty seconds after a new template all runs.
  void rollOut() {
    const Json* consumer = world_.api.find(kConsumer);
    if (consumer == nullptr) return;
    const Json& live = *consumer;
    const int64_t generation = intOr(member(live, {"metadata", "generation"}), 0);
    if (generation != rolling_) {
      rolling_ = generation;
      completeAt_ = world_.clock.wall() + seconds(20);
    }
    if (world_.clock.wall() < completeAt_ ||
        intOr(member(live, {"status", "observedGeneration"}), 0) == generation) {
      return;
    }
    world_.api.change(kConsumer, [&](Json& object) {
      const std::string at = formatTime(completeAt_);
      object["status"] = {
          {"observedGeneration", generation}, {"updatedReplicas", 1}, {"replicas", 1}, {"readyReplicas", 1},
          {"conditions",
           Json::array({{{"type", "Progressing"}, {"reason", "NewReplicaSetAvailable"}, {"lastUpdateTime", at}},
                        {{"type", "Available"}, {"status", "True"}, {"lastTransitionTime", at}}})}};
    });
  }

  ControlWorld world_;
  FakeAws aws_;
  SecretFamily family_{world_.client, world_.world,       world_.clock,
                       {},            "firebreak-system", [](const Remediation&) { return true; }};
  Executor executor_{world_.client, family_, [] { return true; }};
  std::string old_;
  std::string name_;
  int64_t rolling_ = 0;
  WallTime completeAt_{};
};

TEST_F(RotationCalls, IdentityIsAskedOnceBeforeOnceForTheNewKeyAndOnceForTheOld) {
  ASSERT_TRUE(ends()) << message() << "; " << aws_.told();
  EXPECT_EQ(aws_.told(),
            "CreateAccessKey 1, DeleteAccessKey 1, GetCallerIdentity 3, ListAccessKeys 4, UpdateAccessKey 1");
  for (int i = 0; i < 5; ++i) (void)world_.remediations->reconcile(name_);
  EXPECT_EQ(aws_.calls(), 10);
}

TEST_F(RotationCalls, NothingIsAskedWhileConsumersRollOutNorAfterARestartThen) {
  ASSERT_TRUE(works([&] { return message().find("rolling out") != std::string::npos; })) << message();
  const int before = aws_.calls();
  restart();
  ASSERT_TRUE(reaches(Phase::kContained)) << message();
  restart();
  for (int i = 0; i < 5; ++i) (void)world_.remediations->reconcile(name_);
  EXPECT_EQ(aws_.calls(), before) << aws_.told();
  ASSERT_TRUE(ends()) << message();
  EXPECT_EQ(aws_.count("GetCallerIdentity"), 3);
}

// Killed right before and right after each call to AWS, whose answer it then never saw.
TEST_F(RotationCalls, ARestartAtAnyCallLeavesOneKeyThatWorks) {
  world_.api.erase(kConsumer);  // twenty roll-outs take their time
  for (int kill = 1; kill <= 10; ++kill) {
    for (bool done : {false, true}) {
      int calls = 0;
      aws_.fault = [&](const std::string&) -> std::optional<FakeAws::Refusal> {
        if (++calls != kill) return std::nullopt;
        return FakeAws::Refusal{503, "ServiceUnavailable", done};
      };
      ASSERT_TRUE(works([&] { return calls >= kill; })) << kill << ": " << message();
      restart();
      ASSERT_TRUE(ends()) << kill << ": " << message() << "; " << aws_.told();
      aws_.fault = nullptr;
      again();
    }
  }
}

TEST_F(RotationCalls, AnAwsThatTellsItselfSlowlyIsAskedLessAndLessOften) {
  std::map<std::string, WallTime> since;
  aws_.takes = [&](const std::string& id, bool known) {
    if (id == old_ && known) return true;
    since.try_emplace(id, world_.clock.wall());
    const bool told = world_.clock.wall() - since[id] > seconds(known ? 15 : 120);
    return told == known;
  };
  ASSERT_TRUE(ends()) << message() << "; " << aws_.told();
  EXPECT_LE(aws_.count("GetCallerIdentity"), 50) << "in two minutes and a quarter";
  EXPECT_EQ(aws_.count("CreateAccessKey") + aws_.count("UpdateAccessKey") + aws_.count("DeleteAccessKey"), 3);
  EXPECT_TRUE(world_.events("RemediationSkipped").empty());
}

TEST_F(RotationCalls, ANewKeyThatIsNeverTakenIsTakenBack) {
  aws_.takes = [&](const std::string& id, bool known) { return known && id == old_; };
  ASSERT_TRUE(reaches(Phase::kFailed)) << message();
  EXPECT_EQ(aws_.keys("uploads"), std::vector<std::string>{old_});
  EXPECT_EQ(world_.status(name_).outcome, Outcome::kIneffective);
  EXPECT_NE(message().find("AWS does not take the new access key"), std::string::npos) << message();
  EXPECT_EQ(world_.api.find(stagingPath()), nullptr);
}

TEST_F(RotationCalls, AKeyThatComesInBeforeOursIsSaidAndLeftAlone) {
  std::string theirs;
  aws_.fault = [&](const std::string& action) -> std::optional<FakeAws::Refusal> {
    if (action == "CreateAccessKey" && theirs.empty()) theirs = aws_.addKey("uploads");
    return std::nullopt;
  };
  ASSERT_TRUE(reaches(Phase::kFailed)) << message();
  EXPECT_EQ(world_.status(name_).outcome, Outcome::kNeedsExternalAction);
  EXPECT_NE(message().find("two access keys already"), std::string::npos) << message();
  EXPECT_NE(message().find("kubectl delete remediation " + name_), std::string::npos) << message();
  const int calls = aws_.calls();
  world_.clock.advance(std::chrono::hours(1));
  for (int i = 0; i < 5; ++i) (void)world_.remediations->reconcile(name_);
  EXPECT_EQ(aws_.calls(), calls) << "nothing is tried again";
  EXPECT_EQ(aws_.count("CreateAccessKey"), 1);
  // Nor does a revert take a key for ours that was never used.
  world_.api.change(ControlWorld::remediationPath(name_), [](Json& object) {
    object["spec"]["decision"] = {{"action", "Revert"}, {"by", "alice"}};
  });
  ASSERT_TRUE(reaches(Phase::kReverted)) << message();
  EXPECT_EQ(aws_.keys("uploads"), (std::vector<std::string>{old_, theirs}));
}

TEST_F(RotationCalls, AnAwsThatThrottlesIsAskedLessAndLessOftenAndToldOnce) {
  for (const char* code : {"Throttling", "RequestLimitExceeded", "ServiceUnavailable"}) {
    const WallTime end = world_.clock.wall() + std::chrono::minutes(10);
    const int before = aws_.count("CreateAccessKey");
    aws_.fault = [&](const std::string& action) -> std::optional<FakeAws::Refusal> {
      if (action != "CreateAccessKey" || world_.clock.wall() > end) return std::nullopt;
      return FakeAws::Refusal{std::string_view(code) == "ServiceUnavailable" ? 503 : 400, code};
    };
    ASSERT_TRUE(works([&] { return world_.clock.wall() > end - std::chrono::minutes(4); }));
    EXPECT_EQ(world_.status(name_).blocked.reason, "WriteRefused") << code;
    EXPECT_NE(message().find(code), std::string::npos) << message();
    ASSERT_TRUE(ends()) << code << ": " << message();
    EXPECT_LE(aws_.count("CreateAccessKey") - before, 16) << code;
    EXPECT_EQ(world_.events("RemediationSkipped").size(), 1U) << code;
    again();
  }
}

TEST_F(RotationCalls, AClockThatIsWrongSaysNothingOfTheKey) {
  bool wrong = true;
  aws_.fault = [&](const std::string&) -> std::optional<FakeAws::Refusal> {
    if (!wrong) return std::nullopt;
    return FakeAws::Refusal{403, "SignatureDoesNotMatch", false,
                            "Signature expired: 20261130T101500Z is now earlier than 20261130T102200Z"};
  };
  ASSERT_TRUE(works([&] { return world_.status(name_).blocked.reason == "WriteRefused"; })) << message();
  EXPECT_NE(message().find("clock"), std::string::npos) << message();
  wrong = false;
  ASSERT_TRUE(ends()) << message();
}

TEST_F(RotationCalls, AThrottledQuestionIsSaidOnceAndAskedAgain) {
  bool throttles = false;
  aws_.fault = [&](const std::string&) -> std::optional<FakeAws::Refusal> {
    if (!throttles) return std::nullopt;
    return FakeAws::Refusal{400, "Throttling"};
  };
  ASSERT_TRUE(reaches(Phase::kContained)) << message();
  throttles = true;
  ASSERT_TRUE(works([&] { return aws_.count("ListAccessKeys") > 2; })) << message();
  const Condition unseen = *findCondition(world_.status(name_).conditions, "Ready");
  EXPECT_EQ(unseen.status + " " + unseen.reason, "Unknown CannotLook");
  const size_t writes = world_.api.writes.size();
  for (int i = 0; i < 5; ++i) EXPECT_FALSE(world_.remediations->reconcile(name_));
  EXPECT_EQ(world_.api.writes.size(), writes) << "said once";
  throttles = false;
  ASSERT_TRUE(ends()) << message();
}

TEST_F(RotationCalls, ASecretThatGoesInTheMiddleEndsIt) {
  ASSERT_TRUE(reaches(Phase::kContained)) << message();
  world_.api.erase(kSecret);
  world_.api.erase(stagingPath());
  ASSERT_TRUE(works([&] { return world_.status(name_).outcome == Outcome::kNoLongerPresent; })) << message();
  EXPECT_NE(message().find("may still be taken"), std::string::npos) << message();
}

}  // namespace
}  // namespace firebreak::control
