#include "detect/secrets/named_rules.h"

#include <re2/re2.h>

#include <cctype>
#include <memory>
#include <string>
#include <vector>

namespace firebreak::detect {
namespace {

struct Compiled {
  std::unique_ptr<RE2> name;
  std::unique_ptr<RE2> value;
};

const std::vector<Compiled>& compiled() {
  static const std::vector<Compiled> kAll = [] {
    std::vector<Compiled> all;
    for (const SecretNamedRule& rule : secretNamedRules()) {
      all.push_back({std::make_unique<RE2>(std::string(rule.nameRegex), RE2::Quiet),
                     std::make_unique<RE2>(std::string(rule.valueRegex), RE2::Quiet)});
    }
    return all;
  }();
  return kAll;
}

const SecretNamedRule* ruleFor(std::string_view name, std::string_view value, bool onlyLone) {
  std::string folded;
  for (char c : name) {
    auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) != 0) folded += static_cast<char>(std::tolower(byte));
  }
  re2::StringPiece piece(value.data(), value.size());
  for (size_t i = 0; i < compiled().size(); ++i) {
    const SecretNamedRule& rule = secretNamedRules()[i];
    if ((!onlyLone || rule.loneName) && RE2::PartialMatch(folded, *compiled()[i].name) &&
        RE2::FullMatch(piece, *compiled()[i].value)) {
      return &rule;
    }
  }
  return nullptr;
}

}  // namespace

const SecretNamedRule* namedRuleFor(std::string_view name, std::string_view value) {
  // Shorter and longer ones are none of these.
  if (value.size() < 20 || value.size() > 220) return nullptr;
  return ruleFor(name, value, false);
}

const SecretNamedRule* loneNameRuleFor(std::string_view name, std::string_view value) {
  if (value.size() < 16 || value.size() > 220 || name.size() > 100) return nullptr;
  return ruleFor(name, value, true);
}

}  // namespace firebreak::detect
