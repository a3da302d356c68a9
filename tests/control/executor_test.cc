// Orders to a node: many Remediations share one NodeGuard whose status its sensor writes all the time.
#include "control/executor.h"

#include <gtest/gtest.h>

#include "support/fake_clock.h"
#include "support/memory_api.h"

namespace firebreak::control {
namespace {

constexpr const char* kGuard = "/apis/firebreak.dev/v1alpha1/nodeguards/node-1";

class NoExternalSteps : public ExternalSteps {
 public:
  Result<remediate::StepView> observe(const Remediation&, const Step&) override {
    return fail(ErrorCode::kInternal, "none here");
  }
  Status apply(const Remediation&, const Step&) override { return fail(ErrorCode::kInternal, "none here"); }
  Status undo(const Remediation&, const Step&) override { return fail(ErrorCode::kInternal, "none here"); }
};

class NodeOrders : public ::testing::Test {
 protected:
  NodeOrders() {
    api.put(kGuard, {{"apiVersion", "firebreak.dev/v1alpha1"},
                     {"kind", "NodeGuard"},
                     {"metadata", Json::object()},
                     {"status", {{"heartbeat", "1"}}}});
  }
  static Step order(const std::string& id) {
    Step step;
    step.name = "hold-on-node";
    step.type = PatchType::kNodeOrder;
    step.object = {"firebreak.dev/v1alpha1", "NodeGuard", "", "node-1", ""};
    step.manifest = {{"orderID", id}, {"podUID", "uid-" + id}};
    return step;
  }
  std::vector<std::string> ids() const {
    std::vector<std::string> found;
    for (const Json& each : member(*api.find(kGuard), {"spec", "isolations"})) {
      found.push_back(stringOr(member(each, "orderID")));
    }
    return found;
  }
  // Does it once, between the reading and the writing of the operator.
  void inBetween(std::function<void(Json&)> edit) {
    api.fault = [this, edit = std::move(edit), done = false](const std::string&) mutable {
      if (!std::exchange(done, true)) api.change(kGuard, edit);
      return MemoryApi::Fault{};
    };
  }

  FakeClock clock;
  MemoryApi api{clock};
  kube::Client client{api.transport, {}};
  NoExternalSteps external;
  Executor executor{client, external, [] { return true; }};
  const Remediation remediation;
};

using Ids = std::vector<std::string>;

TEST_F(NodeOrders, AReportOfTheSensorInBetweenIsNoConflict) {
  inBetween([](Json& guard) { guard["status"]["heartbeat"] = "2"; });
  ASSERT_TRUE(executor.apply(remediation, order("a"), clock.wall()));
  EXPECT_EQ(ids(), Ids{"a"});
  EXPECT_EQ(api.writes.size(), 1U);
}

TEST_F(NodeOrders, AnotherOrderInBetweenIsKept) {
  inBetween([](Json& guard) { guard["spec"]["isolations"] = {{{"orderID", "other"}}}; });
  ASSERT_TRUE(executor.apply(remediation, order("a"), clock.wall()));
  EXPECT_EQ(ids(), (Ids{"other", "a"}));
}

TEST_F(NodeOrders, WithdrawingTakesOnlyItsOwn) {
  for (const char* id : {"a", "b", "c"}) ASSERT_TRUE(executor.apply(remediation, order(id), clock.wall()));
  inBetween([](Json& guard) { guard["spec"]["isolations"].erase(0); });
  ASSERT_TRUE(executor.undo(remediation, order("b")));
  EXPECT_EQ(ids(), Ids{"c"});
}

TEST_F(NodeOrders, AGuardOfTheSameNameThatIsNewGetsNoOrderByAccident) {
  api.fault = [this](const std::string&) {
    Json fresh = *api.find(kGuard);
    api.erase(kGuard);
    fresh["metadata"] = Json::object();
    api.put(kGuard, fresh);
    return MemoryApi::Fault{};
  };
  auto written = executor.apply(remediation, order("a"), clock.wall());
  ASSERT_FALSE(written);
  EXPECT_NE(written.error().message.find("node-1"), std::string::npos) << written.error().message;
  EXPECT_TRUE(ids().empty());
}

}  // namespace
}  // namespace firebreak::control
