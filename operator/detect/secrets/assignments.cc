#include "detect/secrets/assignments.h"

#include <openssl/crypto.h>
#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <memory>
#include <string>

#include "detect/secrets/chosen_password.h"
#include "detect/secrets/credential_name.h"
#include "detect/secrets/decode.h"
#include "detect/secrets/matched_group.h"
#include "detect/secrets/named_rules.h"
#include "detect/secrets/value_shape.h"

namespace firebreak::detect {
namespace {

struct SortText {
  std::string_view rule;
  std::string_view kind;
};

constexpr std::array<SortText, 4> kSorts = {{{"password-literal", "Password"},
                                             {"token-literal", "Token"},
                                             {"secret-literal", "Secret value"},
                                             {"key-literal", "Secret key"}}};

// Only what the alphabet and the digits say: "CLIENT_SECRET" -> "clientsecret".
std::string foldedName(std::string_view name) {
  std::string folded;
  for (char c : name) {
    auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) != 0) folded += static_cast<char>(std::tolower(byte));
  }
  return folded;
}

// An AWS or Twilio id under a secret's name is still only the public half; so is a token that is made for
// a page in the browser (Paddle, Datadog).
bool isPublicId(std::string_view value) {
  static const RE2 kId(
      R"re((?:AKIA|ASIA|AROA|AIDA)[A-Z0-9]{16}|LTAI[A-Za-z0-9]{12,24}|AC[a-f0-9]{32}|pk[._].*)re"
      R"re(|pub[a-f0-9]{32}|(?:live|test)_[a-f0-9]{27})re",
      RE2::Quiet);
  return RE2::FullMatch(re2::StringPiece(value.data(), value.size()), kId);
}

// A key that only names the account, with a secret of its own beside it.
bool isPublicHalf(std::string_view name, std::string_view value) {
  struct Half {
    const char* name;
    const char* value;
  };
  // Confluent's API key, OVH's application key.
  constexpr Half kHalves[] = {{"(?:confluent|ccloud|kafka).*(?:api|cloud)key$", "[A-Z0-9]{16}"},
                              {"ovh.*(?:application|app)key$", "[A-Za-z0-9]{16}"}};
  return value.size() == 16 && std::any_of(std::begin(kHalves), std::end(kHalves), [&](const Half& half) {
           return RE2::PartialMatch(foldedName(name), half.name) &&
                  RE2::FullMatch(re2::StringPiece(value.data(), value.size()), half.value);
         });
}

bool isGeneratedValue(std::string_view value) {
  return value.size() >= 12 && value.size() <= 512 && looksRandom(value) && !isSample(value) &&
         !isReference(value) && !isPublicId(value) &&
         value.find_first_of(" \t\n") == std::string_view::npos;
}

// A password in a secret's or a key's place: letters of both cases, digits and a mark.
bool isCarefulChoice(std::string_view value) {
  auto has = [&](bool (*kind)(unsigned char)) {
    return std::any_of(value.begin(), value.end(),
                       [&](char c) { return kind(static_cast<unsigned char>(c)); });
  };
  return value.size() >= 10 && value.find_first_of("!@#$%^&*") != std::string_view::npos &&
         has([](unsigned char c) { return std::islower(c) != 0; }) &&
         has([](unsigned char c) { return std::isupper(c) != 0; }) &&
         has([](unsigned char c) { return std::isdigit(c) != 0; }) &&
         value.find_first_of(":/.,;(){}[]<>|=") == std::string_view::npos &&
         passwordStrength(value) != PasswordStrength::kNone;
}

// A random UUID is a credential where a provider has keys of that form, and an id elsewhere.
bool isKeyedUuid(std::string_view name, std::string_view value) {
  static const RE2 kName(
      R"re((?:(?:api|auth|access|bearer|server|bot|hec|push|personal|admin|service)(?:key|token))re"
      R"re(|(?:acl|agent|http|vault|consul|root|management|ingest|pilot)token|^token)re"
      R"re(|(?:client|api|app|application|jwt|session|cookie|webhook|shared|consumer)secret|^secret)re"
      R"re(|setupkey|secretkey|secretid)$)re",
      RE2::Quiet);
  return isRandomUuid(value) && !isSample(value) && RE2::PartialMatch(foldedName(name), kName);
}

// "user:password" as a login is encoded; else nothing.
std::string_view passwordOfPair(std::string_view text) {
  static const RE2 kPair(R"re([\w.@-]{1,64}:([^\s:]+))re", RE2::Quiet);
  re2::StringPiece password;
  if (!RE2::FullMatch(text, kPair, &password)) return {};
  return {password.data(), password.size()};
}

// "Host=x;User=y;Password=z": its parts are judged, not the whole.
bool isConnectionString(std::string_view value) {
  static const RE2 kParts(R"re(\w[\w ]*=[^;]*;\s*\w[\w ]*=.*)re", RE2::Quiet);
  return value.find(';') != std::string_view::npos && RE2::FullMatch(value, kParts);
}

std::string_view view(const re2::StringPiece& piece) { return {piece.data(), piece.size()}; }

// "a&lt;b" as XML and HTML write "a<b".
std::string unescaped(std::string_view value) {
  constexpr std::pair<std::string_view, char> kEntities[] = {
      {"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&apos;", '\''}, {"&amp;", '&'}};
  std::string plain(value);
  for (const auto& [entity, c] : kEntities) {
    for (size_t at = plain.find(entity); at != std::string::npos; at = plain.find(entity, at + 1)) {
      plain.replace(at, entity.size(), 1, c);
    }
  }
  return plain;
}

std::optional<SecretHit> judgeEscaped(std::string_view name, std::string_view value) {
  std::string plain = unescaped(value);
  auto hit = judgeNamed(name, plain);
  OPENSSL_cleanse(plain.data(), plain.size());
  if (hit) hit->value = value;  // not of the copy
  return hit;
}

void addNamed(std::string_view text, std::string_view name, std::string_view value,
              std::vector<SecretHit>& hits) {
  auto hit = value.find('&') == std::string_view::npos ? judgeNamed(name, value) : judgeEscaped(name, value);
  if (!hit) hit = judgeProviderNamed(name, value);
  if (!hit) return;
  hit->offset = static_cast<size_t>(value.data() - text.data());
  addUnlessOverlapping(hits, std::move(*hit));
}

// What a provider's name says alone, where nothing in it says password or key.
void addProviderNamed(std::string_view text, std::string_view name, std::string_view value,
                      std::vector<SecretHit>& hits) {
  auto hit = judgeProviderNamed(name, value);
  if (!hit) return;
  hit->offset = static_cast<size_t>(value.data() - text.data());
  addUnlessOverlapping(hits, std::move(*hit));
}

// "abc&user=x" in a query string, "abc;Database=y" in a connection string: only the first part.
std::string_view firstPart(std::string_view value) {
  static const RE2 kNext(R"re(^([^&;]*)[&;][A-Za-z_ ]+=)re", RE2::Quiet);
  re2::StringPiece part;
  return RE2::PartialMatch(value, kNext, &part) ? view(part) : value;
}

// Where a name and its value stand in other ways than with a sign between them. The first group of
// the expression is the name, whichever of the others matched the value.
struct NamedForm {
  std::string_view literal;  // text without it is never matched
  std::string_view regex;
  bool nameBehind = false;  // the first group is the value, the second the name
  bool notInCode = false;   // there two words are a member and its type
};
// clang-format off
constexpr NamedForm kNamedForms[] = {
    // <password>x</password>
    {"</", R"re(<([A-Za-z_][\w.:-]*)>\s*([^<>\s]{6,200})\s*</)re"},
    // <name>fs.s3a.secret.key</name><value>x</value>
    {"<name>", R"re(<name>\s*([\w.:-]+)\s*</name>\s*<value>\s*([^<>\s]{6,200})\s*</value>)re"},
    // <property name="connection.password">x</property>
    {"=\"", R"re(\b(?:name|key)="([\w.:-]+)"[^<>]*>\s*([^<>\s]{6,200})\s*</)re"},
    // <add key="ClientSecret" value="x"/>
    {"value=\"", R"re(\b(?:name|key)="([\w.:-]+)"[^<>]*?\svalue="([^"\n]+)")re"},
    // A directive with its name and value behind it.
    {"", R"re((?:#define|%define|%global|\b(?:proxy_set_header|grpc_set_header|fastcgi_param|uwsgi_param|add_header|set|env|ENV|ARG|setenv|SetEnv)re"
    R"re(|RequestHeader\s+set))[ \t]+\$?([A-Za-z_][\w-]*)[ \t]+(?:"([^"\n]+)"|'([^'\n]+)'|([^\s"';]+)))re"},
    // A line that is name and value: redis.conf, msmtp, mosquitto, collectd, fluentd.
    {"", R"re((?m:^)[ \t]*([A-Za-z_][\w.-]*)[ \t]+(?:"([^"\n]+)"|'([^'\n]+)'|([^\s"'=:#(<>{}][^\s"';]*));?\s*?(?m:$))re", false, true},
    // define('DB_PASSWORD', 'x'): a call with a name and its value.
    {"(", R"re([(]\s*["']([A-Za-z_][\w.-]*)["']\s*,\s*["']([^"'\n]+)["']\s*[)])re"},
    // val password: String = "x", password: str = 'x', password string = "x"
    {"tr", R"re(\b([A-Za-z_]\w*)(?:\s?:\s?|\s+)(?:[Ss]tring\??|str|&(?:\x27static )?str|[Cc]har\[?\]?)\s*=\s*(?:"([^"\n]+)"|'([^'\n]+)'))re"},
    // - name: DB_PASSWORD
    //   value: x            in a manifest or a task inside a text, and as JSON or HCL has it
    {"value", R"re(\bname\\?"?\s{0,4}[:=]\s{0,4}\\?["']?([A-Za-z_][\w.-]*)\\?["']?,?\s{1,40}(?:#\s{1,20})?\\?"?value\\?"?\s{0,4}[:=]\s{0,4}(?:\\?"([^"\\\n]+)|'([^'\n]+)'|([^\s"'{}\[\],]+)))re"},
    // variable "db_password" { type = string, default = "x" }
    {"variable \"", R"re(\bvariable\s+"([A-Za-z_][\w-]*)"\s*\{[^{}]{0,400}?\bdefault\s*=\s*"([^"\n]+)")re"},
    // - name: token
    //   type: string
    //   default: x           a parameter of a pipeline
    {"default", R"re(\bname:\s{1,4}["']?([A-Za-z_][\w.-]*)["']?\s*\n(?:\s*(?:type|description):[^\n]*\n){0,3}\s*default:\s{1,4}(?:"([^"\n]+)"|'([^'\n]+)'|([^\s"'{}\[\],]+)))re"},
    // path: /data/DB_PASSWORD
    // value: x               a JSON patch
    {"path", R"re(\bpath\\?"?\s{0,4}:\s{0,4}\\?["']?[\w./~-]*/([A-Za-z_][\w.-]*)\\?["']?,?\s{1,40}\\?"?value\\?"?\s{0,4}:\s{0,4}(?:\\?"([^"\\\n]+)|'([^'\n]+)'|([^\s"'{}\[\],]+)))re"},
    // .Values.dbPassword | default "x", and default "x" .Values.dbPassword
    {"default", R"re(\.([A-Za-z_]\w*)\s*\|\s*default\s+\\?(?:"([^"\\\n]+)|'([^'\n]+)'))re"},
    {"default", R"re(\bdefault\s+\\?"([^"\\\n]+)\\?"\s+[$.]*(?:\w+\.)+([A-Za-z_]\w*))re", true},
    // process.env.DB_PASSWORD || 'x', ENV['DB_PASSWORD'] ||= 'x', getenv('DB_PASSWORD') ?: 'x'
    {"process.env", R"re(\bprocess\.env(?:\.|\[["'])([A-Za-z_]\w*)(?:["']\])?\s*(?:\|\||\?\?)\s*(?:"([^"\n]+)"|'([^'\n]+)'|`([^`\n]+)`))re"},
    {"ENV[", R"re(\bENV\[["']([A-Za-z_]\w*)["']\]\s*(?:\|\||\?\?)=?\s*(?:"([^"\n]+)"|'([^'\n]+)'))re"},
    {"getenv(", R"re(\bgetenv\(["']([A-Za-z_]\w*)["']\)\s*(?:\?:|\?\?|\|\||or)\s*(?:"([^"\n]+)"|'([^'\n]+)'))re"},
    // ${DB_PASSWORD:-x} of a shell, ${DB_PASSWORD:x} of Spring
    {"${", R"re(\$\{([A-Za-z_][\w.-]*):-?([^${}\s"'`]+)\})re"},
    // {password, <<"x">>} of Erlang
    {"<<\"", R"re(\{\s*["']?([A-Za-z_]\w*)["']?\s*,\s*<<"([^"\n]+)">>)re"},
    // DB_PASSWORD,x,owner of a table
    {",", R"re((?m:^)["']?([A-Za-z_][\w.-]*)["']?[,;]["']?([^,;\s"'(){}]+)["']?(?:[,;]|\s*?(?m:$)))re", false, true},
    // --password x
    {"-", R"re((?:^|[\s"'])--?([A-Za-z][A-Za-z0-9_.-]*)[ \t]+["']?([^\s"'$-][^\s"']*))re"},
};
// clang-format on

void scanNamedForms(std::string_view text, bool isCode, std::vector<SecretHit>& hits) {
  static const std::vector<std::unique_ptr<RE2>> kForms = [] {
    std::vector<std::unique_ptr<RE2>> forms;
    for (const NamedForm& form : kNamedForms) {
      forms.push_back(std::make_unique<RE2>(std::string(form.regex), RE2::Quiet));
    }
    return forms;
  }();
  re2::StringPiece piece(text.data(), text.size());
  re2::StringPiece groups[5];
  for (size_t i = 0; i < kForms.size(); ++i) {
    if (isCode && kNamedForms[i].notInCode) continue;
    if (text.find(kNamedForms[i].literal) == std::string_view::npos) continue;
    const auto& form = kForms[i];
    int count = form->NumberOfCapturingGroups() + 1;
    for (size_t at = 0;
         at < text.size() && form->Match(piece, at, text.size(), RE2::UNANCHORED, groups, count);) {
      bool behind = kNamedForms[i].nameBehind;
      std::string_view value = behind ? view(groups[1]) : matchedGroup(groups, 2, count);
      // What stands for a value may be the next one's name.
      at = static_cast<size_t>(value.data() - text.data());
      addNamed(text, view(groups[behind ? 2 : 1]), value, hits);
    }
  }
}

// A passphrase without quotes goes on to the end of its line.
std::string_view withPhrase(std::string_view text, std::string_view word) {
  size_t start = static_cast<size_t>(word.data() - text.data());
  size_t after = start + word.size();
  if (after >= text.size() || text[after] != ' ') return word;
  std::string_view line = text.substr(start, text.find('\n', after) - start);
  return isWordPhrase(line) ? line : word;
}

// Whether a quote of the line is open at `at`: "host=x password=y" as a literal.
bool isInsideLiteral(std::string_view text, size_t at) {
  size_t line = at == 0 ? 0 : text.rfind('\n', at - 1);
  if (line == std::string_view::npos) line = 0;
  std::string_view before = text.substr(line, at - line);
  return std::count(before.begin(), before.end(), '"') % 2 != 0 ||
         std::count(before.begin(), before.end(), '\'') % 2 != 0;
}

void scanPairs(std::string_view text, bool isCode, std::vector<SecretHit>& hits) {
  static const RE2 kPair(
      R"re(([A-Za-z_][A-Za-z0-9_.-]*)(?:\\*["'\]]+)?[ \t]{0,40}(:=|=>|==?|:)[ \t]{0,40})re"
      R"re((?:(?:\(\s{0,40})?\\*"(?:"")?([^"\\\n]*)|(?:\(\s{0,40})?\\*'([^'\n]*?)\\*'|`([^`\n]*)`|([^\s"'`,;{}\[\]<>|\\][^\s"',;{}<>|\\]*)))re",
      RE2::Quiet);
  re2::StringPiece piece(text.data(), text.size());
  re2::StringPiece groups[7];
  for (size_t at = 0;
       at < text.size() && kPair.Match(piece, at, text.size(), RE2::UNANCHORED, groups, 7);) {
    size_t start = static_cast<size_t>(groups[0].data() - text.data());
    at = start + groups[0].size();
    if (!credentialSort(view(groups[1])) || groups[2] == "==") {
      if (groups[2] != "==") addProviderNamed(text, view(groups[1]), matchedGroup(groups, 3, 7), hits);
      // The value may itself be an assignment: "args=--password=x".
      at = static_cast<size_t>(groups[2].data() - text.data()) + groups[2].size();
      continue;
    }
    bool quoted = groups[6].data() == nullptr;
    std::string_view value = matchedGroup(groups, 3, 7);
    if (isCode && !quoted && !isInsideLiteral(text, start)) continue;
    // An expression that matches tokens.
    if (isCode && value.find("(?:") != std::string_view::npos) continue;
    // A part of a longer name: arn:aws:secretsmanager:region:1:secret:db.
    if (groups[2] == ":" && start > 0 && (text[start - 1] == ':' || text[start - 1] == '/')) {
      continue;
    }
    // A call, not a value: password = getenv("X").
    static const RE2 kCall(R"re([A-Za-z_][\w.:>-]*[(\[].*)re", RE2::Quiet);
    if (!quoted && RE2::FullMatch(value, kCall)) continue;
    // "os.environ[\"X\"]": a call in a text that escapes its quotes.
    if (value.ends_with('[') || value.ends_with('(')) continue;
    if (!quoted && groups[2] != "=>") value = withPhrase(text, value);
    addNamed(text, view(groups[1]), quoted ? value : firstPart(value), hits);
  }
}

// Small letters with the vowels that words have and dice have not.
bool isOfWords(std::string_view value) {
  auto vowels = std::count_if(value.begin(), value.end(),
                              [](char c) { return std::string_view("aeiou").find(c) != std::string_view::npos; });
  bool letters = std::all_of(value.begin(), value.end(), [](char c) { return c == ' ' || (c >= 'a' && c <= 'z'); });
  return letters && static_cast<size_t>(vowels) * 3 > value.size();
}

// Words that no sentence has behind "password is": digits between letters of both cases, or a mark.
bool isNoWordOfProse(std::string_view value) {
  auto has = [&](int (*kind)(int)) {
    return std::any_of(value.begin(), value.end(), [&](char c) { return kind(static_cast<unsigned char>(c)) != 0; });
  };
  return value.size() >= 8 && has(std::isdigit) && has(std::isalpha) &&
         value.find_first_of("/()[]{}<>=,;:@") == std::string_view::npos;
}

}  // namespace

// "admin password is x", "login with admin / password: x (ask ops)", "the root password is `x`".
void scanProse(std::string_view text, std::vector<SecretHit>& hits) {
  static const RE2 kSentence(
      R"re((?i:\b(password|passphrase|passwd|passwort|token|api[ -]?key|secret)\b(?:[ \t]+(?:of|for|to|on|in|the|our|my)(?:[ \t]+[\w.-]+){1,4}?)?(?:[ \t]*[(][\w ,.-]{1,30}[)])?)re"
      R"re((?:[ \t]+(?:is|was|war|ist)(?:[ \t]+(?:now|still))?:?|[ \t]*:)[ \t]+)["'`]?([^\s"'`]{8,200}))re",
      RE2::Quiet);
  re2::StringPiece rest(text.data(), text.size());
  re2::StringPiece word;
  re2::StringPiece value;
  while (RE2::FindAndConsume(&rest, kSentence, &word, &value)) {
    std::string_view found = view(value);
    while (!found.empty() && std::string_view(".,;)").find(found.back()) != std::string_view::npos) {
      found.remove_suffix(1);
    }
    if (!isNoWordOfProse(found)) continue;
    std::string name = word.size() > 6 && (word[0] == 'a' || word[0] == 'A') ? "apiKey" : std::string(word);
    addNamed(text, name, found, hits);
  }
}

std::optional<SecretHit> judgeNamed(std::string_view name, std::string_view value) {
  auto sort = credentialSort(name);
  if (!sort || value.size() < 6 || isConnectionString(value)) return std::nullopt;
  // Vault's SecretID is a UUID; another id of a secret names it.
  if (foldedName(name) == "secretid" && !isRandomUuid(value)) return std::nullopt;
  // A JSON web token is judged by what it says (text_scan.h), whatever it is called.
  if (value.starts_with("eyJ") && std::count(value.begin(), value.end(), '.') == 2) {
    return std::nullopt;
  }
  if (*sort != CredentialSort::kPassword && !isSample(value)) {
    if (const SecretNamedRule* rule = namedRuleFor(name, value)) {
      SecretHit hit;
      hit.rule = rule->id;
      hit.kind = rule->kind;
      hit.severity = Severity::kHigh;
      hit.tier = Tier::kAlert;
      hit.confidence = 80;
      hit.value = value;
      hit.name = std::string(name);
      hit.evidence = {"name-and-form", 80,
                      "called as a " + std::string(rule->kind) + " is, and of its form"};
      return hit;
    }
  }
  int confidence = 0;
  if (auto plain = decodeToText(value)) {
    // Base64 of words is words: "c2VjcmV0IGlzIHNlY3VyZQ==".
    bool real = passwordStrength(*plain) != PasswordStrength::kNone ||
                passwordStrength(passwordOfPair(*plain)) != PasswordStrength::kNone;
    OPENSSL_cleanse(plain->data(), plain->size());
    if (!real) return std::nullopt;
    confidence = 65;
  } else if (*sort == CredentialSort::kPassword) {
    PasswordStrength strength = passwordStrength(value);
    bool chosen = strength != PasswordStrength::kNone || isDigitPassword(value);
    if (!chosen || isPublicId(value)) return std::nullopt;
    confidence = strength == PasswordStrength::kRandom ? 75 : 60;
  } else {
    if (isPublicHalf(name, value)) return std::nullopt;
    if (!isGeneratedValue(value) && !isCarefulChoice(value) && !isKeyedUuid(name, value)) {
      return std::nullopt;
    }
    confidence = 65;
  }
  const SortText& text = kSorts.at(static_cast<size_t>(*sort));
  SecretHit hit;
  hit.rule = text.rule;
  hit.kind = text.kind;
  hit.severity = Severity::kMedium;
  hit.tier = Tier::kAlert;
  hit.confidence = confidence;
  hit.value = value;
  hit.name = std::string(name);
  hit.evidence = {"name-and-entropy", confidence,
                  "called a " + std::string(toString(*sort)) +
                      ", and its value is neither a placeholder nor a reference"};
  return hit;
}

std::optional<SecretHit> judgeProviderNamed(std::string_view name, std::string_view value) {
  const SecretNamedRule* rule = loneNameRuleFor(name, value);
  if (rule == nullptr || isSample(value) || isReference(value) || hasWeakWord(value) || isOfWords(value)) {
    return std::nullopt;
  }
  SecretHit hit;
  hit.rule = rule->id;
  hit.kind = rule->kind;
  hit.severity = Severity::kHigh;
  hit.tier = Tier::kAlert;
  hit.confidence = 75;
  hit.value = value;
  hit.name = std::string(name);
  hit.evidence = {"name-and-form", 75, "called as a " + std::string(rule->kind) + " is, and of its form"};
  return hit;
}

// "user:password" where a setting takes both at once.
std::optional<SecretHit> judgeLogin(std::string_view name, std::string_view value) {
  static const RE2 kName(R"re((?i)(?:.*[._-])?(?:cloud\.auth|auth\.user\.info|basic_?auth|flower_basic_auth))re",
                         RE2::Quiet);
  if (!RE2::FullMatch(re2::StringPiece(name.data(), name.size()), kName)) return std::nullopt;
  std::string_view password = passwordOfPair(value);
  if (password.starts_with("//")) return std::nullopt;
  auto hit = judgeNamed("password", password);
  if (!hit) return std::nullopt;
  hit->name = std::string(name);
  hit->offset = static_cast<size_t>(password.data() - value.data());
  return hit;
}

void scanAssignments(std::string_view text, std::vector<SecretHit>& hits, bool isCode) {
  scanProse(text, hits);
  scanPairs(text, isCode, hits);
  scanNamedForms(text, isCode, hits);
}

}  // namespace firebreak::detect
