// Passwords that stand where a program or a file expects one, without a name; and what stands there
// in everybody's scripts and is none.
#include <gtest/gtest.h>

#include "detect/secrets/sample_maker.h"
#include "detect/secrets/scan_support.h"

namespace firebreak::detect {
namespace {

using firebreak::testing::configMap;
using firebreak::testing::listed;
using firebreak::testing::SampleMaker;
using firebreak::testing::scanObject;

struct Text {
  const char* file;
  const char* before;
  const char* after;
};

constexpr Text kCommands[] = {
    {"run.sh", "mysql -h db -uroot -p'", "' -e 'select 1'"},
    {"run.sh", "mongodump --host mongo -u root -p ", " --archive=/b"},
    {"run.sh", "sqlcmd -S db -U sa -P '", "' -Q 'select 1'"},
    {"run.sh", "skopeo copy --dest-creds ci:", " dir:/a docker://registry/a"},
    {"run.sh", "crane auth login registry -u ci -p ", ""},
    {"run.sh", "echo ", " | docker login -u ci --password-stdin registry"},
    {"run.sh", "echo 'root:", "' | chpasswd"},
    {"run.sh", "mc alias set minio http://minio:9000 admin ", ""},
    {"run.sh", "ldapsearch -H ldap://ldap -D cn=admin -w ", " -b dc=shop"},
    {"run.sh", "htpasswd -bc /etc/nginx/.htpasswd admin ", ""},
    {"run.sh", "openssl pkcs12 -export -in c.pem -out k.p12 -passout pass:", ""},
    {"run.sh", "openssl enc -aes-256-cbc -in a -out b -k ", ""},
    {"run.sh", "keytool -importcert -keystore ks.jks -storepass ", " -noprompt"},
    {"run.sh", "rabbitmqctl add_user orders ", ""},
    {"run.sh", "rabbitmqadmin -u admin -p ", " list queues"},
    {"run.sh", "smbclient //nas/share -U 'SHOP\\svc%", "' -c ls"},
    {"run.sh", "lftp -u backup,", " sftp://nas"},
    {"run.sh", "zip -P ", " -r out.zip /data"},
    {"run.sh", "7z a -p", " out.7z /data"},
};

constexpr Text kFiles[] = {
    {".npmrc", "//npm.internal/:_authToken=", "\n"},
    {".netrc", "machine git.internal\n  login ci\n  password ", "\n"},
    {"userlist.txt", "\"orders\" \"", "\"\n"},
    {"users.acl", "user default off\nuser orders on ~* >", " +get\n"},
    {"sentinel.conf", "sentinel auth-pass main ", "\n"},
    {"haproxy.cfg", "userlist ops\n  user admin insecure-password ", "\n"},
    {"haproxy.cfg", "  stats auth admin:", "\n"},
    {"ipsec.secrets", "10.1.1.1 10.2.2.2 : PSK \"", "\"\n"},
    {"sasl_passwd", "[smtp.internal]:587 mailer:", "\n"},
    {"local.ini", "[admins]\nadmin = ", "\n"},
    {"hive-site.xml", "<name>javax.jdo.option.ConnectionPassword</name>\n<value>", "</value>"},
    {"hibernate.cfg.xml", "<property name=\"connection.password\">", "</property>"},
    {"NuGet.Config", "<add key=\"ClearTextPassword\" value=\"", "\" />"},
    {"server.xml", "<Connector keystoreFile=\"/ks.jks\" keystorePass=\"", "\"/>"},
    {"redis.conf", "replicaof redis-0 6379\nmasterauth ", "\n"},
    {"mosquitto.conf", "remote_username bridge\nremote_password ", "\n"},
    {"collectd.conf", "  User \"stat\"\n  Password \"", "\"\n"},
    {"grafana.ini", "[smtp]\npassword = \"\"\"", "\"\"\"\n"},
    {"sssd.conf", "ldap_default_authtok = ", "\n"},
    {"nslcd.conf", "bindpw ", "\n"},
    {"wpa_supplicant.conf", "  psk=\"", "\"\n"},
    {"client.py", "requests.get(URL, auth=('svc', '", "'))"},
    {"ipsec.secrets", "road : EAP \"", "\"\n"},
    {"chap-secrets", "# client server secret\nuser1 l2tpd \"", "\" *\n"},
    {"squid.conf", "cache_peer up.internal parent 8080 0 no-query login=svc:", "\n"},
    {"Caddyfile", "tls {\n  dns cloudflare ", "\n}\n"},
    {"filebeat.yml", "output:\ncloud.auth: \"elastic:", "\"\n"},
    {"worker.properties", "basic.auth.user.info=sr-user:", "\n"},
    {"kafka_jaas.conf", "PlainLoginModule required\n  user_orders=\"", "\";\n"},
    {"nginx.conf", "if ($http_x_api_key != \"", "\") { return 403; }\n"},
    {"nginx.conf", "secure_link_md5 \"$secure_link_expires$uri ", "\";\n"},
    {"init.groovy", "new UsernamePasswordCredentialsImpl(GLOBAL, \"git\", \"ci\", \"ci\", \"", "\")"},
    {"init.groovy", "realm.createAccount(\"admin\", \"", "\")"},
    {"app.js", "jwt.sign(payload, '", "');"},
    {"init.sql", "CREATE USER app WITH PASSWORD '", "';"},
    {"init.sql", "ALTER ROLE admin PASSWORD '", "';"},
    {"init.sql", "CREATE LOGIN web WITH PASSWORD = N'", "';"},
    {"init.sql", "CREATE USER 'app'@'%' IDENTIFIED WITH caching_sha2_password BY '", "';"},
    {"conn.txt", "orders/", "@//ora.internal:1521/SHOP\n"},
    {"tokens.csv", "", ",admin,1000,\"system:masters\"\n"},
    {"basic_auth.csv", "", ",root,1\n"},
    // The name and the value stand apart.
    {"main.tf", "variable \"db_password\" {\n  type = string\n  default = \"", "\"\n}\n"},
    {"task.txt", "- name: db-password\n  type: string\n  default: ", "\n"},
    {"patch.txt", "- op: add\n  path: /data/DB_PASSWORD\n  value: ", "\n"},
    {"cm.tpl", "PW: {{ .Values.dbPassword | default \"", "\" | quote }}\n"},
    {"cm.tpl", "PW: {{ default \"", "\" .Values.db.password }}\n"},
    {"app.js", "connect(process.env.DB_PASSWORD || '", "')"},
    {"app.rb", "ENV['DB_PASSWORD'] ||= '", "'\n"},
    {"app.php", "$a = getenv('DB_PASSWORD') ?: '", "';\n"},
    {"app.py", "A = os.environ.get(\"DB_PASSWORD\", \"", "\")\n"},
    {"app.yml", "url: ${DB_PASSWORD:", "}\n"},
    {"run.sh", "x ${DB_PASSWORD:-", "}\n"},
    {"app.config", "{password, <<\"", "\">>},\n"},
    {"grafana.ini", "password = `", "`\n"},
    {"app.py", "J = 'LoginModule required password=\\'", "\\';'\n"},
    {"creds.csv", "name,value,owner\nDB_PASSWORD,", ",ops\n"},
    {"notes.txt", "The root password of the database is `", "`, ask ops.\n"},
    {"notes.txt", "login with admin / password: ", " (ask ops)\n"},
    {"client.rb", "c.request :basic_auth, 'svc', '", "'"},
};

void expectFound(const Text& text, const std::string& value) {
  auto findings = scanObject(configMap(text.file, text.before + value + text.after));
  ASSERT_EQ(findings.size(), 1U) << text.before << text.after << ": " << listed(findings);
  EXPECT_EQ(findings[0].tier, Tier::kAlert) << text.before;
}

void expectNone(const Text& text, const std::string& value) {
  auto findings = scanObject(configMap(text.file, text.before + value + text.after));
  EXPECT_TRUE(findings.empty()) << text.before << value << ": " << listed(findings);
}

TEST(CommandForms, PasswordsOfCommands) {
  SampleMaker maker;
  for (const Text& text : kCommands) expectFound(text, "Kq7" + maker.make("<a:14>") + "9z");
}

TEST(CommandForms, PasswordsOfFiles) {
  SampleMaker maker;
  for (const Text& text : kFiles) expectFound(text, "Kq7" + maker.make("<a:14>") + "9z");
}

TEST(CommandForms, PlaceholdersAndReferencesThere) {
  for (const char* value : {"$DB_PASSWORD", "${DB_PASSWORD}", "$(cat /run/secrets/db)", "changeme",
                            "{{ .Values.password }}", "<password>", "xxxxxxxx", "REDACTED"}) {
    for (const Text& text : kCommands) expectNone(text, value);
    for (const Text& text : kFiles) expectNone(text, value);
  }
}

TEST(CommandForms, NamesAndValuesThatStandApartInFields) {
  SampleMaker maker;
  std::string value = "Kq7" + maker.make("<a:14>") + "9z";
  Json pipeline = {{"apiVersion", "tekton.dev/v1"}, {"kind", "Pipeline"}, {"metadata", {{"name", "p"}}}};
  pipeline["spec"]["params"] = Json::array({{{"name", "db-password"}, {"default", value}}});
  EXPECT_EQ(scanObject(pipeline).size(), 1U);
  pipeline["spec"]["params"][0]["default"] = "changeme";
  EXPECT_TRUE(scanObject(pipeline).empty());
  std::string patch = R"([{"op": "add", "path": "/data/DB_PASSWORD", "value": ")" + value + "\"}]";
  EXPECT_EQ(scanObject(configMap("patch.json", patch)).size(), 1U);
  EXPECT_EQ(scanObject(configMap("cloud.auth", "elastic:" + value)).size(), 1U);
}

TEST(CommandForms, HeadersWhoseNameStandsApart) {
  SampleMaker maker;
  std::string value = maker.make("<a:32>");
  for (const char* before : {"- name: Authorization\n  value: Bearer ", "headers => { \"Authorization\" => \"Bearer ",
                             "secureJsonData:\n  httpHeaderValue1: \"Token ", "AUTH_HEADER='Bearer ",
                             "<Property name=\"Authorization\" value=\"Splunk "}) {
    EXPECT_EQ(scanObject(configMap("a.txt", before + value + "\" ")).size(), 1U) << before;
    EXPECT_TRUE(scanObject(configMap("a.txt", std::string(before) + "${TOKEN}\" ")).empty()) << before;
  }
}

TEST(CommandForms, SentencesThatTellNoPassword) {
  for (const char* text : {"The password is stored in vault-2024.", "The token is base64-encoded twice",
                           "the password: must-have 8 characters", "A secret is rotated every 30-days",
                           "password is: ${DB_PASSWORD_1}", "the api key is named api-key-v2-readonly"}) {
    EXPECT_TRUE(scanObject(configMap("a.txt", text)).empty()) << text;
  }
}

TEST(CommandForms, NamesInCodeAreNoValues) {
  for (const char* text : {"\tsecret      *corev1.Secret\n", "access_token=request.resource_owner_key2):\n",
                           "Token:   challengeHTTP01.Token9,\n", "out.Password = runtime.ForwardMessage4\n",
                           "x := NewCredentials(\"123\", util.Recursive2Nameservers)\n",
                           "if s.AutoAllocatedIPv4Address1 != 0 {\n"}) {
    EXPECT_TRUE(scanObject(configMap("a.go", text)).empty()) << text;
  }
  SampleMaker maker;
  std::string value = "Kq7" + maker.make("<a:14>") + "9z";
  EXPECT_EQ(scanObject(configMap("a.go", "password := \"" + value + "\"\n")).size(), 1U);
  EXPECT_EQ(scanObject(configMap("a.go", "open(\"host=x password=" + value + " user=y\")\n")).size(), 1U);
}

TEST(CommandForms, MailPasswordsOfGoogle) {
  EXPECT_EQ(scanObject(configMap("a.env", "SMTP_PASSWORD=\"qzkv hrtw bxpd mgfn\"\n")).size(), 1U);
  EXPECT_TRUE(scanObject(configMap("a.env", "SMTP_PASSWORD=\"here goes your mail\"\n")).empty());
}

TEST(CommandForms, LinesOfTwoWordsThatAreProse) {
  for (const char* text : {"password required", "token-service: x\nsecret service\npassword policy-v2",
                           "user admin\npassword-file /run/secrets/db", "login local\nauth required",
                           "Passwords\n\npassword reset-mail-template\n", "key certificate-authority"}) {
    EXPECT_TRUE(scanObject(configMap("a.txt", text)).empty()) << text;
  }
}

}  // namespace
}  // namespace firebreak::detect
