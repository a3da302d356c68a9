// What a piece of text looks like: a generated credential, a password that a person chose, or one
// of the many things that are neither (references, placeholders, names, digests). Pure functions of
// the text; nothing is kept. Safe from any thread.
#pragma once

#include <string>
#include <string_view>

namespace firebreak::detect {

// Shannon entropy in bits per character.
double entropyOf(std::string_view text);

// A documented sample or filler: EXAMPLE, changeme, bitte_ändern, xxxxx, 12345678, one block repeated,
// a key that is published. For text that already has a provider's form; short words count only where
// chance cannot make them.
bool isSample(std::string_view text);

// A reference to a value, not the value: ${VAR}, $(VAR), {{ }}, <placeholder>, vault:, ENC[...],
// a path, an address, a UUID, a digest, a password hash, a public key, a Kubernetes name.
bool isReference(std::string_view text);

// Looks made by a generator, to whatever length.
bool looksRandom(std::string_view text);

// A UUID of random numbers (version 4), which some providers give as a key.
bool isRandomUuid(std::string_view text);

// Has a word that weak passwords have, in any spelling ("P4ssw0rd").
bool hasWeakWord(std::string_view text);

enum class PasswordStrength {
  kNone,    // empty, a word, a placeholder, a reference
  kChosen,  // a real password by its looks, or a random UUID
  kRandom,  // certainly generated: no word, entropy and length to match
};
PasswordStrength passwordStrength(std::string_view text);

}  // namespace firebreak::detect
