#include "remediate/plan/cluster_admin.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace firebreak {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Json account(const char* name, const char* ns = "shop") {
  return {{"kind", "ServiceAccount"}, {"name", name}, {"namespace", ns}};
}
Json binding(Json subjects, const char* role = "cluster-admin") {
  return {{"metadata", {{"name", "view-admin"}, {"uid", "b1"}}},
          {"roleRef", {{"kind", "ClusterRole"}, {"name", role}}},
          {"subjects", std::move(subjects)}};
}
AdminGrants grants(Json subjects) {
  AdminGrants made;
  made.ns = "shop";
  made.serviceAccounts = {"view"};
  made.bindings = {binding(std::move(subjects))};
  made.otherUsers = {{"default", "Pod shop/web-1"}};
  return made;
}
Plan planned(const AdminGrants& grants) {
  Plan plan;
  revokeClusterAdmin(grants, &plan);
  return plan;
}
constexpr const char* kBack =
    "kubectl create clusterrolebinding view-admin --clusterrole=cluster-admin "
    "--serviceaccount=shop:view";

TEST(RevokeClusterAdmin, ABindingForTheConsolesAccountAloneIsDeleted) {
  const Plan plan = planned(grants(Json::array({account("view")})));
  ASSERT_EQ(plan.steps.size(), 1U);
  const Step& step = plan.steps[0];
  EXPECT_EQ(step.name, "revoke-view-admin");
  EXPECT_EQ(step.type, PatchType::kDelete);
  EXPECT_EQ(step.reversal, Reversal::kIrreversible);
  EXPECT_EQ(patchText(step), R"({"preconditions":{"uid":"b1"}})");
  EXPECT_EQ(undoText(step), kBack);
  EXPECT_THAT(plan.caveats, ElementsAre(HasSubstr(kBack)));
}

TEST(RevokeClusterAdmin, WhatSomebodyElseNeedsIsLeftAndSaid) {
  Plan plan = planned(grants(Json::array({account("other"), account("view")})));
  EXPECT_THAT(plan.steps, IsEmpty());
  EXPECT_THAT(plan.caveats,
              ElementsAre(HasSubstr("it has other subjects. By hand: kubectl patch "
                                    "clusterrolebinding view-admin --type=json -p "
                                    "'[{\"op\":\"test\",\"path\":\"/subjects/1/name\",\"value\":"
                                    "\"view\"},{\"op\":\"remove\",\"path\":\"/subjects/1\"}]'")));
  AdminGrants shared = grants(Json::array({account("view")}));
  shared.otherUsers.emplace_back("view", "CronJob shop/backup");
  plan = planned(shared);
  EXPECT_THAT(plan.steps, IsEmpty());
  EXPECT_THAT(plan.caveats, ElementsAre(HasSubstr("CronJob shop/backup uses the ServiceAccount too")));
  plan = planned(grants(Json::array({{{"kind", "Group"}, {"name", "system:serviceaccounts:shop"}}})));
  EXPECT_THAT(plan.steps, IsEmpty());
  EXPECT_THAT(plan.caveats, ElementsAre(HasSubstr("bound to the group")));
}

TEST(RevokeClusterAdmin, OtherRolesAndAccountsAreNoneOfIts) {
  EXPECT_THAT(planned(grants(Json::array({account("view", "other")}))).caveats, IsEmpty());
  AdminGrants edit = grants(Json::array({account("view")}));
  edit.bindings = {binding(Json::array({account("view")}), "edit")};
  EXPECT_THAT(planned(edit).caveats, IsEmpty());
}

TEST(RevokeClusterAdmin, WhatItDeletedStaysAPartOfThePlan) {
  AdminGrants after = grants(Json::array({account("view")}));
  const Plan before = planned(after);
  after.revoked = {{before.steps[0].object, undoText(before.steps[0])}};
  EXPECT_EQ(planned(after).hash(), before.hash());  // seen just before it went
  after.bindings.clear();
  EXPECT_EQ(planned(after).hash(), before.hash());
  EXPECT_EQ(undoText(planned(after).steps[0]), kBack);
}

}  // namespace
}  // namespace firebreak
