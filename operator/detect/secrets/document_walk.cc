#include "detect/secrets/document_walk.h"

#include <openssl/crypto.h>
#include <re2/re2.h>

#include <algorithm>
#include <memory>

#include "detect/secrets/assignments.h"
#include "detect/secrets/command_forms.h"
#include "detect/secrets/credential_name.h"
#include "detect/secrets/decode.h"
#include "detect/secrets/headers.h"
#include "detect/secrets/joined_literals.h"
#include "detect/secrets/value_shape.h"

namespace firebreak::detect {
namespace {

constexpr int kMaxDepth = 3;
// Of one object: a list of thousands is no credential of anybody.
constexpr size_t kMaxIds = 16;
constexpr std::string_view kLastApplied = "kubectl.kubernetes.io/last-applied-configuration";

bool isSecretKind(const Json& object) {
  return stringOr(member(object, "kind")) == "Secret" &&
         stringOr(member(object, "apiVersion")) == "v1";
}

bool isStringArray(const Json& array) {
  return array.is_array() && !array.empty() &&
         std::all_of(array.begin(), array.end(), [](const Json& e) { return e.is_string(); });
}

// Members that hold no credential of the object's owner.
bool isSkipped(const Json& object, std::string_view key, const std::string& path) {
  if (path == "metadata" && (key == "managedFields" || key == "ownerReferences")) return true;
  if (path.empty() && isSecretKind(object)) return key == "data" || key == "stringData";
  std::string kind = path.empty() ? stringOr(member(object, "kind")) : std::string();
  // What a certificate request says, and what an ACME challenge has the world read.
  if (kind == "CertificateSigningRequest" || kind == "Challenge") {
    return key == "spec" || key == "status";
  }
  // Sealed and SOPS ciphertext is made to lie open.
  return key == "encryptedData" || key == "caBundle" || (path.empty() && key == "sops");
}

// A file that explains: what it assigns is an example.
bool isDocumentation(std::string_view key) {
  return key.ends_with(".md") || key.ends_with(".markdown") || key.ends_with(".rst") ||
         key.ends_with(".adoc");
}

bool isCodeFile(std::string_view file) {
  constexpr std::string_view kEndings[] = {".go", ".py", ".js", ".ts",     ".rb",
                                           ".java", ".kt", ".php", ".gradle", ".groovy"};
  return std::any_of(std::begin(kEndings), std::end(kEndings),
                     [&](std::string_view ending) { return file.ends_with(ending); });
}

// "/data/DB_PASSWORD" -> "DB_PASSWORD".
std::string lastStep(const std::string& path) { return path.substr(path.rfind('/') + 1); }

int lineAt(std::string_view text, size_t offset) {
  return 1 +
         static_cast<int>(std::count(text.begin(), text.begin() + static_cast<long>(offset), '\n'));
}

}  // namespace

DocumentWalk::~DocumentWalk() {
  for (std::string& text : held_) OPENSSL_cleanse(text.data(), text.size());
}

std::vector<PlacedHit> DocumentWalk::run() {
  visit(document_.object, {});
  for (size_t i = 0; i < document_.comments.size() && !isSecretKind(document_.object); ++i) {
    Place place;
    place.path = commentPath(i);
    place.alertOnly = true;
    visitText(document_.comments[i], place);
  }
  return std::move(hits_);
}

void DocumentWalk::noteIds(std::string_view text, const Place& place) {
  static const std::vector<std::unique_ptr<RE2>> kIds = [] {
    std::vector<std::unique_ptr<RE2>> compiled;
    for (const SecretPairRule& rule : secretPairRules()) {
      compiled.push_back(std::make_unique<RE2>("(" + std::string(rule.idRegex) + ")", RE2::Quiet));
    }
    return compiled;
  }();
  for (size_t i = 0; i < kIds.size(); ++i) {
    const SecretPairRule& rule = secretPairRules()[i];
    if (text.find(rule.idLiteral) == std::string_view::npos) continue;
    re2::StringPiece rest(text.data(), text.size());
    re2::StringPiece id;
    while (ids_[i].size() < kMaxIds && RE2::FindAndConsume(&rest, *kIds[i], &id)) {
      std::string_view value(id.data(), id.size());
      bool known = std::any_of(ids_[i].begin(), ids_[i].end(),
                               [&](const PlacedHit& other) { return other.value == value; });
      if (known || isSample(value)) continue;
      SecretHit hit;
      hit.rule = rule.id;
      hit.kind = rule.kind;
      hit.value = value;
      hit.offset = static_cast<size_t>(id.data() - text.data());
      hit.name = place.name;
      ids_[i].push_back(placed(std::move(hit), text, place));
    }
  }
}

const std::string& DocumentWalk::hold(std::string text) {
  return held_.emplace_back(std::move(text));
}

void DocumentWalk::visit(const Json& value, const Place& place) {
  if (value.is_object()) {
    visitObject(value, place);
  } else if (value.is_array()) {
    visitArray(value, place);
  } else if (value.is_string()) {
    visitText(value.get_ref<const std::string&>(), place);
  }
}

void DocumentWalk::visitObject(const Json& object, const Place& place) {
  // {name: X, value: Y}: an environment variable, a Helm parameter, a header.
  // {type: password, value: Y}: a credential of a Keycloak realm.
  // {name: X, default: Y}: a parameter of a pipeline. {op: add, path: /data/X, value: Y}: a patch.
  std::string entry = stringOr(member(object, "name"), stringOr(member(object, "key")));
  if (entry.empty() && stringOr(member(object, "type")) == "password") entry = "password";
  if (entry.empty() && object.contains("op")) entry = lastStep(stringOr(member(object, "path")));
  visitWebKey(object, place);
  for (const auto& [key, value] : object.items()) {
    Place child = place;
    if (!place.nested) {
      if (isSkipped(object, key, place.path)) continue;
      child.path = childPath(place.path, key);
    }
    child.name = !entry.empty() && (key == "value" || key == "default") ? entry : key;
    // {"jwt": {"key": x}}
    if (key == "key" || key == "Key") child.name = place.name + "." + key;
    if (!place.nested && place.path.empty() && key == "status") child.onlyProven = true;
    if (isDocumentation(key)) child.onlyProven = true;
    if (key == kLastApplied && value.is_string()) {
      visitLastApplied(value.get_ref<const std::string&>(), child);
    } else if (key == "auths" && value.is_object()) {
      visitPullConfig(value, child);
    } else {
      visit(value, child);
    }
  }
}

// {"kty": "EC", "d": "..."}: a JSON web key with its private part.
void DocumentWalk::visitWebKey(const Json& object, const Place& place) {
  std::string type = stringOr(member(object, "kty"));
  if (type != "EC" && type != "RSA" && type != "OKP" && type != "oct") return;
  const char* part = type == "oct" ? "k" : "d";
  const Json& value = member(object, part);
  if (!value.is_string()) return;
  const auto& text = value.get_ref<const std::string&>();
  if (text.size() < 20 || isSample(text) || !looksRandom(text)) return;
  Place child = place;
  if (!place.nested) child.path = childPath(place.path, part);
  SecretHit hit;
  hit.rule = "json-web-key";
  hit.kind = "Private JSON web key";
  hit.severity = Severity::kHigh;
  hit.confidence = 80;
  hit.value = text;
  hit.name = part;
  hit.evidence = {"private-key", 80, "the private part of a JSON web key"};
  keep(std::move(hit), text, child);
}

void DocumentWalk::visitArray(const Json& array, const Place& place) {
  bool strings = isStringArray(array);
  for (size_t i = 0; i < array.size(); ++i) {
    Place child = place;
    if (!place.nested) child.path = childPath(place.path, i);
    if (place.name == "containers" || place.name == "initContainers" ||
        place.name == "ephemeralContainers") {
      child.container = stringOr(member(array[i], "name"), child.container);
    }
    if (strings) {
      child.name.clear();
      // ["--password", "x"], ["-u", "user:x"]: the element before says what this one is.
      std::string before = i > 0 ? array[i - 1].get<std::string>() : std::string();
      if (before.starts_with('-') && before.find('=') == std::string::npos) {
        if (credentialSort(before)) {
          child.name = before;
        } else if (before == "-u" || before == "--user") {
          const auto& pair = array[i].get_ref<const std::string&>();
          size_t colon = pair.find(':');
          if (colon != std::string::npos && pair.compare(colon, 3, "://") != 0) {
            auto hit = judgeNamed("password", std::string_view(pair).substr(colon + 1));
            if (hit) {
              hit->rule = "command-line-password";
              hit->kind = "Password on a command line";
              hit->name = before;
              keep(std::move(*hit), pair, child);
            }
          }
        }
      }
    }
    visit(array[i], child);
  }
}

void DocumentWalk::visitText(const std::string& text, const Place& at) {
  if (text.size() < 6) return;
  Place place = at;
  if (!place.nested) place.around = text;
  noteIds(text, place);
  if (visitNestedJson(text, place) || visitEncoded(text, place)) return;
  std::vector<SecretHit> hits = scanText(text);
  bool code = isCodeFile(place.name);
  // "s.DefaultAddressOfIPv4" is a member of s.
  std::erase_if(hits, [&](const SecretHit& hit) {
    return code && hit.rule == "vault-legacy-token" &&
           (hit.offset == 0 || std::string_view("\"'`").find(text[hit.offset - 1]) == std::string_view::npos);
  });
  if (place.onlyProven) {
    // A block that does not parse shows where a key goes.
    std::erase_if(hits, [](const SecretHit& hit) { return hit.rule == "private-key" && hit.tier == Tier::kAlert; });
  } else {
    // A block scalar of one line ends with its line end.
    std::string_view line = text;
    while (line.ends_with('\n') || line.ends_with('\r')) line.remove_suffix(1);
    if (line.find('\n') == std::string_view::npos) {
      scanHeaderValue(place.name, line, hits);
      if (auto named = judgeNamed(place.name, line)) addUnlessOverlapping(hits, std::move(*named));
      if (auto own = judgeProviderNamed(place.name, line)) addUnlessOverlapping(hits, std::move(*own));
      if (auto login = judgeLogin(place.name, line)) addUnlessOverlapping(hits, std::move(*login));
    }
    // Descriptions in prose are not read for assignments.
    if (place.name == "description") {
      scanProse(text, hits);
    } else {
      scanAssignments(text, hits, code);
      scanCommandForms(text, place.name, hits);
      addSplitLiterals(text, code, hits);
    }
  }
  visitEmbedded(text, place, hits);
  for (SecretHit& hit : hits) keep(std::move(hit), text, place);
}

// What only shows where the pieces of a literal are put together.
void DocumentWalk::addSplitLiterals(const std::string& text, bool isCode, std::vector<SecretHit>& hits) {
  JoinedLiterals joined(text);
  if (joined.text().empty()) return;
  std::vector<SecretHit> found = scanText(joined.text());
  scanAssignments(joined.text(), found, isCode);
  for (SecretHit& hit : found) {
    if (!joined.wasSplit(hit.offset, hit.value.size())) continue;
    hit.value = hold(std::string(hit.value));
    hit.offset = joined.originalOffset(hit.offset);
    // Its first piece may have been taken for the whole.
    std::erase_if(hits, [&](const SecretHit& piece) {
      return piece.offset == hit.offset && hit.value.starts_with(piece.value);
    });
    hits.push_back(std::move(hit));
  }
}

bool DocumentWalk::visitNestedJson(const std::string& text, const Place& place) {
  size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string::npos || (text[first] != '{' && text[first] != '[') ||
      place.depth >= kMaxDepth) {
    return false;
  }
  auto json = parseJson(text, "nested text");
  if (!json || !json->is_structured()) return false;
  Place child = place;
  child.nested = true;
  ++child.depth;
  // A private key inside a service account file is judged with its neighbours.
  std::vector<SecretHit> whole = scanText(text);
  std::erase_if(whole, [](const SecretHit& hit) { return hit.rule != "gcp-service-account-key"; });
  if (!whole.empty()) {
    for (SecretHit& hit : whole) keep(std::move(hit), text, place);
    return true;
  }
  visit(*json, child);
  return true;
}

void DocumentWalk::visitLastApplied(const std::string& text, const Place& place) {
  auto manifest = parseJson(text, "last-applied-configuration");
  if (!manifest || !manifest->is_object()) {
    visitText(text, place);
    return;
  }
  Place inside = place;
  inside.nested = true;
  inside.around = text;
  // Whoever may read the Secret that it was applied to may read the annotation too; what counts is
  // what tools that copy metadata make of it.
  inside.alertOnly = isSecretKind(*manifest);
  inside.onlyProven = inside.alertOnly;
  visit(*manifest, inside);
}

bool DocumentWalk::visitEncoded(std::string_view text, const Place& place) {
  if (place.depth >= kMaxDepth) return false;
  auto plain = decodeToText(text);
  if (!plain) return false;
  Place inside = place;
  inside.nested = true;
  inside.encoded = true;
  if (inside.run.empty()) inside.run = text;
  ++inside.depth;
  size_t before = hits_.size();
  visitText(hold(std::move(*plain)), inside);
  return hits_.size() > before;
}

void DocumentWalk::visitEmbedded(std::string_view text, const Place& place,
                                 const std::vector<SecretHit>& hits) {
  if (place.depth >= kMaxDepth) return;
  Place inside = place;
  inside.nested = true;
  inside.encoded = true;
  inside.name.clear();
  ++inside.depth;
  for (EmbeddedText& embedded : embeddedTexts(text)) {
    bool known = std::any_of(hits.begin(), hits.end(), [&](const SecretHit& hit) {
      return embedded.offset < hit.offset + hit.value.size() && hit.offset < embedded.offset + embedded.size;
    });
    if (known) continue;
    inside.run = place.run.empty() ? text.substr(embedded.offset, embedded.size) : place.run;
    visitText(hold(std::move(embedded.text)), inside);
  }
}

// {"registry": {"auth": base64("user:password")}} or with username and password.
void DocumentWalk::visitPullConfig(const Json& auths, const Place& place) {
  for (const auto& [registry, login] : auths.items()) {
    Place inside = place;
    inside.run = hold(stringOr(member(login, "auth")));
    std::string pair = decodeBase64Loosely(inside.run);
    size_t colon = pair.find(':');
    inside.encoded = colon != std::string::npos;
    std::string password =
        inside.encoded ? pair.substr(colon + 1) : stringOr(member(login, "password"));
    OPENSSL_cleanse(pair.data(), pair.size());
    // A cloud's registry takes a whole service account file as the password.
    bool keyFile = password.starts_with('{') && password.find("private_key") != std::string::npos;
    if (!keyFile && passwordStrength(password) == PasswordStrength::kNone &&
        scanText(password).empty()) {
      continue;
    }
    const std::string& held = hold(std::move(password));
    SecretHit hit;
    hit.rule = "registry-login";
    hit.kind = "Container registry login";
    hit.severity = Severity::kHigh;
    hit.tier = Tier::kRemediate;
    hit.confidence = 93;
    hit.value = held;
    hit.name = registry;
    hit.evidence = {"pull-config", 93, "a registry's entry in a docker configuration"};
    keep(std::move(hit), held, inside);
  }
}

PlacedHit DocumentWalk::placed(SecretHit hit, std::string_view text, const Place& place) {
  PlacedHit placed;
  placed.path = place.path;
  placed.container = place.container;
  placed.encoded = place.encoded;
  placed.onlyProven = place.onlyProven || place.name == "description";
  placed.nameIsField = !place.nested && hit.name == place.name;
  if (text.find('\n') != std::string_view::npos) placed.line = lineAt(text, hit.offset);
  placed.inField = place.encoded ? place.run : hit.value;
  if (!place.nested) {
    placed.fieldLine = lineAt(text, hit.offset);
  } else if (size_t found = place.around.find(placed.inField); found != std::string_view::npos) {
    placed.fieldLine = lineAt(place.around, found);
  } else {
    // As the JSON around it writes it.
    std::string quoted = dumpJson(Json(std::string(hit.value)));
    found = place.around.find(std::string_view(quoted).substr(1, quoted.size() - 2));
    OPENSSL_cleanse(quoted.data(), quoted.size());
    if (found != std::string_view::npos) placed.fieldLine = lineAt(place.around, found);
  }
  bool told = place.nested && !place.encoded && place.around.find('\n') != std::string_view::npos;
  if (told) placed.line = placed.fieldLine;
  // Nested texts are copied out of parsed JSON that ends before the hits do.
  placed.value = hold(std::string(hit.value));
  hit.value = placed.value;
  placed.inField = hold(std::string(placed.inField));
  placed.hit = std::move(hit);
  return placed;
}

void DocumentWalk::keep(SecretHit hit, std::string_view text, const Place& place) {
  if (place.alertOnly) {
    hit.tier = Tier::kAlert;
    hit.confidence = std::min(hit.confidence, 70);
  }
  PlacedHit found = placed(std::move(hit), text, place);
  bool lastApplied = place.path.find(kLastApplied) != std::string::npos;
  bool known = std::any_of(hits_.begin(), hits_.end(), [&](const PlacedHit& other) {
    return other.value == found.value && (other.path == found.path || lastApplied ||
                                          other.path.find(kLastApplied) != std::string::npos);
  });
  if (!known) {
    hits_.push_back(std::move(found));
  } else if (!lastApplied) {
    // Metadata comes before spec: the field itself is the better place to name.
    for (PlacedHit& other : hits_) {
      if (other.value == found.value && other.path.find(kLastApplied) != std::string::npos) {
        other = std::move(found);
        break;
      }
    }
  }
}

}  // namespace firebreak::detect
