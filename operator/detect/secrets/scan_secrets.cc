#include "detect/secrets/scan_secrets.h"

#include <openssl/crypto.h>
#include <re2/re2.h>

#include <algorithm>
#include <string>

#include "detect/secrets/document_walk.h"
#include "detect/secrets/public_readers.h"
#include "detect/signatures/secrets.h"

namespace firebreak::detect {
namespace {

// These describe other objects: text in them is documentation or a schema.
constexpr std::string_view kDescriptions[] = {
    "CustomResourceDefinition", "ValidatingAdmissionPolicy", "ConstraintTemplate", "APIService"};

bool isDescription(const Document& document) {
  if (document.ref.kind == kPlainFile) {
    return document.object.contains("openapi") || document.object.contains("swagger") ||
           stringOr(member(document.object, "$schema")).find("json-schema.org") != std::string::npos;
  }
  return std::find(std::begin(kDescriptions), std::end(kDescriptions), document.ref.kind) !=
         std::end(kDescriptions);
}

// "" where the value stands in the text itself.
std::string whereOf(const PlacedHit& placed) {
  std::string where;
  if (placed.line > 0) where += ", line " + std::to_string(placed.line);
  if (!placed.hit.name.empty() && !placed.nameIsField) where += ", " + placed.hit.name;
  if (placed.encoded) where += ", encoded";
  return where;
}

Finding toFinding(const Document& document, const PlacedHit& placed) {
  const SecretHit& hit = placed.hit;
  Finding finding;
  finding.family = Family::kExposedSecret;
  finding.rule = hit.rule;
  finding.severity = hit.severity;
  finding.confidence = hit.confidence;
  finding.tier = hit.tier;
  finding.resource = document.ref;
  finding.container = placed.container;
  finding.fieldPath = placed.path;
  bool half = hit.evidence.signal == "id-alone";
  finding.message = std::string(half ? "Id of one " : "") + std::string(hit.kind) +
                    " in the open in " + placed.path + whereOf(placed) +
                    (half ? ": its secret is not here. Where that lies open too, revoke the key."
                          : ": whoever may read this " + document.ref.kind +
                                " can use it. Move it to a Secret, then revoke this one.");
  finding.evidence.push_back(hit.evidence);
  finding.file = document.file;
  finding.line = lineOfPart(document, placed.path, placed.fieldLine, placed.inField);
  return finding;
}

// Both halves of a credential in one object make a guess certain.
void proveByPair(const DocumentWalk& walk, std::vector<PlacedHit>& hits) {
  for (size_t i = 0; i < secretPairRules().size(); ++i) {
    const SecretPairRule& rule = secretPairRules()[i];
    if (walk.ids(i).empty()) continue;
    RE2 value(std::string(rule.secretRegex), RE2::Quiet);
    RE2 name("(?i)" + std::string(rule.nameRegex), RE2::Quiet);
    for (PlacedHit& placed : hits) {
      SecretHit& hit = placed.hit;
      if (hit.evidence.signal != "name-and-entropy" || !RE2::PartialMatch(hit.name, name) ||
          !RE2::FullMatch(re2::StringPiece(placed.value.data(), placed.value.size()), value)) {
        continue;
      }
      hit.rule = rule.id;
      hit.kind = rule.kind;
      hit.severity = Severity::kCritical;
      hit.tier = Tier::kRemediate;
      hit.confidence = 95;
      hit.evidence = {"id-and-secret", 95,
                      "both halves of the " + std::string(rule.kind) + " are in this object"};
    }
  }
}

// The rest of the object says where the other half lies: a reference, a placeholder, or what was found.
bool namesItsSecret(const Document& document, const SecretPairRule& rule,
                    const std::vector<PlacedHit>& hits) {
  if (std::any_of(hits.begin(), hits.end(),
                  [&](const PlacedHit& placed) { return placed.hit.rule == rule.id; })) {
    return true;
  }
  std::string text = dumpJson(document.object);
  bool named = RE2::PartialMatch(text, "(?i)" + std::string(rule.nameRegex));
  OPENSSL_cleanse(text.data(), text.size());
  return named;
}

// An id that nothing in its object completes: half of a credential, and whoever finds the other half
// knows whose it is.
void addLoneIds(const Document& document, const DocumentWalk& walk, std::vector<PlacedHit>& hits) {
  // What describes a key names its id: Crossplane's and ACK's.
  if (document.ref.kind == "AccessKey") return;
  std::vector<PlacedHit> lone;
  for (size_t i = 0; i < secretPairRules().size(); ++i) {
    const SecretPairRule& rule = secretPairRules()[i];
    if (rule.loneId.empty() || walk.ids(i).empty() || namesItsSecret(document, rule, hits)) continue;
    for (PlacedHit placed : walk.ids(i)) {
      bool known = std::any_of(hits.begin(), hits.end(), [&](const PlacedHit& other) {
        return other.value.find(placed.value) != std::string_view::npos;
      });
      if (known || placed.onlyProven) continue;
      placed.hit.rule = rule.loneId;
      placed.hit.severity = Severity::kLow;
      placed.hit.tier = Tier::kAlert;
      placed.hit.confidence = 60;
      placed.hit.evidence = {"id-alone", 60,
                             "the id of one " + std::string(rule.kind) + ", without its secret"};
      lone.push_back(std::move(placed));
    }
  }
  std::move(lone.begin(), lone.end(), std::back_inserter(hits));
}

}  // namespace

std::vector<Finding> scanSecretsIn(const Document& document) {
  std::vector<Finding> findings;
  if (isDescription(document)) return findings;
  DocumentWalk walk(document);
  std::vector<PlacedHit> hits = walk.run();
  proveByPair(walk, hits);
  addLoneIds(document, walk, hits);
  for (const PlacedHit& placed : hits) findings.push_back(toFinding(document, placed));
  return findings;
}

std::vector<Finding> scanSecrets(const ScanInput& input) {
  std::vector<Finding> findings;
  for (const Document& document : input.documents()) {
    std::vector<Finding> found = scanSecretsIn(document);
    std::move(found.begin(), found.end(), std::back_inserter(findings));
  }
  std::vector<const Json*> objects;
  for (const Document& document : input.documents()) objects.push_back(&document.object);
  for (Finding& finding : publicSecretReaders(objects)) {
    auto holder = std::find_if(
        input.documents().begin(), input.documents().end(),
        [&](const Document& document) { return document.ref == finding.resource; });
    if (holder != input.documents().end()) locate(*holder, &finding);
    findings.push_back(std::move(finding));
  }
  return findings;
}

}  // namespace firebreak::detect
