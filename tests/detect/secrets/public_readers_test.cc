#include "detect/secrets/public_readers.h"

#include <gtest/gtest.h>

namespace firebreak::detect {
namespace {

Json role(const char* kind, const char* ns, Json rule) {
  return {{"apiVersion", "rbac.authorization.k8s.io/v1"},
          {"kind", kind},
          {"metadata", {{"name", "reader"}, {"namespace", ns}}},
          {"rules", Json::array({std::move(rule)})}};
}
Json rule(const char* resource, const char* verb, Json names = Json::array()) {
  Json made = {{"apiGroups", {""}}, {"resources", {resource}}, {"verbs", {verb}}};
  if (!names.empty()) made["resourceNames"] = std::move(names);
  return made;
}
Json binding(const char* kind, const char* ns, const char* roleKind, const char* roleName,
             const char* subject) {
  return {{"apiVersion", "rbac.authorization.k8s.io/v1"},
          {"kind", kind},
          {"metadata", {{"name", "b"}, {"namespace", ns}, {"uid", "u1"}}},
          {"roleRef", {{"kind", roleKind}, {"name", roleName}}},
          {"subjects", Json::array({{{"kind", "User"}, {"name", "somebody"}},
                                    {{"kind", "Group"}, {"name", subject}}})}};
}
std::vector<Finding> find(const std::vector<Json>& objects) {
  std::vector<const Json*> pointers;
  for (const Json& object : objects) pointers.push_back(&object);
  return publicSecretReaders(pointers);
}

TEST(PublicReaders, ARoleThatReadsSecretsBoundToNobody) {
  for (const char* subject : {"system:unauthenticated", "system:anonymous"}) {
    auto found = find({role("Role", "shop", rule("secrets", "list")),
                       binding("RoleBinding", "shop", "Role", "reader", subject)});
    ASSERT_EQ(found.size(), 1u) << subject;
    EXPECT_EQ(found[0].tier, Tier::kAlert);
    EXPECT_EQ(found[0].severity, Severity::kCritical);
    EXPECT_EQ(found[0].fieldPath, "subjects[1]");
    EXPECT_EQ(found[0].resource.uid, "u1");
    EXPECT_NE(found[0].message.find("all Secrets of namespace shop"), std::string::npos);
  }
}

TEST(PublicReaders, KubernetesOwnRolesAreKnownWithoutBeingThere) {
  auto found = find({binding("ClusterRoleBinding", "", "ClusterRole", "cluster-admin",
                             "system:unauthenticated")});
  ASSERT_EQ(found.size(), 1u);
  EXPECT_NE(found[0].message.find("of every namespace"), std::string::npos);
  EXPECT_EQ(find({binding("RoleBinding", "shop", "ClusterRole", "edit", "system:anonymous")}).size(),
            1u);
  EXPECT_TRUE(find({binding("RoleBinding", "shop", "ClusterRole", "view", "system:anonymous")}).empty());
}

TEST(PublicReaders, WildcardsReadSecretsToo) {
  Json all = {{"apiGroups", {"*"}}, {"resources", {"*"}}, {"verbs", {"*"}}};
  EXPECT_EQ(find({role("ClusterRole", "", all),
                  binding("ClusterRoleBinding", "", "ClusterRole", "reader", "system:unauthenticated")})
                .size(),
            1u);
}

TEST(PublicReaders, SilentWhereNobodyReadsSecrets) {
  // Other resources, writes alone, another group, other subjects, another namespace's role, and the
  // standard bindings.
  EXPECT_TRUE(find({role("Role", "shop", rule("configmaps", "get")),
                    binding("RoleBinding", "shop", "Role", "reader", "system:unauthenticated")})
                  .empty());
  EXPECT_TRUE(find({role("Role", "shop", rule("secrets", "create")),
                    binding("RoleBinding", "shop", "Role", "reader", "system:unauthenticated")})
                  .empty());
  Json foreign = {{"apiGroups", {"example.org"}}, {"resources", {"*"}}, {"verbs", {"*"}}};
  EXPECT_TRUE(find({role("Role", "shop", foreign),
                    binding("RoleBinding", "shop", "Role", "reader", "system:unauthenticated")})
                  .empty());
  EXPECT_TRUE(find({role("Role", "shop", rule("secrets", "get")),
                    binding("RoleBinding", "shop", "Role", "reader", "system:authenticated")})
                  .empty());
  EXPECT_TRUE(find({role("Role", "other", rule("secrets", "get")),
                    binding("RoleBinding", "shop", "Role", "reader", "system:unauthenticated")})
                  .empty());
  EXPECT_TRUE(find({binding("ClusterRoleBinding", "", "ClusterRole", "system:public-info-viewer",
                            "system:unauthenticated")})
                  .empty());
}

TEST(PublicReaders, NamedSecretsAreSaidToBeSome) {
  auto found = find({role("Role", "shop", rule("secrets", "get", {"one"})),
                     binding("RoleBinding", "shop", "Role", "reader", "system:anonymous")});
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].message.find("all Secrets"), std::string::npos);
}

}  // namespace
}  // namespace firebreak::detect
