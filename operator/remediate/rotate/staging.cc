#include "remediate/rotate/staging.h"

#include <openssl/crypto.h>

#include <algorithm>

#include "base/digest.h"

namespace firebreak::rotate {
namespace {

constexpr size_t kDefaultLength = 43;  // 32 bytes in base64url
constexpr size_t kMaxLength = 512;
// A Secret's name is a DNS subdomain.
constexpr size_t kMaxName = 253;

bool isHex(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

}  // namespace

std::string stagingName(std::string_view secret, std::string_view remediationUid, int64_t episode) {
  std::string seed = std::string(remediationUid) + '\0' + std::to_string(episode);
  std::string suffix = "-firebreak-" + sha256Hex(seed).substr(0, 8);
  std::string name(secret.substr(0, kMaxName - suffix.size()));
  while (!name.empty() && (name.back() == '.' || name.back() == '-')) name.pop_back();
  return name + suffix;
}

Json toManifest(const Rotation& rotation, std::string_view operation) {
  Json manifest = {{"rotator", rotation.type},
                   {"operation", operation},
                   {"staging", rotation.staging},
                   {"keys", rotation.keys},
                   {"remediation", rotation.remediation},
                   {"rotation", rotation.id}};
  if (!rotation.parameters.empty()) manifest["parameters"] = rotation.parameters;
  return manifest;
}

std::string operationOf(const Step& step) { return stringOr(member(step.manifest, "operation")); }

Result<Rotation> rotationOf(const Step& step) {
  Rotation rotation;
  rotation.type = stringOr(member(step.manifest, "rotator"));
  rotation.ns = step.object.ns;
  rotation.secret = step.object.name;
  rotation.secretUid = step.object.uid;
  rotation.staging = stringOr(member(step.manifest, "staging"));
  rotation.keys = stringsOf(member(step.manifest, "keys"));
  rotation.remediation = stringOr(member(step.manifest, "remediation"));
  rotation.id = stringOr(member(step.manifest, "rotation"));
  if (member(step.manifest, "parameters").is_object()) {
    rotation.parameters = member(step.manifest, "parameters");
  }
  if (rotation.ns.empty() || rotation.secret.empty() || rotation.secretUid.empty() ||
      rotation.staging.empty() || rotation.keys.empty() || rotation.id.empty()) {
    return fail(ErrorCode::kInvalid,
                "step " + step.name + " is no complete rotation of " + describe(step.object));
  }
  return rotation;
}

std::string nextKey(const std::string& key) { return "next." + key; }
std::string previousKey(const std::string& key) { return "previous." + key; }

bool isOurs(const StoredSecret& staging, const Rotation& rotation) {
  auto mark = staging.meta.annotations.find(std::string(kRotationAnnotation));
  return mark != staging.meta.annotations.end() && mark->second == rotation.id &&
         staging.owner.uid == rotation.secretUid;
}

Mark markOf(const StoredSecret& secret, const Rotation& rotation) {
  auto mark = secret.meta.annotations.find(std::string(kRotationAnnotation));
  if (mark == secret.meta.annotations.end()) return Mark::kNone;
  if (mark->second == markText(Mark::kWritten, rotation)) return Mark::kWritten;
  return mark->second == markText(Mark::kRolledBack, rotation) ? Mark::kRolledBack : Mark::kNone;
}

std::string markText(Mark mark, const Rotation& rotation) {
  return mark == Mark::kRolledBack ? rotation.id + "/rolled-back" : rotation.id;
}

Holds compare(const StoredSecret& secret, const StoredSecret& staging, const Rotation& rotation,
              RandomSource& random) {
  // Keyed, with a key of this call: no digest of a value outlives it.
  SecretValue key = random.bytes(32);
  auto digest = [&](const StoredSecret& holder, const std::string& name) {
    auto found = holder.data.find(name);
    return found == holder.data.end() ? std::string()
                                      : hmacSha256Hex(key.bytes(), found->second.bytes());
  };
  bool previous = true;
  bool next = true;
  for (const std::string& name : rotation.keys) {
    std::string now = digest(secret, name);
    if (now.empty()) return Holds::kNeither;
    previous = previous && equalDigests(now, digest(staging, previousKey(name)));
    next = next && equalDigests(now, digest(staging, nextKey(name)));
  }
  if (next) return Holds::kNext;
  return previous ? Holds::kPrevious : Holds::kNeither;
}

SecretValue successorOf(const SecretValue& old, RandomSource& random) {
  std::string_view text = old.bytes();
  bool lineEnd = text.ends_with('\n');
  if (lineEnd) text.remove_suffix(1);
  bool hex = text.size() >= 32 && isHex(text);
  size_t length = std::clamp(text.size(), hex ? 32 : kDefaultLength, kMaxLength);
  SecretValue bytes = random.bytes(length);
  std::string fresh = hex ? hexEncode(bytes.bytes()) : base64Encode(bytes.bytes());
  std::replace(fresh.begin(), fresh.end(), '+', '-');
  std::replace(fresh.begin(), fresh.end(), '/', '_');
  std::string cut = fresh.substr(0, length);
  OPENSSL_cleanse(fresh.data(), fresh.size());
  if (lineEnd) cut += '\n';
  return SecretValue(std::move(cut));
}

}  // namespace firebreak::rotate
