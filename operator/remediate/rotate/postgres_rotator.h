// The PostgreSQL rotator. Two forms, by the keys that the policy names:
// - a user name and a password: two login roles take turns, ROLE and ROLE_alt, which acts as ROLE.
//   Consumers move to the other one while the first still works; then the first may not log in any
//   more. No request fails.
// - a password alone: that one role gets a new password. Between this and its consumers' restart new
//   connections with the previous one fail: a short cut-over, declared by naming only that key.
// Before anything changes a login proves that the Secret holds this very role. Revoking ends the
// sessions that the previous password opened and asks the server whether it still takes it.
#pragma once

#include <string>
#include <vector>

#include "firebreak/rotator.h"

namespace firebreak::rotate {

const Rotator& postgresRotator();

// The key that holds the user name, empty where the policy names a password alone; nothing where the
// keys are neither form.
std::optional<std::string> postgresUserKey(const std::vector<std::string>& keys);

}  // namespace firebreak::rotate
