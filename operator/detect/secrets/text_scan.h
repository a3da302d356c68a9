// Credentials that prove themselves by their form, in any text: provider formats, private keys,
// JSON web tokens, passwords in URLs and headers. What is only *called* a password is
// assignments.h. Pure; the hits point into the text and live no longer than it. Safe from any
// thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "firebreak/finding.h"

namespace firebreak::detect {

// One credential in a text. `value` never leaves the scanner.
struct SecretHit {
  std::string_view rule;
  std::string_view kind;  // for people
  Severity severity = Severity::kHigh;
  Tier tier = Tier::kAlert;
  int confidence = 0;
  std::string_view value;
  size_t offset = 0;  // of `value` in the text
  std::string name;   // what the text calls it, where it does: "spring.datasource.password"
  Evidence evidence;
};

std::vector<SecretHit> scanText(std::string_view text);

// The same hit at the same place is not reported twice; the one that is named first stays.
void addUnlessOverlapping(std::vector<SecretHit>& hits, SecretHit hit);

}  // namespace firebreak::detect
