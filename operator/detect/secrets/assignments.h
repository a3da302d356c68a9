// Values that are a credential only by what they are called: NAME=value, "name": "value", --flag
// value, <name>value</name>, in any text; and single fields. Name and entropy together are no
// proof, so that all of these are of tier Alert. Pure; the hits point into the text. Safe from any
// thread.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "detect/secrets/text_scan.h"

namespace firebreak::detect {

// One field or variable with its whole value.
std::optional<SecretHit> judgeNamed(std::string_view name, std::string_view value);

// The same where only a provider's name says what the value is: VAULT_UNSEAL_KEY, hmacEncoded.
std::optional<SecretHit> judgeProviderNamed(std::string_view name, std::string_view value);

// "user:password" where a setting takes both at once: cloud.auth.
std::optional<SecretHit> judgeLogin(std::string_view name, std::string_view value);

// Sentences that tell a password: "the admin password is x".
void scanProse(std::string_view text, std::vector<SecretHit>& hits);

// Adds what the text assigns, where `hits` has nothing at that place yet. In code (`isCode`) a value is a
// literal: what stands there without quotes is another name.
void scanAssignments(std::string_view text, std::vector<SecretHit>& hits, bool isCode = false);

}  // namespace firebreak::detect
