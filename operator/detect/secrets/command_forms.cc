#include "detect/secrets/command_forms.h"

#include <re2/re2.h>

#include <memory>
#include <string>

#include "detect/secrets/assignments.h"
#include "detect/secrets/matched_group.h"

namespace firebreak::detect {
namespace {

// What follows the text that leads to a password.
enum class Tail {
  kWord,    // the password, quoted or not
  kRest,    // what is left of a word that may be quoted as a whole: user:password
  kQuoted,  // the password in quotes: without them it is a variable
  kField,   // up to the next comma: a table's
};

// An option of a program: its words up to the next command or line lie between.
struct OptionForm {
  std::string_view program;  // RE2; begins with letters of every text that it matches, or with a group
  std::string_view option;
  Tail tail;
  std::string_view what;  // for people
};

// Anything else that leads to a password.
struct TextForm {
  std::string_view literal;  // text without it is never matched
  std::string_view before;
  Tail tail;
  std::string_view after;
  std::string_view what;
};

// clang-format off
constexpr OptionForm kOptions[] = {
    {"curl", R"re((?:-u\s?|--user[ =])\\?["']?[^\s:"']+:\\?["']?)re", Tail::kRest, "curl -u"},
    {"etcdctl", R"re(--user[ =]\\?["']?[^\s:"']+:)re", Tail::kRest, "etcdctl --user"},
    {"mysql(?:dump|admin|import|check|sh)?", "-p", Tail::kWord, "mysql -p"},
    {"mariadb(?:-dump|-admin)?", "-p", Tail::kWord, "mariadb -p"},
    {"mongo(?:sh|dump|restore|export|import|stat)?", R"re(-p\s*)re", Tail::kWord, "mongo -p"},
    {"redis-cli", R"re(-a\s+)re", Tail::kWord, "redis-cli -a"},
    {"(?:docker|podman|nerdctl|buildah|helm registry|skopeo|oras|crane(?: auth)?)\\s+login", R"re(-p\s+)re", Tail::kWord, "login -p"},
    {"twine\\s+upload", R"re(-p\s+)re", Tail::kWord, "twine -p"},
    {"rabbitmqadmin", R"re(-p\s+)re", Tail::kWord, "rabbitmqadmin -p"},
    {"cqlsh", R"re(-p\s+)re", Tail::kWord, "cqlsh -p"},
    {"(?:sqlcmd|bcp|mosquitto_(?:pub|sub)|zip|unzip)", R"re(-P\s*)re", Tail::kWord, "-P"},
    {"7z[ar]?", "-p", Tail::kWord, "7z -p"},
    {"ldap(?:search|add|modify|delete|passwd|whoami|compare)", R"re(-w\s*)re", Tail::kWord, "ldapsearch -w"},
    {"openssl\\s+enc", R"re(-k\s+)re", Tail::kWord, "openssl -k"},
    {"influx", R"re((?:-t|--token)[ =])re", Tail::kWord, "influx -t"},
    {"smbclient", R"re((?:-U|--user)[ =]?\\?["']?[^\s%"']+%)re", Tail::kRest, "smbclient -U"},
    {"lftp", R"re(-u\s*\\?["']?[^\s,"']+,)re", Tail::kRest, "lftp -u"},
};

constexpr TextForm kTexts[] = {
    {"creds", R"re(\s--(?:src-|dest-)?creds[ =]\\?["']?[^\s:"']+:)re", Tail::kRest, "", "--creds"},
    {"sshpass", R"re(\bsshpass\s+-p\s*)re", Tail::kWord, "", "sshpass -p"},
    {"--password-stdin", R"re(\b(?:echo|printf)\s+(?:-n\s+|["']?%s["']?\s+)?)re", Tail::kWord, R"re(["']?\s*\|[^\n]*--password-stdin)re", "--password-stdin"},
    {"chpasswd", R"re(\b(?:echo|printf)\s+\\?["']?[a-z_][\w-]*:)re", Tail::kRest, R"re(["']?\s*\|[^\n]*chpasswd)re", "chpasswd"},
    {"rabbitmqctl", R"re(\brabbitmqctl\s+(?:add_user|change_password|authenticate_user)\s+\S+\s+)re", Tail::kWord, "", "rabbitmqctl"},
    {"pass:", R"re(-pass(?:in|out)?[ =]\\?["']?pass:)re", Tail::kRest, "", "openssl -pass"},
    {"htpasswd", R"re(\bhtpasswd\s+-[A-Za-z]*b[A-Za-z]*\s+\S+\s+\S+\s+)re", Tail::kWord, "", "htpasswd -b"},
    {"mc ", R"re(\bmc\s+(?:alias\s+set|config\s+host\s+add)\s+\S+\s+\S+\s+\S+\s+)re", Tail::kWord, "", "mc alias set"},
    {":_", R"re(:_(?:authToken|password|auth)\s*[ =]\s*)re", Tail::kWord, "", ".npmrc"},
    // A client library's call with user and password.
    {"uth", R"re((?i:basic_?auth|\bauth)\s*(?:[=,(]\s*){1,2}["'][^"'\n]{1,64}["']\s*,\s*)re", Tail::kQuoted, "", "basic auth"},
    {".login(", R"re(\.login\(\s*["'][^"'\n]{1,64}["']\s*,\s*)re", Tail::kQuoted, "", "login()"},
    {"UsernamePasswordCredentialsImpl(", R"re(\bUsernamePasswordCredentialsImpl\((?:[^,()\n]{1,80},\s*){4})re", Tail::kQuoted, "", "Jenkins credentials"},
    {"createAccount(", R"re(\bcreateAccount\(\s*["'][^"'\n]{1,64}["']\s*,\s*)re", Tail::kQuoted, "", "createAccount()"},
    {"jwt.", R"re(\bjwt\.(?:sign|verify)\([^,()\n]{1,80},\s*["'])re", Tail::kRest, "[\"']", "jwt.sign()"},
    {"Credentials(", R"re(Credentials\(\s*["'][^"'\n]{1,64}["']\s*,\s*)re", Tail::kQuoted, "", "credentials"},
    // Directives of files.
    {"machine", R"re(\bmachine\s+\S+\s+login\s+\S+\s+password\s+)re", Tail::kWord, "", ".netrc"},
    {":", R"re((?m:^)[^\s:#]+:(?:[0-9]{4,5}|\*):[^\s:]+:[^\s:]+:)re", Tail::kRest, "(?m:$)", ".pgpass"},
    {"auth-pass", R"re((?m:^)\s*sentinel\s+auth-pass\s+\S+\s+)re", Tail::kWord, "", "sentinel.conf"},
    {">", R"re((?m:^)\s*(?:ACL\s+SETUSER|user)\s+\S+\s(?:[^\n]*\s)?>)re", Tail::kRest, "", "Redis ACL"},
    {"insecure-password", R"re(\buser\s+\S+\s+insecure-password\s+)re", Tail::kWord, "", "haproxy.cfg"},
    {"stats auth", R"re(\bstats\s+auth\s+[^\s:]+:)re", Tail::kRest, "", "haproxy.cfg"},
    {"PSK", R"re(:\s*PSK\s+)re", Tail::kWord, "", "ipsec.secrets"},
    {"EAP", R"re((?m:^)[^\n#]*:\s*EAP\s+)re", Tail::kWord, "", "ipsec.secrets"},
    {"XAUTH", R"re((?m:^)[^\n#]*:\s*XAUTH\s+)re", Tail::kWord, "", "ipsec.secrets"},
    {"login=", R"re(\blogin=[^\s:="']+:)re", Tail::kRest, "", "squid.conf"},
    {"dns ", R"re((?m:^)\s*dns\s+(?:cloudflare|digitalocean|hetzner|gandi|linode|vultr|duckdns|netlify|godaddy)\s+)re", Tail::kWord, "", "Caddyfile"},
    {"cloud.auth", R"re(\bcloud\.auth\\?["']?\s{0,4}[:=]\s{0,4}\\?["']?[^\s:"'$]+:)re", Tail::kRest, "", "cloud.auth"},
    {"auth.user.info", R"re(\bauth\.user\.info\\?["']?\s{0,4}[:=]\s{0,4}\\?["']?[^\s:"'$]+:)re", Tail::kRest, "", "basic.auth.user.info"},
    {"LoginModule", R"re(LoginModule\s+required\s[^;]{0,400}?\buser_[\w.-]+\s*=\s*)re", Tail::kWord, "", "JAAS"},
    {"$http_", R"re(\$http_\w*(?:key|token|secret|authorization)\s*!?[=~]{1,2}\s*)re", Tail::kWord, "", "nginx.conf"},
    {"secure_link_md5", R"re(\bsecure_link_md5\s+"[^"\n]*\s)re", Tail::kRest, "\"", "secure_link_md5"},
    {"neo4j/", R"re((?:^|[\s"'=])neo4j/)re", Tail::kRest, R"re((?:$|[\s"']))re", "NEO4J_AUTH"},
    {"'", R"re((?i:\bidentified\s+(?:with\s+['"]?\w+['"]?\s+)?by|(?:with|encrypted)\s+password(?:\s*=)?|set\s+password\s+for\s[^=;]{1,80}=)\s+N?')re", Tail::kRest, "'", "SQL"},
    {"'", R"re((?i:\b(?:create|alter)\s+(?:user|role|login|group)\s+[^\s;]+\s[^;']{0,120}?\bpassword\s*=?\s*)N?')re", Tail::kRest, "'", "SQL"},
    {"@//", R"re((?:^|[\s"'=>])[A-Za-z][\w$]{0,30}/)re", Tail::kRest, R"re(@//[\w.-]+(?::[0-9]{2,5})?/\w)re", "Oracle connection"},
    {"thin:", R"re(\bjdbc:oracle:(?:thin|oci):[^\s/:@"']+/)re", Tail::kRest, "@", "JDBC of Oracle"},
    {"community", R"re((?m:^)\s*(?:rw|ro)community6?\s+)re", Tail::kWord, "", "snmpd.conf"},
    {"-setcookie", R"re(\s-setcookie\s+)re", Tail::kWord, "", "Erlang cookie"},
    {"_auth", R"re((?m:^)_auth\s*=\s*)re", Tail::kWord, "", ".npmrc"},
    {"]:", R"re((?m:^)\s*\[[\w.-]+\]:[0-9]{2,5}\s+[^\s:]+:)re", Tail::kRest, "(?m:$)", "sasl_passwd"},
    {"chpasswd", R"re(\bchpasswd:\s+(?:expire:\s*\w+\s+)?list:\s*\|\s+[a-z_][\w-]*:)re", Tail::kRest, "", "cloud-init"},
    {"ConvertTo-SecureString", R"re(ConvertTo-SecureString\s+(?:-(?:String|AsPlainText|Force)\s+)*)re", Tail::kWord, "", "ConvertTo-SecureString"},
    {"az login", R"re(\baz\s+login\s[^\n|;&]*?-p[ =]\s*)re", Tail::kWord, "", "az login -p"},
};

// Files whose lines say nothing of what they are: only the file's name does.
struct FileForm {
  std::string_view file;  // how its name ends
  std::string_view before;
  Tail tail;
  std::string_view after = {};
};
constexpr FileForm kFiles[] = {
    {"userlist.txt", R"re((?m:^)\s*"[^"\n]+"\s+)re", Tail::kWord},
    {"sasl_passwd", R"re((?m:^)\s*\S+\s+[^\s:]+:)re", Tail::kWord},
    {"chap-secrets", R"re((?m:^)[^\s#]\S*\s+\S+\s+)re", Tail::kWord},
    {"pap-secrets", R"re((?m:^)[^\s#]\S*\s+\S+\s+)re", Tail::kWord},
    // Kubernetes: password,user,uid,"group" and token,user,uid.
    {"tokens.csv", R"re((?m:^)\s*"?)re", Tail::kField, R"re("?,\s*"?[\w:.@-]+"?,\s*"?\w)re"},
    {"token.csv", R"re((?m:^)\s*"?)re", Tail::kField, R"re("?,\s*"?[\w:.@-]+"?,\s*"?\w)re"},
    {"auth.csv", R"re((?m:^)\s*"?)re", Tail::kField, R"re("?,\s*"?[\w:.@-]+"?,\s*"?\w)re"},
    {"local.ini", R"re((?m:^)\[admins\]\s*\n\s*[\w.-]+\s*=\s*)re", Tail::kWord},
};
// clang-format on

struct Form {
  std::string_view literal;
  std::string_view file;
  std::string_view what;
  std::unique_ptr<RE2> regex;
};

std::unique_ptr<RE2> compiled(std::string before, Tail tail, std::string_view after) {
  before += tail == Tail::kQuoted ? R"re(\\?["']([^"'\\\n]+))re"
            : tail == Tail::kField ? R"re(([^\s"',]+))re"
            : tail == Tail::kWord
                ? R"re((?:\\?"([^"\\\n]+)|'([^'\n]+)'|([^\s"'\\;|&$<>()-][^\s"'\\;|&<>()]*)))re"
                : R"re(([^\s"'\\]+))re";
  before += after;
  return std::make_unique<RE2>(before, RE2::Quiet);
}

const std::vector<Form>& forms() {
  static const std::vector<Form> kForms = [] {
    std::vector<Form> all;
    for (const OptionForm& form : kOptions) {
      std::string before = "\\b" + std::string(form.program) + R"re(\b[^\n|;&]*?\s)re";
      size_t letters = form.program.find_first_of("(\\[");
      all.push_back({form.program.substr(0, letters), "", form.what,
                     compiled(before + std::string(form.option), form.tail, "")});
    }
    for (const TextForm& form : kTexts) {
      all.push_back({form.literal, "", form.what,
                     compiled(std::string(form.before), form.tail, form.after)});
    }
    for (const FileForm& form : kFiles) {
      all.push_back({"", form.file, form.file, compiled(std::string(form.before), form.tail, form.after)});
    }
    return all;
  }();
  return kForms;
}

void scanForm(std::string_view text, const RE2& form, std::string_view what,
              std::vector<SecretHit>& hits) {
  re2::StringPiece piece(text.data(), text.size());
  re2::StringPiece groups[4];
  int count = form.NumberOfCapturingGroups() + 1;
  for (size_t at = 0;
       at < text.size() && form.Match(piece, at, text.size(), RE2::UNANCHORED, groups, count);) {
    std::string_view value = matchedGroup(groups, 1, count);
    size_t offset = static_cast<size_t>(value.data() - text.data());
    at = offset + value.size();
    auto hit = judgeNamed("password", value);
    if (!hit) continue;
    hit->rule = "command-line-password";
    hit->kind = "Password on a command line";
    hit->name = what;
    hit->offset = offset;
    addUnlessOverlapping(hits, std::move(*hit));
  }
}

}  // namespace

void scanCommandForms(std::string_view text, std::string_view file, std::vector<SecretHit>& hits) {
  for (const Form& form : forms()) {
    if (file.ends_with(form.file) && text.find(form.literal) != std::string_view::npos) {
      scanForm(text, *form.regex, form.what, hits);
    }
  }
}

}  // namespace firebreak::detect
