#include "detect/dashboards/config_text.h"

#include <gtest/gtest.h>

namespace firebreak::detect {
namespace {

TEST(ConfigText, IniSectionsAndCommentsCount) {
  const char* text = "[auth.basic]\nenabled = true\n[auth.anonymous]\n;enabled = true\n"
                     "# org_role = Admin\nenabled = false\norg_role = Editor\n";
  EXPECT_EQ(iniValue(text, "auth.anonymous.enabled"), "false");
  EXPECT_EQ(iniValue(text, "auth.anonymous.org_role"), "Editor");
  EXPECT_FALSE(iniValue(text, "auth.ldap.enabled"));
}

TEST(ConfigText, YamlNestedDottedAndBroken) {
  EXPECT_EQ(yamlValue("auth:\n  strategy: anonymous\n", "auth.strategy"), "anonymous");
  EXPECT_EQ(yamlValue("auth.strategy: anonymous\n", "auth.strategy"), "anonymous");
  EXPECT_EQ(yamlValue("{\"api\":{\"insecure\":true}}", "api.insecure"), "true");
  EXPECT_FALSE(yamlValue("# auth: {strategy: anonymous}\na: b", "auth.strategy"));
  EXPECT_FALSE(yamlValue("a: [1, {", "auth.strategy"));
  EXPECT_FALSE(yamlValue("auth: anonymous", "auth.strategy"));
}

TEST(ConfigText, BlocksOfHcl) {
  const char* text = "# acl { enabled = true }\nacl {\n  enabled = true\n}\nclient_addr = \"0.0.0.0\"\n";
  EXPECT_EQ(hclValue(text, "acl.enabled"), "true");
  EXPECT_EQ(hclValue(text, "client_addr"), "0.0.0.0");
  EXPECT_EQ(hclValue("acl = { enabled = false }", "acl.enabled"), "false");
  EXPECT_EQ(hclValue("addr = \"{{ GetInterfaceIP }}\"\nacl { enabled = true }", "acl.enabled"), "true");
  EXPECT_FALSE(hclValue(text, "enabled"));
}

TEST(ConfigText, PropertiesOfXml) {
  const char* text = "<configuration><!-- <property><name>b</name><value>1</value></property> -->"
                     "<property><name>a</name>\n<value> true </value></property></configuration>";
  EXPECT_EQ(propertyValue(text, "a"), "true");
  EXPECT_FALSE(propertyValue(text, "b"));
  EXPECT_FALSE(propertyValue("<name>a</name></property><value>x</value>", "a"));
}

TEST(ConfigText, LinesOfScripts) {
  EXPECT_EQ(lineValue("c.ServerApp.token = ''\n", "c.ServerApp.token"), "");
  EXPECT_EQ(lineValue("# c.ServerApp.token = ''\nc.ServerApp.token = 'x' # note\n",
                      "c.ServerApp.token"), "x");
  EXPECT_EQ(lineValue("AUTH_ROLE_PUBLIC = \"Admin\"", "AUTH_ROLE_PUBLIC"), "Admin");
  EXPECT_FALSE(lineValue("AUTH_ROLE_PUBLIC_X = 'Admin'\nif AUTH_ROLE_PUBLIC == 'Admin':",
                         "AUTH_ROLE_PUBLIC"));
}

}  // namespace
}  // namespace firebreak::detect
