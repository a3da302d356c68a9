#include <openssl/crypto.h>

#include <utility>

#include "base/digest.h"
#include "firebreak/rotator.h"

namespace firebreak {
namespace {

class SystemRandom : public RandomSource {
 public:
  SecretValue bytes(size_t count) override { return SecretValue(randomBytes(count)); }
};

}  // namespace

void SecretValue::wipe() noexcept {
  // A moved-from or short string keeps its characters in place: all of the capacity goes.
  bytes_.resize(bytes_.capacity());
  OPENSSL_cleanse(bytes_.data(), bytes_.size());
  bytes_.clear();
}

SecretValue::SecretValue(SecretValue&& other) noexcept : bytes_(std::move(other.bytes_)) {
  other.wipe();
}

SecretValue& SecretValue::operator=(const SecretValue& other) {
  if (this != &other) {
    wipe();
    bytes_ = other.bytes_;
  }
  return *this;
}

SecretValue& SecretValue::operator=(SecretValue&& other) noexcept {
  if (this != &other) {
    wipe();
    bytes_ = std::move(other.bytes_);
    other.wipe();
  }
  return *this;
}

SecretValue::~SecretValue() { wipe(); }

RandomSource& systemRandom() {
  static SystemRandom random;
  return random;
}

}  // namespace firebreak
