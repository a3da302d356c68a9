#include "control/key_ring.h"

#include "base/digest.h"

namespace firebreak::control {

KeyRing::KeyRing(kube::Client& client, std::string ns, std::string secretName)
    : client_(client), ns_(std::move(ns)), secretName_(std::move(secretName)) {}

Result<Json> KeyRing::readOrMake() {
  auto secret = client_.get(kube::kSecrets, ns_, secretName_);
  if (secret || secret.error().code != ErrorCode::kNotFound) return secret;
  Json body = {{"apiVersion", "v1"},
               {"kind", "Secret"},
               {"type", "firebreak.dev/journal-keys"},
               {"metadata",
                {{"name", secretName_},
                 {"namespace", ns_},
                 {"labels", {{"app.kubernetes.io/managed-by", "firebreak"}}}}},
               {"data", {{"k1", base64Encode(randomBytes(32))}}}};
  auto made = client_.create(kube::kSecrets, ns_, body);
  if (made || made.error().code != ErrorCode::kAlreadyExists) return made;
  return client_.get(kube::kSecrets, ns_, secretName_);  // the other replica was faster
}

Status KeyRing::load() {
  auto secret = readOrMake();
  if (!secret) return tl::unexpected(secret.error());
  remediate::JournalKeys keys;
  for (const auto& [id, value] : member(*secret, "data").items()) {
    auto key = base64Decode(stringOr(value));
    if (key && key->size() >= 32) keys.insert(keys.begin(), {id, std::move(*key)});
  }
  if (keys.empty()) {
    return fail(ErrorCode::kInvalid, "Secret " + ns_ + "/" + secretName_ +
                                         " holds no key of 32 bytes; delete it to have it made anew");
  }
  std::lock_guard lock(mutex_);
  keys_ = std::move(keys);
  return {};
}

remediate::JournalKeys KeyRing::keys() const {
  std::lock_guard lock(mutex_);
  return keys_;
}

std::string KeyRing::tag(std::string_view text) const {
  std::lock_guard lock(mutex_);
  // The oldest key names, so that adding a second one does not rename what exists.
  return keys_.empty() ? "" : hmacSha256Hex(keys_.back().key, text).substr(0, 16);
}

}  // namespace firebreak::control
