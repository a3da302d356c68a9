#include "detect/dashboards/policy_products.h"

#include <gtest/gtest.h>

#include "detect/dashboards/answers.h"
#include "detect/dashboards/candidates.h"
#include "detect/dashboards/judge.h"

namespace firebreak::detect {
namespace {

Json products() {
  return Json::parse(R"([
    {"name":"backoffice","images":["example/console"],"ports":[9999],"scheme":"HTTPS",
     "proof":{"path":"/api/users","jsonKeys":["admins"],"bodyContains":["root"]}},
    {"name":"stats","class":"Data","images":["stats"],"proof":{"path":"/","bodyContains":["<h1>Stats"]}},
    {"name":"nothing-proven","images":["x"],"proof":{"path":"/"}},
    {"name":"side-effect","images":["x"],"proof":{"path":"/auth/token","bodyContains":["abc"]}}])");
}

TEST(PolicyProducts, AreProductsLikeTheBuiltInOnes) {
  auto all = policyProducts(products());
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].id, "backoffice");
  EXPECT_EQ(all[0].schemes.front(), "https");
  EXPECT_EQ(all[0].proofs.front().controlPath, "/api/firebreak-no-such");
  EXPECT_EQ(all[1].proofs.front().grants, Grants::kData);
  Container container;
  container.image = "registry.example/team/example/console:1.2";
  EXPECT_TRUE(runsProduct(all[0], container));
  container.image = "registry.example/team/console:1.2";
  EXPECT_FALSE(runsProduct(all[0], container));
}

TEST(PolicyProducts, AreOpenOnlyWhereTheMadeUpPathAnswersOtherwise) {
  const Product console = policyProducts(products())[0];
  auto notFound = answered("/api/firebreak-no-such", 404, "text/plain", "no");
  for (const char* body : {R"({"admins":["root"]})", R"([{"admins":["root"]}])"}) {
    auto open = answered("/api/users", 200, "application/json", body);
    EXPECT_EQ(judge(console, open, notFound), Verdict::kOpen) << body;
    EXPECT_EQ(judge(console, open, answered("/api/firebreak-no-such", 200, "application/json", body)),
              Verdict::kNotThisProduct);
  }
  auto locked = answered("/api/users", 401, "text/plain", "");
  EXPECT_EQ(judge(console, locked, locked), Verdict::kLocked);
  auto other = answered("/api/users", 200, "application/json", R"({"members":["root"]})");
  EXPECT_EQ(judge(console, other, notFound), Verdict::kNotThisProduct);
}

}  // namespace
}  // namespace firebreak::detect
