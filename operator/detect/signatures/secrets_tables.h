// The tables that secrets.h is made of, one per group of issuers.
#pragma once

#include <span>

#include "detect/signatures/secrets.h"

namespace firebreak::detect {

std::span<const SecretRule> codeSecretRules();
std::span<const SecretRule> cloudSecretRules();
std::span<const SecretRule> paymentsSecretRules();
std::span<const SecretRule> messagesSecretRules();
std::span<const SecretRule> productsSecretRules();
std::span<const SecretRule> modelsSecretRules();

}  // namespace firebreak::detect
