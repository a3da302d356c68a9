// The credential kinds that the secrets detector knows, as data: one row each, compiled in. The
// judgement is code (operator/detect/secrets/). tests/detect/secrets/rules_test.cc holds examples
// that must match and look-alikes that must not, for every row.
// Constant for the life of the process; safe from any thread.
#pragma once

#include <span>
#include <string_view>

#include "firebreak/finding.h"

namespace firebreak::detect {

// What must hold besides the expression, before a match counts at all.
enum class SecretCheck {
  kRandom,        // not a sample, not repetitive, entropy fits a generated value
  kMixed,         // the same, with digits, capitals and small letters: the form alone is weak
  kBase62Crc32,   // the last six characters are the CRC32 of the rest, in base 62
  kHexCrc32,      // "<all before>_<its CRC32 in hexadecimal, low byte first>"
  kBech32,        // the bech32 checksum holds
  kNkey,          // base32 whose last two bytes are the CRC16 of the rest
  kDiscordToken,  // the first part is a number in base64
  kJsonInBase64,  // the part after the prefix is base64 of JSON
};

struct SecretRule {
  std::string_view id;       // kebab-case, stable: a finding's `rule`
  std::string_view kind;     // for people: "GitHub token"
  std::string_view literal;  // pre-filter: text without it is never matched, case-sensitive
  std::string_view regex;    // RE2; the first group is the credential, else the whole match
  SecretCheck check = SecretCheck::kRandom;
  Severity severity = Severity::kHigh;
  Tier tier = Tier::kRemediate;
  std::string_view source;  // where the form is documented
};

std::span<const SecretRule> secretRules();

// Credentials in two parts: an id with a form of its own and a secret without one. The secret alone
// is only a guess; both in one object are certain. The id alone is shown where it stands for a key that
// lives until somebody revokes it, and where the object does not say that its secret lies elsewhere.
struct SecretPairRule {
  std::string_view id;
  std::string_view kind;
  std::string_view idLiteral;
  std::string_view idRegex;      // the public part
  std::string_view secretRegex;  // the whole value of the other part
  std::string_view nameRegex;    // what the field of the other part is called, case-insensitive
  std::string_view source;
  std::string_view loneId = {};  // the rule of an id alone; none = it is never shown
};

std::span<const SecretPairRule> secretPairRules();

// Credentials without a form of their own, told by what they are called and how they look: the name
// alone is a guess, and so is the value. Shown, never acted on.
struct SecretNamedRule {
  std::string_view id;
  std::string_view kind;
  std::string_view nameRegex;   // in the name's small letters and digits, separators taken out
  std::string_view valueRegex;  // the whole value
  std::string_view source;
  bool loneName = false;  // holds for names too that do not call it a password, a token or a key
};

std::span<const SecretNamedRule> secretNamedRules();

}  // namespace firebreak::detect
