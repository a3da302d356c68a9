#include "detect/secrets/value_shape.h"

#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <cstddef>

#include "detect/secrets/chosen_password.h"
#include "detect/signatures/published_samples.h"

namespace firebreak::detect {
namespace {

// Fillers that no generator makes: anywhere in the text, in any case.
constexpr std::string_view kFillers[] = {
    "example",    "changeme",   "change-me",    "change_me", "placeholder", "redacted",
    "dummy",      "xxxxx",      "your-",        "your_",     "yourtoken",   "yourkey",
    "yourpass",   "yoursecret", "insert",       "replace",   "sample",      "notreal",
    "not-real",   "notasecret", "not-a-secret", "foobar",    "lorem",       "qwerty",
    "asdfgh",     "zxcvb",      "letmein",      "deadbeef",  "cafebabe",    "0123456789",
    "1234567890", "abcdefghij", "*****",        ".....",     "todo",        "fixme",
    "fake",       "mock"};

// Words of weak passwords; what remains without them must still look like a secret.
constexpr std::string_view kWeakWords[] = {"administrator",
                                           "password",
                                           "passwort",
                                           "passwd",
                                           "passphrase",
                                           "credential",
                                           "authentication",
                                           "postgresql",
                                           "postgres",
                                           "rabbitmq",
                                           "mongodb",
                                           "mariadb",
                                           "mysql",
                                           "redis",
                                           "elastic",
                                           "grafana",
                                           "keycloak",
                                           "jenkins",
                                           "minio",
                                           "wordpress",
                                           "kubernetes",
                                           "database",
                                           "default",
                                           "supersecret",
                                           "secret",
                                           "admin",
                                           "root",
                                           "guest",
                                           "user",
                                           "test",
                                           "demo",
                                           "local",
                                           "change",
                                           "token",
                                           "apikey",
                                           "key",
                                           "pass",
                                           "welcome",
                                           "hello",
                                           "world",
                                           "super",
                                           "strong",
                                           "secure",
                                           "random",
                                           "value",
                                           "here",
                                           "this",
                                           "that",
                                           "some",
                                           "your",
                                           "very",
                                           "long",
                                           "must",
                                           "please",
                                           "with",
                                           "from",
                                           "into",
                                           "none",
                                           "null",
                                           "true",
                                           "false",
                                           "empty",
                                           "development",
                                           "production",
                                           "staging",
                                           "prod",
                                           "service",
                                           "server",
                                           "client",
                                           "cluster",
                                           "internal",
                                           "master",
                                           "replica",
                                           "string",
                                           "generated",
                                           "base64",
                                           "encoded",
                                           "dev",
                                           "app",
                                           "the",
                                           "for",
                                           "not",
                                           "set",
                                           "abc",
                                           "foo",
                                           "bar",
                                           "baz",
                                           "123456",
                                           "12345",
                                           "1234",
                                           "123"};

char lower(char c) { return static_cast<char>(std::tolower(static_cast<unsigned char>(c))); }
bool isLower(char c) { return c >= 'a' && c <= 'z'; }
bool isUpper(char c) { return c >= 'A' && c <= 'Z'; }
bool isDigit(char c) { return c >= '0' && c <= '9'; }

// "P4$$w0rd" -> "password".
char unleet(char c) {
  switch (c) {
    case '@':
    case '4':
      return 'a';
    case '0':
      return 'o';
    case '1':
    case '!':
      return 'i';
    case '3':
      return 'e';
    case '$':
    case '5':
      return 's';
    case '7':
      return 't';
    default:
      return lower(c);
  }
}

std::string mapped(std::string_view text, char (*map)(char)) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), map);
  return out;
}

// One block again and again ("abcabcabc"), or the same character throughout.
bool isRepetition(std::string_view text) {
  for (size_t period = 1; period <= text.size() / 2; ++period) {
    bool repeats = true;
    for (size_t i = period; i < text.size() && repeats; ++i) repeats = text[i] == text[i - period];
    if (repeats) return true;
  }
  return false;
}

// "abcdefgh", "87654321": a run of neighbours in the alphabet.
bool hasRun(std::string_view text, size_t length) {
  size_t up = 1;
  size_t down = 1;
  size_t same = 1;
  for (size_t i = 1; i < text.size(); ++i) {
    int step = lower(text[i]) - lower(text[i - 1]);
    up = step == 1 ? up + 1 : 1;
    down = step == -1 ? down + 1 : 1;
    same = step == 0 ? same + 1 : 1;
    if (up >= length || down >= length || same >= std::max<size_t>(6, length - 2)) return true;
  }
  return false;
}

enum class CharClass { kLower, kUpper, kDigit, kOther };
CharClass classOf(char c) {
  // Letters of other alphabets are letters, not punctuation.
  if (isLower(c) || static_cast<unsigned char>(c) >= 0x80) return CharClass::kLower;
  if (isUpper(c)) return CharClass::kUpper;
  return isDigit(c) ? CharClass::kDigit : CharClass::kOther;
}

struct Shape {
  int classes = 0;
  double changes =
      0;  // share of neighbours whose classes differ; a capital before its word counts 0
  bool letters = false;
};

Shape shapeOf(std::string_view text) {
  std::array<bool, 4> seen{};
  size_t changes = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    CharClass current = classOf(text[i]);
    seen.at(static_cast<size_t>(current)) = true;
    if (i == 0) continue;
    CharClass before = classOf(text[i - 1]);
    if (current != before && !(before == CharClass::kUpper && current == CharClass::kLower)) {
      ++changes;
    }
  }
  Shape shape;
  shape.classes = static_cast<int>(std::count(seen.begin(), seen.end(), true));
  shape.letters = seen[0] || seen[1];
  if (text.size() > 1) {
    shape.changes = static_cast<double>(changes) / static_cast<double>(text.size() - 1);
  }
  return shape;
}

// Words in any spelling taken out: "admin-P4ssw0rd" -> "-".
std::string withoutWords(std::string_view text) {
  std::string rest(text);
  for (std::string_view word : kWeakWords) {
    for (;;) {
      size_t at = mapped(rest, lower).find(word);
      if (at == std::string::npos) at = mapped(rest, unleet).find(word);
      if (at == std::string::npos) break;
      rest.erase(at, word.size());
    }
  }
  return rest;
}

// Short words turn up by chance in long random text.
bool hasWord(std::string_view text) {
  size_t least = text.size() >= 16 ? 5 : 4;
  std::string folded = mapped(text, lower);
  std::string unleeted = mapped(text, unleet);
  return std::any_of(std::begin(kWeakWords), std::end(kWeakWords), [&](std::string_view word) {
    return word.size() >= least &&
           (folded.find(word) != std::string::npos || unleeted.find(word) != std::string::npos);
  });
}

double vowelShare(std::string_view text) {
  auto vowels = std::count_if(text.begin(), text.end(), [](char c) {
    return std::string_view("aeiouyAEIOUY").find(c) != std::string_view::npos;
  });
  return static_cast<double>(vowels) / static_cast<double>(std::max<size_t>(1, text.size()));
}

const RE2& referencePattern() {
  // Whole text. Each line one kind of thing that is not a value.
  static const RE2 kPattern(
      R"re((?i)\$?\$[{(].*|\$[a-z_][a-z0-9_./:-]*|@microsoft\.keyvault\(.*|urn:.*|%[a-z_][a-z0-9_]*%|@.*@|&[a-z_].*|!(?:ref|sub|getatt|vault|secret|env|env_var|include|reference|import)\b.*)re"  // variables
      R"re(|<.*>|\[.*\]|\{.*\}|__.*__|\.\.\..*|#.*)re"                                   // fill in
      R"re(|[^:\s]+:\$[a-z_({].*|[^:\s]+:\$(?:apr1|2[aby]|1|5|6)\$.*|(?:vault|ref\+[a-z]+|secretref|secret|sm|op|ssm|awssm|gcpsm|akv|env|file|arn|kms|keyvault)re"
      R"re(|bao|doppler|sops|aws|gcp|azurekv|k8s|kv|projects/[^/]+/secrets/.*)re"
      R"re(|enc|crypt)[:\[(].*)re"                                           // managers
      R"re(|\{(?:cipher|ssha|sha|md5|crypt|bcrypt|noop|pbkdf2)[^}]*\}.*)re"  // hashes
      R"re(|\$(?:2[abxy]?|1|5|6|y|apr1|argon2(?:id|i|d)|pbkdf2[a-z0-9-]*|scrypt)\$.*)re"
      R"re(|(?:argon2(?:id|i|d)?|scrypt|bcrypt|pbkdf2)[:$].*)re"
      R"re(|\*[0-9a-f]{40}|scram-sha-(?:1|256)\$.*|md5[a-f0-9]{32}|pbkdf2_sha256\$.*)re"
      R"re(|(?:sha(?:1|224|256|384|512)|md5|h1)[:=-].*)re"                                // digests
      R"re(|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})re"              // UUID
      R"re(|(?:~|\.{1,2})/.*|(?-i:/[a-z._-].*)|[a-z]:\\.*|[a-z][a-z0-9+.-]*://.*)re"      // places
      R"re(|(?-i:[a-z0-9._-]+(?:/[a-z0-9._-]+)+(?::[A-Za-z0-9._-]+)?)(?:@sha256:.*)?)re"  // images
      R"re(|[\w.-]+\.(?:pem|crt|cer|key|json|ya?ml|txt|conf|properties|p12|jks|env|svc|local|com)re"
      R"re(|io|org|net|dev)(?::[0-9]+)?)re"  // files
      R"re(|(?:ssh-(?:rsa|ed25519|dss)|ecdsa-sha2-\S+) .*|-----begin (?:certificate|public).*)re"
      R"re(|mii[a-z0-9+/=\s]{200,}|ls0tls1crudjtibdrv[a-z0-9+/=\s]*)re"  // DER
      R"re(|a[gq][a-d][a-z0-9+/]{200,}={0,2})re"                            // sealed
      R"re(|0x(?:[0-9a-f]{1,16}|[0-9a-f]{40}))re"  // a number, a wallet or contract
      R"re(|[0-9.,:+\- tz]+|[0-9]+(?:ms|s|m|h|d|[kmgt]i?b?))re",         // numbers
      RE2::Quiet);
  return kPattern;
}

// Words joined by dashes, dots or underscores: "my-app-tls", "com.example.Foo",
// "web-7d4b9c6f5-x2x8q".
bool isDashedName(std::string_view text) {
  if (text.find_first_of("-._") == std::string_view::npos) return false;
  size_t start = 0;
  std::string joined;
  bool upper = false;
  bool lowerSeen = false;
  while (start <= text.size()) {
    size_t end = std::min(text.find_first_of("-._", start), text.size());
    std::string_view part = text.substr(start, end - start);
    if (part.size() > 14) return false;
    joined += part;
    size_t digits = 0;
    for (char c : part) {
      if (!isLower(c) && !isUpper(c) && !isDigit(c)) return false;
      upper = upper || isUpper(c);
      lowerSeen = lowerSeen || isLower(c);
      if (isDigit(c)) ++digits;
    }
    // Digits inside a part are a generator's; after a word they are a version or an index.
    if (part.size() > 10 && digits >= 2 && shapeOf(part).changes > 0.2) return false;
    start = end + 1;
  }
  return !(upper && lowerSeen) || shapeOf(joined).changes < 0.25;
}

// Words and digits as passphrase generators join them: "marble-Anchor-93-rapid", "Willow.falcon2760". A
// name with capitals and a number in it that says nothing of what it names.
bool isPassphrase(std::string_view text) {
  auto count = [&](bool (*kind)(char)) { return std::count_if(text.begin(), text.end(), kind); };
  // More than one dot: a class or a version.
  bool dotted = std::count(text.begin(), text.end(), '.') > 1;
  return text.size() >= 12 && !dotted && count(isDigit) >= 2 && count(isUpper) >= 1 &&
         count(isLower) >= 6 && !hasWord(text);
}

bool isVowel(char c) {
  return std::string_view("aeiouyAEIOUY").find(c) != std::string_view::npos;
}

// Hardly a vowel, or three consonants in a row: seldom in a word.
bool isUnspeakable(std::string_view group) {
  size_t vowels = 0;
  size_t run = 0;
  size_t longest = 0;
  for (char c : group) {
    if (isVowel(c)) ++vowels;
    run = isVowel(c) || isDigit(c) ? 0 : run + 1;
    longest = std::max(longest, run);
  }
  return vowels <= 1 || longest >= 3;
}

// Three groups of six as Apple's devices propose them: "bqzkre-tnwoxv-hpRgw4", one capital and one
// digit in all. Names of that length have their capital where a word begins and the number behind it.
PasswordStrength groupedStrength(std::string_view text) {
  constexpr size_t kGroup = 6;
  if (text.size() != 3 * kGroup + 2) return PasswordStrength::kNone;
  size_t capitals = 0;
  size_t digits = 0;
  bool inside = false;  // the capital or the digit is where no name has it
  int unspeakable = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    size_t at = i % (kGroup + 1);
    if (at == kGroup ? text[i] != '-' : !isLower(text[i]) && !isUpper(text[i]) && !isDigit(text[i])) {
      return PasswordStrength::kNone;
    }
    if (isUpper(text[i])) {
      ++capitals;
      inside = inside || at > 0;
    } else if (isDigit(text[i])) {
      ++digits;
      inside = inside || at + 1 < kGroup;
    }
    if (at == 0 && isUnspeakable(text.substr(i, kGroup))) ++unspeakable;
  }
  if (capitals != 1 || digits != 1 || hasWord(text)) return PasswordStrength::kNone;
  if (inside && unspeakable >= 2) return PasswordStrength::kRandom;
  return inside || unspeakable >= 2 ? PasswordStrength::kChosen : PasswordStrength::kNone;
}

// Letters of Latin-1 and Latin Extended-A without their marks, Cyrillic in small letters; the rest as
// it is: "BITTE_ÄNDERN" -> "bitte_andern".
std::string foldedLetters(std::string_view text) {
  // From U+00C0 to U+017F.
  static constexpr std::string_view kPlain =
      "aaaaaaaceeeeiiiidnooooo ouuuuytsaaaaaaaceeeeiiiidnooooo ouuuuyty"
      "aaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiiiiijjkkklllllll"
      "lllnnnnnnnnnoooooooorrrrrrssssssssttttttuuuuuuuuuuuuwwyyyzzzzzzs";
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    auto byte = static_cast<unsigned char>(text[i]);
    if (byte < 0xc3 || byte > 0xdf || i + 1 >= text.size()) {
      out += lower(text[i]);
      continue;
    }
    unsigned point = (byte & 0x1fU) << 6 | (static_cast<unsigned char>(text[++i]) & 0x3fU);
    if (point >= 0xc0 && point - 0xc0 < kPlain.size() && kPlain[point - 0xc0] != ' ') {
      out += kPlain[point - 0xc0];
      continue;
    }
    if (point >= 0x410 && point <= 0x42f) point += 0x20;
    out += static_cast<char>(0xc0 | point >> 6);
    out += static_cast<char>(0x80 | (point & 0x3f));
  }
  return out;
}

// "BITTE_ÄNDERN", "sua-senha-aqui", "请修改": fill in or change, in the languages that charts are
// written in. A number beside such a word makes it somebody's password.
bool isForeignFiller(std::string_view text) {
  constexpr size_t kLongest = 80;
  if (text.size() > kLongest || std::any_of(text.begin(), text.end(), isDigit)) return false;
  constexpr std::string_view kWords[] = {
      "bitte",     "hier",       "andern",     "aendern",     "geandert",    "eintragen",  "einsetzen",
      "ersetzen",  "dein",       "deine",      "ihr",         "votre",       "ici",        "changer",
      "remplacer", "motdepasse", "aqui",       "contrasena",  "tu",          "cambiar",    "cambiame",
      "cambia",    "reemplazar", "senha",      "sua",         "trocar",      "alterar",    "mudar",
      "substituir", "tuo",       "tua",        "inserire",    "inserisci",   "cambiare",   "sostituire",
      "haslo",     "twoje",      "zmien",      "zmienic",     "wachtwoord",  "wijzigen",   "wijzig",
      "uw",        "heslo",      "zmenit",     "sifre",       "degistir",    "buraya"};
  constexpr std::string_view kAnywhere[] = {
      "пароль", "измени", "замени", "секрет", "密码", "密碼",     "口令", "请",
      "修改",   "替换",   "更改",   "変更",   "入力", "パスワード", "비밀번호", "변경"};
  std::string folded = foldedLetters(text);
  for (std::string_view word : kAnywhere) {
    if (folded.find(word) != std::string::npos) return true;
  }
  std::string_view rest = folded;
  while (!rest.empty()) {
    size_t end = 0;
    while (end < rest.size() && (isLower(rest[end]) || static_cast<unsigned char>(rest[end]) >= 0x80)) {
      ++end;
    }
    std::string_view word = rest.substr(0, end);
    if (std::find(std::begin(kWords), std::end(kWords), word) != std::end(kWords)) return true;
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return false;
}

// Code that fetches the value: os.environ["X"], System.getenv("X"), secret.get('a/b').
const RE2& lookUpPattern() {
  static const RE2 kPattern(
      R"re([A-Za-z_][\w.:>-]*(?:\(\s*["']?[A-Za-z_][\w./-]*["']?\s*\)|\[\s*["'][\w./-]+["']\s*\]);?)re"
      // secretKeyRef:db/password, @secret:db-password: a scheme and a path in small letters.
      R"re(|@?[a-z][A-Za-z]+:(?:[a-z]+[/_.#-])+[a-z]+)re"
      // ext:/scripts/login.sh: a scheme and a file.
      R"re(|[a-z]{2,12}:/[\w./-]+)re"
      // .Values.tls.existingSecrets, $.Values.x: a field in a template.
      R"re(|\$?(?:\.[A-Za-z]\w*){2,})re"
      // github:API_KEY: a name in a provider's store.
      R"re(|[a-z][A-Za-z]+:[A-Z][A-Z0-9_]+)re"
      // %env(X)%, %(X)s, %{env:X}, $__file{/path}; its dollar doubled where a compose file has it
      R"re(|%\w*\([\w:.-]+\)[%s]|%\{[\w:.-]+\}|\$?\$__\w+\{.*\})re"
      // ENV.X, process.env.X
      R"re(|(?:process\.)?(?i:env)\.[A-Z][A-Z0-9_]*)re",
      RE2::Quiet);
  return kPattern;
}

bool isExpression(std::string_view text) {
  constexpr std::string_view kClasses[] = {"\\w", "\\d", "\\s", "[a-z", "[A-Z", "[0-9"};
  return std::any_of(std::begin(kClasses), std::end(kClasses), [&](std::string_view part) {
    return text.find(part) != std::string_view::npos;
  });
}

bool isReferenceByForm(std::string_view text) {
  if (isExpression(text)) return true;
  return text.find("{{") != std::string_view::npos || text.find("${") != std::string_view::npos ||
         text.find("$(") != std::string_view::npos || RE2::FullMatch(text, referencePattern()) ||
         RE2::FullMatch(text, lookUpPattern());
}

}  // namespace

double entropyOf(std::string_view text) {
  if (text.empty()) return 0;
  std::array<size_t, 256> counts{};
  for (char c : text) ++counts.at(static_cast<unsigned char>(c));
  double bits = 0;
  for (size_t count : counts) {
    if (count == 0) continue;
    double share = static_cast<double>(count) / static_cast<double>(text.size());
    bits -= share * std::log2(share);
  }
  return bits;
}

bool isSample(std::string_view text) {
  std::string folded = mapped(text, lower);
  for (std::string_view filler : kFillers) {
    // Four letters turn up by chance in long tokens.
    if (filler.size() < 5 && text.size() > 24) continue;
    if (folded.find(filler) != std::string::npos) return true;
  }
  // Cut short by whoever wrote it down.
  if (text.ends_with("...")) return true;
  return isRepetition(text) || hasRun(text, 8) || isPublishedSample(text) || isForeignFiller(text);
}

bool isRandomUuid(std::string_view text) {
  static const RE2 kUuid(
      R"re((?i)[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12})re", RE2::Quiet);
  return text.size() == 36 && RE2::FullMatch(text, kUuid);
}

bool hasWeakWord(std::string_view text) { return hasWord(text); }

bool isReference(std::string_view text) {
  return isReferenceByForm(text) ||
         (isDashedName(text) && groupedStrength(text) != PasswordStrength::kRandom);
}

bool looksRandom(std::string_view text) {
  Shape shape = shapeOf(text);
  double entropy = entropyOf(text);
  switch (shape.classes) {
    case 1:
      return shape.letters && text.size() >= 20 && entropy >= 3.5 && vowelShare(text) < 0.27;
    case 2:
      return shape.letters && text.size() >= 16 && entropy >= 2.8 &&
             shape.changes >= (text.size() >= 24 ? 0.17 : 0.22);
    default:
      return text.size() >= 12 && entropy >= 3.0 &&
             shape.changes >= (text.size() >= 24 && entropy >= 3.8 ? 0.18 : 0.24);
  }
}

PasswordStrength passwordStrength(std::string_view text) {
  // An id elsewhere; nobody has one in a password's place.
  if (isRandomUuid(text) && !isSample(text)) return PasswordStrength::kChosen;
  if (text.size() < 6 || text.size() > 256 || isReferenceByForm(text) || isSample(text)) {
    return PasswordStrength::kNone;
  }
  if (text.find_first_of(" \t\n") != std::string_view::npos) {
    return isWordPhrase(text) ? PasswordStrength::kChosen : PasswordStrength::kNone;
  }
  if (PasswordStrength grouped = groupedStrength(text); grouped != PasswordStrength::kNone) return grouped;
  if (isChosenPassword(text)) return PasswordStrength::kChosen;
  if (text.size() < 8) return PasswordStrength::kNone;
  if (isDashedName(text)) {
    return isPassphrase(text) ? PasswordStrength::kChosen : PasswordStrength::kNone;
  }
  if (text.size() >= 12 && looksRandom(text) && !hasWord(text)) return PasswordStrength::kRandom;
  // A password that is a word in another spelling is a default, not a secret.
  std::string rest = withoutWords(text);
  Shape shape = shapeOf(rest);
  // "Sup3rS3cr3t!2024": words, but somebody took care that nobody guesses it.
  Shape whole = shapeOf(text);
  bool careful = text.size() >= 12 && rest.size() >= 4 && whole.classes >= 4;
  if (careful) return PasswordStrength::kChosen;
  if (rest.size() < 8 || !shape.letters) return PasswordStrength::kNone;
  double entropy = entropyOf(rest);
  bool mixed = shape.classes >= 3 && entropy >= 2.7;
  // No word has so few vowels.
  bool consonants = rest.size() >= 12 && vowelShare(rest) < 0.1 && entropy >= 3.0;
  bool longMix = shape.classes == 2 && rest.size() >= 10 && entropy >= 3.0 && shape.changes >= 0.2;
  return mixed || longMix || consonants || looksRandom(rest) ? PasswordStrength::kChosen
                                               : PasswordStrength::kNone;
}

}  // namespace firebreak::detect
