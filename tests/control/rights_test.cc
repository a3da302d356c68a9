#include "control/rights.h"

#include <gtest/gtest.h>

#include <set>

#include "base/json.h"
#include "support/fake_transport.h"

namespace firebreak::control {
namespace {

// An API server that grants these: "patch pods", "get secrets in ops".
class Granting {
 public:
  explicit Granting(std::set<std::string> granted)
      : granted_(std::move(granted)), client_(transport) {
    transport.onSend([this](const kube::HttpRequest& request) {
      Json body = Json::parse(request.body);
      const Json& asked = body["spec"]["resourceAttributes"];
      std::string text = stringOr(asked["verb"]) + " " + stringOr(asked["resource"]);
      if (asked.contains("namespace")) text += " in " + stringOr(asked["namespace"]);
      body["status"] = {{"allowed", granted_.contains(text)}};
      return respond(201, dumpJson(body));
    });
  }
  std::vector<std::string> missing(const SecurityPolicy& policy) {
    std::vector<std::string> texts;
    auto missing = missingRights(client_, policy);
    EXPECT_TRUE(missing.has_value());
    for (const MissingRight& right : *missing) {
      texts.push_back(right.action + " needs " + right.verb);
    }
    return texts;
  }

  FakeTransport transport;

 private:
  std::set<std::string> granted_;
  kube::Client client_;
};

SecurityPolicy rotating(Mode mode) {
  SecurityPolicy policy;
  policy.mode = Mode::kAudit;
  policy.secrets.mode = mode;
  policy.secrets.rotators = {{{"name", "a"}, {"namespace", "ops"}, {"secret", "s"}},
                             {{"name", "b"}, {"namespace", "ops"}, {"secret", "t"}, {"reload", "Self"}},
                             {{"name", "c"}, {"namespace", "shop"}, {"secret", "u"}}};
  return policy;
}

using Texts = std::vector<std::string>;

TEST(Rights, ARotatorNeedsItsNamespacesSecretsAndWhatRestartsTheirUsers) {
  Granting api({"get secrets in ops", "create secrets in ops", "patch secrets in ops",
                "get secrets in shop", "create secrets in shop", "patch deployments in shop"});
  EXPECT_EQ(api.missing(rotating(Mode::kEnforce)),
            (Texts{"rotator a needs patch deployments in namespace ops",
                   "rotator c needs patch secrets in namespace shop"}));
  EXPECT_EQ(api.transport.requests.size(), 8U);  // each asked once
}

TEST(Rights, NobodyAsksForWhatIsNotActedOn) {
  Granting api({});
  EXPECT_EQ(api.missing(rotating(Mode::kAudit)), Texts{});
  EXPECT_TRUE(api.transport.requests.empty());
}

TEST(Rights, AnActionThatIsListedNeedsWhatItWrites) {
  Granting api({"create networkpolicies"});
  SecurityPolicy policy;
  policy.mode = Mode::kDisabled;
  policy.miners.mode = Mode::kApprove;
  policy.miners.actions = {"Isolate"};
  EXPECT_EQ(api.missing(policy), Texts{"Isolate needs patch pods"});
}

}  // namespace
}  // namespace firebreak::control
