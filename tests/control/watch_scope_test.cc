// What the operator asks the API server to watch: no more of each kind than is judged.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "control/world.h"
#include "support/fake_transport.h"

namespace firebreak::control {
namespace {

using testing::HasSubstr;
using testing::Not;

// Opens streams and takes requests that nobody answers; what is due at once happens when asked for, what is for
// later never does.
class FrozenTransport : public FakeTransport {
 public:
  std::vector<kube::HttpRequest> streams;

  kube::StreamId open(kube::HttpRequest request, std::shared_ptr<kube::StreamHandler>) override {
    streams.push_back(std::move(request));
    return streams.size();
  }
  void send(kube::HttpRequest, std::function<void(kube::TransportResult)>) override {}
  void schedule(std::chrono::milliseconds delay, std::function<void()> task) override {
    if (delay.count() == 0) due_.push_back(std::move(task));
  }
  void runDue() {
    while (!due_.empty()) {
      auto tasks = std::exchange(due_, {});
      for (auto& task : tasks) task();
    }
  }

 private:
  std::vector<std::function<void()>> due_;
};

// The first stream of each kind, by its path without the query.
class WatchScopeTest : public testing::Test {
 protected:
  WatchScopeTest() {
    world.start();
    transport.runDue();
    for (const kube::HttpRequest& request : transport.streams) {
      const size_t question = request.path.find('?');
      queries[request.path.substr(0, question)] = request.path.substr(question);
      accepted[request.path.substr(0, question)] = request.accept;
    }
  }

  FrozenTransport transport;
  World world{transport, "firebreak-system"};
  std::map<std::string, std::string> queries;
  std::map<std::string, std::string> accepted;
};

// A pod that ends must not look like one that was deleted: its isolation is still to be undone.
TEST_F(WatchScopeTest, SeesPodsThatEnded) {
  EXPECT_THAT(queries["/api/v1/pods"], Not(HasSubstr("Selector=")));
}

TEST_F(WatchScopeTest, ReadsTheMetadataAloneWhereThatIsEnough) {
  EXPECT_THAT(accepted["/api/v1/namespaces"], HasSubstr("as=PartialObjectMetadata;"));
  EXPECT_THAT(accepted["/apis/networking.k8s.io/v1/networkpolicies"],
              HasSubstr("as=PartialObjectMetadata;"));
  EXPECT_THAT(accepted["/api/v1/pods"], Not(HasSubstr("PartialObjectMetadata")));
}

TEST_F(WatchScopeTest, AsksForOneConfigMapInItsOwnNamespace) {
  EXPECT_THAT(queries["/api/v1/namespaces/firebreak-system/configmaps"],
              HasSubstr("fieldSelector=metadata.name%3Dfirebreak-brake"));
  EXPECT_FALSE(queries.contains("/api/v1/configmaps"));
}

// Nothing is judged, and so nothing written, before that.
TEST_F(WatchScopeTest, IsInStepWhenEveryKindThatJudgementsNeedWasListed) {
  const std::vector<kube::WatchSink*> needed = {
      &world.pods,     &world.services,     &world.ingresses,  &world.nodes,  &world.namespaces,
      &world.policies, &world.remediations, &world.nodeGuards, &world.brakes, &world.networkPolicies};
  for (kube::WatchSink* sink : needed) {
    EXPECT_FALSE(world.synced());
    sink->begin();
    EXPECT_FALSE(world.synced()) << "a list that is not complete";
    sink->synced();
  }
  EXPECT_TRUE(world.synced());
}

TEST_F(WatchScopeTest, ANamespaceIsKnownByItsMetadata) {
  world.namespaces.begin();
  world.namespaces.upsert(
      R"({"kind":"PartialObjectMetadata","apiVersion":"meta.k8s.io/v1","metadata":{"name":"shop",)"
      R"("uid":"u","resourceVersion":"7","labels":{"team":"red"},)"
      R"("deletionTimestamp":"2026-11-22T00:00:00Z"}})",
      true);
  world.namespaces.synced();
  EXPECT_EQ(world.namespaceLabels("shop").at("team"), "red");
  EXPECT_TRUE(world.namespaces.get("shop")->meta.deleting);
}

}  // namespace
}  // namespace firebreak::control
