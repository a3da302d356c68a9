// Credentials without a form of their own that a provider's name beside them gives away. Pure; safe
// from any thread.
#pragma once

#include <string_view>

#include "detect/signatures/secrets.h"

namespace firebreak::detect {

// Null where the name says nothing of a provider, or the value is not as that provider makes it.
const SecretNamedRule* namedRuleFor(std::string_view name, std::string_view value);

// The same of those alone whose name needs no word for password or key.
const SecretNamedRule* loneNameRuleFor(std::string_view name, std::string_view value);

}  // namespace firebreak::detect
