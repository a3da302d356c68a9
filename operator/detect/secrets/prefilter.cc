#include "detect/secrets/prefilter.h"

#include <re2/re2.h>
#include <re2/set.h>

#include <algorithm>
#include <numeric>

#include "detect/signatures/secrets.h"

namespace firebreak::detect {
namespace {

const RE2::Set& literals() {
  static const RE2::Set* const kSet = [] {
    auto* set = new RE2::Set(RE2::Quiet, RE2::UNANCHORED);
    for (const SecretRule& rule : secretRules()) {
      set->Add(RE2::QuoteMeta(re2::StringPiece(rule.literal.data(), rule.literal.size())), nullptr);
    }
    set->Compile();
    return set;
  }();
  return *kSet;
}

}  // namespace

std::vector<int> candidateRules(std::string_view text) {
  std::vector<int> rules;
  RE2::Set::ErrorInfo error{};
  if (!literals().Match(re2::StringPiece(text.data(), text.size()), &rules, &error) &&
      error.kind != RE2::Set::kNoError) {
    // Out of memory for the automaton: slower, never less.
    rules.resize(secretRules().size());
    std::iota(rules.begin(), rules.end(), 0);
  }
  std::sort(rules.begin(), rules.end());
  return rules;
}

}  // namespace firebreak::detect
