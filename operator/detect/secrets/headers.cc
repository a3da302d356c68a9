#include "detect/secrets/headers.h"

#include <re2/re2.h>

#include <cctype>
#include <string>

#include "detect/secrets/decode.h"
#include "detect/secrets/value_shape.h"

namespace firebreak::detect {
namespace {

// What a header with a credential is called, alone or in a setting: "authHeader", and Grafana's
// "httpHeaderValue1", whose name stands apart.
const std::string kHeaderName = "(?i:authorization|auth[_-]?header|httpheadervalue[0-9]*)";
const std::string kHeaderValue =
    R"re(((?i:bearer|basic|token|splunk|geniekey|apikey))\s+([^\s"'\\,;<>(){}$`]{8,}))re";

// Of whatever version: behind "Bearer" nobody has an id.
bool isUuid(std::string_view value) {
  static const RE2 kUuid(R"re((?i)[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})re", RE2::Quiet);
  return RE2::FullMatch(re2::StringPiece(value.data(), value.size()), kUuid) && entropyOf(value) >= 3;
}

bool isGenerated(std::string_view value) {
  if (value.size() >= 16 && !isReference(value) && looksRandom(value)) return true;
  return passwordStrength(value) == PasswordStrength::kRandom;
}

void scanWith(const RE2& pattern, std::string_view text, std::vector<SecretHit>& hits) {
  re2::StringPiece piece(text.data(), text.size());
  re2::StringPiece groups[3];
  size_t at = 0;
  while (at < text.size() && pattern.Match(piece, at, text.size(), RE2::UNANCHORED, groups, 3)) {
    at = static_cast<size_t>(groups[0].data() - text.data()) + groups[0].size();
    std::string_view value(groups[2].data(), groups[2].size());
    bool basic = std::tolower(static_cast<unsigned char>(groups[1][1])) == 'a';
    if (basic) {
      std::string pair = decodeBase64Loosely(value);
      size_t colon = pair.find(':');
      if (colon == std::string::npos ||
          passwordStrength(pair.substr(colon + 1)) == PasswordStrength::kNone) {
        continue;
      }
    } else if (isSample(value) || !(isUuid(value) || isGenerated(value))) {
      continue;
    }
    SecretHit hit;
    hit.rule = basic ? "basic-authorization" : "bearer-token";
    hit.kind = basic ? "User name and password in an Authorization header" : "Bearer token";
    hit.severity = Severity::kHigh;
    hit.confidence = 70;
    hit.value = value;
    hit.offset = static_cast<size_t>(groups[2].data() - text.data());
    hit.evidence = {"authorization-header", 70, "an Authorization header with its value"};
    addUnlessOverlapping(hits, std::move(hit));
  }
}

}  // namespace

void scanHeaders(std::string_view text, std::vector<SecretHit>& hits) {
  static const RE2 kHeader(
      kHeaderName + R"re(\\?["']?(?:\s{0,2}(?:=>|[:=,])\s{0,2}|\s{1,8})\\?["']?)re" + kHeaderValue,
      RE2::Quiet);
  // - name: Authorization
  //   value: Bearer x      and as JSON or XML has it
  static const RE2 kEntry(
      kHeaderName + R"re(\\?["']?,?\s{1,40}\\?["']?value\\?["']?\s{0,4}[:=]\s{0,4}\\?["']?)re" +
          kHeaderValue,
      RE2::Quiet);
  scanWith(kHeader, text, hits);
  if (text.find("value") != std::string_view::npos) scanWith(kEntry, text, hits);
}

void scanHeaderValue(std::string_view name, std::string_view value, std::vector<SecretHit>& hits) {
  static const RE2 kName(".*" + kHeaderName, RE2::Quiet);
  static const RE2 kValue("^" + kHeaderValue + "$", RE2::Quiet);
  if (RE2::FullMatch(re2::StringPiece(name.data(), name.size()), kName)) scanWith(kValue, value, hits);
}

}  // namespace firebreak::detect
