#include "detect/secrets/assignments.h"

#include <openssl/crypto.h>
#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string>

#include "detect/secrets/credential_name.h"
#include "detect/secrets/decode.h"
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

// An AWS or Twilio id under a secret's name is still only the public half.
bool isPublicId(std::string_view value) {
  static const RE2 kId(
      R"re((?:AKIA|ASIA|AROA|AIDA)[A-Z2-7]{16}|LTAI[A-Za-z0-9]{12,24}|AC[a-f0-9]{32}|pk[._].*)re",
      RE2::Quiet);
  return RE2::FullMatch(re2::StringPiece(value.data(), value.size()), kId);
}

bool isGeneratedValue(std::string_view value) {
  return value.size() >= 12 && value.size() <= 512 && looksRandom(value) && !isSample(value) &&
         !isReference(value) && !isPublicId(value) &&
         value.find_first_of(" \t\n") == std::string_view::npos;
}

std::string_view view(const re2::StringPiece& piece) { return {piece.data(), piece.size()}; }

void addNamed(std::string_view text, std::string_view name, const re2::StringPiece& value,
              std::vector<SecretHit>& hits) {
  auto hit = judgeNamed(name, view(value));
  if (!hit) return;
  hit->offset = static_cast<size_t>(value.data() - text.data());
  addUnlessOverlapping(hits, std::move(*hit));
}

// "abc&user=x" in a query string, "abc;Database=y" in a connection string: only the first part.
re2::StringPiece firstPart(re2::StringPiece value) {
  static const RE2 kNext(R"re(^([^&;]*)[&;][A-Za-z_ ]+=)re", RE2::Quiet);
  re2::StringPiece part;
  return RE2::PartialMatch(value, kNext, &part) ? part : value;
}

// Where a name and its value stand in other ways than with a sign between them. The first group is
// the name, whichever of the others matched the value.
constexpr std::string_view kNamedForms[] = {
    // <password>x</password>
    R"re(<([A-Za-z_][\w.:-]*)>\s*([^<>\s]{6,200})\s*</)re",
    // <name>fs.s3a.secret.key</name><value>x</value>
    R"re(<name>\s*([\w.:-]+)\s*</name>\s*<value>\s*([^<>\s]{6,200})\s*</value>)re",
    // <property name="connection.password">x</property>
    R"re(\b(?:name|key)="([\w.:-]+)"[^<>]*>\s*([^<>\s]{6,200})\s*</)re",
    // <add key="ClientSecret" value="x"/>
    R"re(\b(?:name|key)="([\w.:-]+)"[^<>]*?\svalue="([^"\n]+)")re",
    // A directive with its name and value behind it.
    R"re(\b(?:proxy_set_header|grpc_set_header|fastcgi_param|uwsgi_param|add_header|set|env|ENV|ARG|setenv|SetEnv)re"
    R"re(|RequestHeader\s+set)[ \t]+\$?([A-Za-z_][\w-]*)[ \t]+(?:"([^"\n]+)"|'([^'\n]+)'|([^\s"';]+)))re",
    // A line that is name and value: redis.conf, msmtp, mosquitto, collectd, fluentd.
    R"re((?m:^)[ \t]*([A-Za-z_][\w.-]*)[ \t]+(?:"([^"\n]+)"|'([^'\n]+)'|([^\s"'=:#(<>{}][^\s"';]*));?\s*?(?m:$))re",
    // define('DB_PASSWORD', 'x'): a call with a name and its value.
    R"re([(]\s*["']([A-Za-z_][\w.-]*)["']\s*,\s*["']([^"'\n]+)["']\s*[)])re",
    // --password x
    R"re((?:^|[\s"'])--?([A-Za-z][A-Za-z0-9_.-]*)[ \t]+["']?([^\s"'$-][^\s"']*))re",
};

void scanNamedForms(std::string_view text, std::vector<SecretHit>& hits) {
  static const std::vector<std::unique_ptr<RE2>> kForms = [] {
    std::vector<std::unique_ptr<RE2>> forms;
    for (std::string_view form : kNamedForms) {
      forms.push_back(std::make_unique<RE2>(std::string(form), RE2::Quiet));
    }
    return forms;
  }();
  re2::StringPiece piece(text.data(), text.size());
  re2::StringPiece groups[5];
  for (const auto& form : kForms) {
    int count = form->NumberOfCapturingGroups() + 1;
    for (size_t at = 0;
         at < text.size() && form->Match(piece, at, text.size(), RE2::UNANCHORED, groups, count);) {
      int side = 2;
      while (side + 1 < count && groups[side].data() == nullptr) ++side;
      // What stands for a value may be the next one's name.
      at = static_cast<size_t>(groups[side].data() - text.data());
      addNamed(text, view(groups[1]), groups[side], hits);
    }
  }
}

void scanPairs(std::string_view text, std::vector<SecretHit>& hits) {
  static const RE2 kPair(
      R"re(([A-Za-z_][A-Za-z0-9_.-]*)(?:\\*["'\]]+)?[ \t]{0,40}(:=|=>|==?|:)[ \t]{0,40})re"
      R"re((?:\\*"(?:"")?([^"\\\n]*)|'([^'\n]*)'|([^\s"'`,;{}\[\]<>|\\][^\s"',;{}<>|\\]*)))re",
      RE2::Quiet);
  re2::StringPiece piece(text.data(), text.size());
  re2::StringPiece groups[6];
  for (size_t at = 0;
       at < text.size() && kPair.Match(piece, at, text.size(), RE2::UNANCHORED, groups, 6);) {
    size_t start = static_cast<size_t>(groups[0].data() - text.data());
    at = start + groups[0].size();
    if (!credentialSort(view(groups[1])) || groups[2] == "==") {
      // The value may itself be an assignment: "args=--password=x".
      at = static_cast<size_t>(groups[2].data() - text.data()) + groups[2].size();
      continue;
    }
    size_t side = groups[3].data() != nullptr ? 3 : groups[4].data() != nullptr ? 4 : 5;
    bool quoted = side != 5;
    re2::StringPiece value = groups[side];
    // A part of a longer name: arn:aws:secretsmanager:region:1:secret:db.
    if (groups[2] == ":" && start > 0 && (text[start - 1] == ':' || text[start - 1] == '/')) {
      continue;
    }
    // A call, not a value: password = getenv("X").
    static const RE2 kCall(R"re([A-Za-z_][\w.:>-]*\(.*)re", RE2::Quiet);
    if (!quoted && RE2::FullMatch(value, kCall)) continue;
    addNamed(text, view(groups[1]), quoted ? value : firstPart(value), hits);
  }
}

}  // namespace

std::optional<SecretHit> judgeNamed(std::string_view name, std::string_view value) {
  auto sort = credentialSort(name);
  if (!sort || value.size() < 8) return std::nullopt;
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
    bool real = passwordStrength(*plain) != PasswordStrength::kNone;
    OPENSSL_cleanse(plain->data(), plain->size());
    if (!real) return std::nullopt;
    confidence = 65;
  } else if (*sort == CredentialSort::kPassword) {
    PasswordStrength strength = passwordStrength(value);
    if (strength == PasswordStrength::kNone || isPublicId(value)) return std::nullopt;
    confidence = strength == PasswordStrength::kRandom ? 75 : 60;
  } else {
    if (!isGeneratedValue(value)) return std::nullopt;
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

void scanAssignments(std::string_view text, std::vector<SecretHit>& hits) {
  scanPairs(text, hits);
  scanNamedForms(text, hits);
}

}  // namespace firebreak::detect
