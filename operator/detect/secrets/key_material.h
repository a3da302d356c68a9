// Credentials that carry their own proof of being one: private keys that parse, JSON web tokens
// whose header parses, checksums that hold. Pure functions; what is decoded is wiped where OpenSSL
// held it. Safe from any thread.
#pragma once

#include <string_view>

#include "detect/signatures/secrets.h"

namespace firebreak::detect {

enum class KeyVerdict {
  kNotAKey,    // truncated, a sample, a public part
  kUnproven,   // has a key's shape and entropy, but does not parse, or is locked by a passphrase
  kPrivateKey  // parses
};
// `block` from "-----BEGIN" to "-----END ... -----"; may have literal \n and indentation.
KeyVerdict judgePrivateKey(std::string_view block);

enum class JwtVerdict { kNone, kToken, kServiceAccount };
// kNone also for the well-known samples and for tokens that are made to be public.
JwtVerdict judgeJwt(std::string_view token);

enum class CheckVerdict { kFailed, kUnproven, kHolds };
// `credential` is the part that the rule's expression captured, `whole` all that it matched.
CheckVerdict runCheck(SecretCheck check, std::string_view whole, std::string_view credential);

}  // namespace firebreak::detect
