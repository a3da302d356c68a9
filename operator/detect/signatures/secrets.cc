#include "detect/signatures/secrets.h"

#include <vector>

#include "detect/signatures/secrets_tables.h"

namespace firebreak::detect {

std::span<const SecretRule> secretRules() {
  static const std::vector<SecretRule> kAll = [] {
    std::vector<SecretRule> all;
    for (auto table : {codeSecretRules(), cloudSecretRules(), paymentsSecretRules(),
                       messagesSecretRules(), productsSecretRules(), modelsSecretRules()}) {
      all.insert(all.end(), table.begin(), table.end());
    }
    return all;
  }();
  return kAll;
}

}  // namespace firebreak::detect
