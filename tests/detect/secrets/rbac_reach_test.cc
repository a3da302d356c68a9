#include "detect/secrets/rbac_reach.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace firebreak::detect {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

const ObjectRef kConsole{"v1", "Service", "shop", "console", "u1"};
const ObjectRef kAccount{"v1", "ServiceAccount", "shop", "view", ""};

Json reader(const char* kind, const char* ns, Json names = Json::array()) {
  Json rule = {{"apiGroups", {""}}, {"resources", {"secrets"}}, {"verbs", {"get"}}};
  if (!names.empty()) rule["resourceNames"] = std::move(names);
  return {{"kind", kind},
          {"metadata", {{"name", "reader"}, {"namespace", ns}}},
          {"rules", Json::array({rule})}};
}
Json binding(const char* kind, const char* ns, const char* roleKind, Json subject) {
  return {{"kind", kind},
          {"metadata", {{"name", "b"}, {"namespace", ns}}},
          {"roleRef", {{"kind", roleKind}, {"name", "reader"}}},
          {"subjects", Json::array({std::move(subject)})}};
}
Json account(const char* name = "view", const char* ns = "shop") {
  return {{"kind", "ServiceAccount"}, {"name", name}, {"namespace", ns}};
}
RbacReach reachOf(const std::vector<Json>& objects) {
  std::vector<const Json*> pointers;
  for (const Json& object : objects) pointers.push_back(&object);
  return rbacReachOf(pointers, "shop", "view");
}

TEST(RbacReach, ClusterRoleBindingsReachEverywhereAndRoleBindingsTheirNamespace) {
  RbacReach reach = reachOf({reader("ClusterRole", ""),
                             binding("ClusterRoleBinding", "", "ClusterRole", account())});
  EXPECT_TRUE(reach.everywhere);
  EXPECT_THAT(reach.through, ElementsAre("ClusterRoleBinding b"));
  reach = reachOf({reader("ClusterRole", ""), binding("RoleBinding", "ops", "ClusterRole", account())});
  EXPECT_FALSE(reach.everywhere);
  EXPECT_THAT(reach.namespaces, ElementsAre("ops"));
  EXPECT_THAT(reach.through, ElementsAre("RoleBinding ops/b"));
}

TEST(RbacReach, SingleSecretsAreSingleSecrets) {
  const RbacReach reach = reachOf({reader("Role", "ops", {"token"}),
                                   binding("RoleBinding", "ops", "Role", account())});
  EXPECT_TRUE(reach.namespaces.empty());
  EXPECT_THAT(reach.named.at("ops"), ElementsAre("token"));
}

TEST(RbacReach, GroupsAndUserNamesStandForTheAccountToo) {
  for (const Json& subject : {Json({{"kind", "Group"}, {"name", "system:serviceaccounts"}}),
                              Json({{"kind", "Group"}, {"name", "system:serviceaccounts:shop"}}),
                              Json({{"kind", "User"}, {"name", "system:serviceaccount:shop:view"}})}) {
    EXPECT_FALSE(reachOf({reader("ClusterRole", ""),
                          binding("ClusterRoleBinding", "", "ClusterRole", subject)})
                     .none())
        << subject.dump();
  }
  for (const Json& subject : {account("other"), account("view", "other"),
                              Json({{"kind", "Group"}, {"name", "system:serviceaccounts:other"}})}) {
    EXPECT_TRUE(reachOf({reader("ClusterRole", ""),
                         binding("ClusterRoleBinding", "", "ClusterRole", subject)})
                    .none())
        << subject.dump();
  }
}

TEST(RbacReach, IsOneAlertWithItsNumberItsPlacesAndNames) {
  RbacReach reach;
  reach.namespaces = {"shop", "ops"};
  reach.through = {"RoleBinding ops/b"};
  ReachedSecrets secrets;
  secrets.count = 3;
  secrets.namespaces = {"shop", "ops"};
  secrets.names = {"shop/a", "ops/b", "ops/c"};
  Finding finding = rbacReachFinding(kConsole, kAccount, reach, secrets);
  EXPECT_EQ(finding.tier, Tier::kAlert);
  EXPECT_EQ(finding.family, Family::kExposedSecret);
  EXPECT_EQ(finding.rule, kRbacReachRule);
  EXPECT_EQ(finding.resource, kAccount);
  EXPECT_THAT(finding.message, HasSubstr("3 Secrets in 2 namespaces"));
  EXPECT_THAT(finding.message, HasSubstr("Among them: shop/a, ops/b, ops/c"));
  EXPECT_THAT(finding.message, Not(HasSubstr("may not list")));
  secrets = {};
  secrets.unlisted = 2;
  finding = rbacReachFinding(kConsole, kAccount, reach, secrets);
  EXPECT_THAT(finding.message, HasSubstr("those of 2 namespaces whose Secrets the operator may not list"));
}

TEST(RbacReach, LongNamesDoNotMakeTheMessageTooLongForTheApi) {
  ReachedSecrets secrets;
  secrets.names.assign(50, std::string(60, 'n') + "/" + std::string(250, 's'));
  EXPECT_LE(rbacReachFinding(kConsole, kAccount, {}, secrets).message.size(), 4096U);
}

}  // namespace
}  // namespace firebreak::detect
