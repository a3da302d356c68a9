#include "detect/secrets/text_scan.h"

#include <re2/re2.h>

#include <algorithm>
#include <cctype>
#include <memory>

#include "detect/secrets/headers.h"
#include "detect/secrets/key_material.h"
#include "detect/secrets/prefilter.h"
#include "detect/secrets/value_shape.h"
#include "detect/signatures/secrets.h"

namespace firebreak::detect {
namespace {

bool isTokenChar(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-';
}

// A token is whole: its neighbours are no part of one, but for the "n" of an escaped line end.
bool standsAlone(std::string_view text, size_t start, size_t end) {
  if (end < text.size() && isTokenChar(text[end])) return false;
  if (start == 0 || !isTokenChar(text[start - 1]) || text[start - 1] == '-') return true;
  return start >= 2 && text[start - 2] == '\\';
}

struct CompiledRule {
  const SecretRule* rule;
  std::unique_ptr<RE2> regex;
};

const std::vector<CompiledRule>& compiledRules() {
  static const std::vector<CompiledRule> kCompiled = [] {
    std::vector<CompiledRule> compiled;
    for (const SecretRule& rule : secretRules()) {
      auto regex =
          std::make_unique<RE2>(re2::StringPiece(rule.regex.data(), rule.regex.size()), RE2::Quiet);
      compiled.push_back({&rule, std::move(regex)});
    }
    return compiled;
  }();
  return kCompiled;
}

size_t offsetIn(std::string_view text, const re2::StringPiece& part) {
  return static_cast<size_t>(part.data() - text.data());
}

void scanRule(std::string_view text, const CompiledRule& compiled, std::vector<SecretHit>& hits) {
  const SecretRule& rule = *compiled.rule;
  if (!compiled.regex->ok()) return;
  size_t at = 0;
  re2::StringPiece groups[2];
  int count = compiled.regex->NumberOfCapturingGroups() > 0 ? 2 : 1;
  re2::StringPiece piece(text.data(), text.size());
  while (at < text.size() &&
         compiled.regex->Match(piece, at, text.size(), RE2::UNANCHORED, groups, count)) {
    size_t start = offsetIn(text, groups[0]);
    size_t end = start + groups[0].size();
    at = start + 1;
    if (!standsAlone(text, start, end)) continue;
    re2::StringPiece captured = count == 2 && !groups[1].empty() ? groups[1] : groups[0];
    std::string_view value(captured.data(), captured.size());
    CheckVerdict verdict = runCheck(rule.check, text.substr(start, end - start), value);
    if (verdict == CheckVerdict::kFailed) continue;
    bool proven = verdict == CheckVerdict::kHolds;
    SecretHit hit;
    hit.rule = rule.id;
    hit.kind = rule.kind;
    hit.severity = rule.severity;
    hit.tier = proven ? rule.tier : Tier::kAlert;
    hit.confidence = hit.tier == Tier::kRemediate ? 97 : 65;
    hit.value = value;
    hit.offset = offsetIn(text, captured);
    hit.evidence = {"provider-format", hit.confidence,
                    proven ? "has the form of a " + std::string(rule.kind)
                           : "has the form of a " + std::string(rule.kind) +
                                 ", but its checksum does not hold"};
    addUnlessOverlapping(hits, std::move(hit));
    at = end;
  }
}

void scanPrivateKeys(std::string_view text, std::vector<SecretHit>& hits) {
  constexpr std::string_view kBegin = "-----BEGIN ";
  constexpr std::string_view kLabel = "PRIVATE KEY";
  constexpr std::string_view kEnd = "-----END ";
  // 64 KiB: more than any key.
  constexpr size_t kMaxBlock = 65536;
  for (size_t at = text.find(kBegin); at != std::string_view::npos;
       at = text.find(kBegin, at + 1)) {
    size_t label = text.find(kLabel, at);
    if (label == std::string_view::npos) return;
    if (label - at > kBegin.size() + 20) continue;
    size_t end = text.find(kEnd, label);
    if (end == std::string_view::npos || end - at > kMaxBlock) continue;
    size_t close = text.find("-----", end + kEnd.size());
    if (close == std::string_view::npos) continue;
    std::string_view block = text.substr(at, close + 5 - at);
    KeyVerdict verdict = judgePrivateKey(block);
    if (verdict == KeyVerdict::kNotAKey) continue;
    bool parses = verdict == KeyVerdict::kPrivateKey;
    bool google = text.find("\"service_account\"") != std::string_view::npos &&
                  text.find("client_email") != std::string_view::npos;
    SecretHit hit;
    hit.rule = google ? "gcp-service-account-key" : "private-key";
    hit.kind = google ? "Google Cloud service account key" : "Private key";
    hit.severity = parses ? Severity::kCritical : Severity::kHigh;
    hit.tier = parses ? Tier::kRemediate : Tier::kAlert;
    hit.confidence = parses ? 99 : 60;
    hit.value = block;
    hit.offset = at;
    hit.evidence = {"private-key", hit.confidence,
                    parses ? "a private key that parses and has no passphrase"
                           : "a private key's PEM block that does not parse or has a passphrase"};
    addUnlessOverlapping(hits, std::move(hit));
  }
}

void scanTokens(std::string_view text, std::vector<SecretHit>& hits) {
  static const RE2 kJwt(R"re(eyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{20,})re",
                        RE2::Quiet);
  if (text.find("eyJ") == std::string_view::npos) return;
  re2::StringPiece piece(text.data(), text.size());
  re2::StringPiece token;
  size_t at = 0;
  while (at < text.size() && kJwt.Match(piece, at, text.size(), RE2::UNANCHORED, &token, 1)) {
    size_t start = offsetIn(text, token);
    at = start + token.size();
    std::string_view value(token.data(), token.size());
    JwtVerdict verdict = judgeJwt(value);
    if (verdict == JwtVerdict::kNone) continue;
    bool account = verdict == JwtVerdict::kServiceAccount;
    SecretHit hit;
    hit.rule = account ? "kubernetes-service-account-token" : "json-web-token";
    hit.kind = account ? "Kubernetes service account token" : "JSON web token";
    hit.severity = account ? Severity::kCritical : Severity::kHigh;
    hit.tier = Tier::kRemediate;
    hit.confidence = 95;
    hit.value = value;
    hit.offset = start;
    hit.evidence = {"token-parses", 95, "a signed token whose header and claims parse"};
    addUnlessOverlapping(hits, std::move(hit));
  }
}

std::string percentDecoded(std::string_view text) {
  std::string plain;
  auto digit = [](char c) {
    return c <= '9' ? c - '0' : std::tolower(static_cast<unsigned char>(c)) - 'a' + 10;
  };
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() &&
        std::isxdigit(static_cast<unsigned char>(text[i + 1])) != 0 &&
        std::isxdigit(static_cast<unsigned char>(text[i + 2])) != 0) {
      plain += static_cast<char>(digit(text[i + 1]) * 16 + digit(text[i + 2]));
      i += 2;
    } else {
      plain += text[i];
    }
  }
  return plain;
}

bool isDocumentationHost(std::string_view host) {
  static const RE2 kHost(
      R"re((?i)(?:.*\.)?(?:example|test|invalid)(?:\.(?:com|org|net))?(?::[0-9]+)?)re", RE2::Quiet);
  return RE2::FullMatch(re2::StringPiece(host.data(), host.size()), kHost);
}

void scanUrls(std::string_view text, std::vector<SecretHit>& hits) {
  // scheme://user:password@host, and Go's user:password@tcp(host:port).
  static const RE2 kUrl(
      R"re([A-Za-z][A-Za-z0-9+.-]{1,30}://[^\s:/?#@"'<>\\]*:([^\s/?#"'<>\\]{1,200})@([^\s/"'<>?#\\,@]+))re"
      R"re(|\b[A-Za-z0-9_]+:([^\s:/"'@]{1,200})@(?:tcp|unix)\(([^)]*)\))re",
      RE2::Quiet);
  if (text.find('@') == std::string_view::npos) return;
  re2::StringPiece piece(text.data(), text.size());
  re2::StringPiece groups[5];
  size_t at = 0;
  while (at < text.size() && kUrl.Match(piece, at, text.size(), RE2::UNANCHORED, groups, 5)) {
    at = offsetIn(text, groups[0]) + groups[0].size();
    size_t side = groups[1].data() != nullptr ? 1 : 3;
    std::string_view value(groups[side].data(), groups[side].size());
    std::string_view host(groups[side + 1].data(), groups[side + 1].size());
    PasswordStrength strength = passwordStrength(percentDecoded(value));
    if (strength == PasswordStrength::kNone) continue;
    bool certain = strength == PasswordStrength::kRandom && !isDocumentationHost(host);
    SecretHit hit;
    hit.rule = "url-credentials";
    hit.kind = "Password in a URL";
    hit.severity = certain ? Severity::kHigh : Severity::kMedium;
    hit.tier = certain ? Tier::kRemediate : Tier::kAlert;
    hit.confidence = certain ? 90 : 65;
    hit.value = value;
    hit.offset = offsetIn(text, groups[side]);
    hit.evidence = {"url-password", hit.confidence,
                    certain ? "a generated password in a URL's user information"
                            : "a password in a URL's user information"};
    addUnlessOverlapping(hits, std::move(hit));
  }
}

}  // namespace

void addUnlessOverlapping(std::vector<SecretHit>& hits, SecretHit hit) {
  size_t end = hit.offset + hit.value.size();
  bool taken = std::any_of(hits.begin(), hits.end(), [&](const SecretHit& other) {
    return hit.offset < other.offset + other.value.size() && other.offset < end;
  });
  if (!taken) hits.push_back(std::move(hit));
}

std::vector<SecretHit> scanText(std::string_view text) {
  std::vector<SecretHit> hits;
  scanPrivateKeys(text, hits);
  for (int rule : candidateRules(text)) {
    scanRule(text, compiledRules()[static_cast<size_t>(rule)], hits);
  }
  scanTokens(text, hits);
  scanUrls(text, hits);
  scanHeaders(text, hits);
  return hits;
}

}  // namespace firebreak::detect
