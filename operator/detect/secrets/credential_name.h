// Whether a field, variable or flag is called like a credential, and of which sort. By its last
// words, so that PASSWORD_FILE, tokenExpirationSeconds and secretName are none.
// Pure; safe from any thread.
#pragma once

#include <optional>
#include <string_view>

namespace firebreak::detect {

enum class CredentialSort { kPassword, kToken, kSecret, kKey };

std::optional<CredentialSort> credentialSort(std::string_view name);
std::string_view toString(CredentialSort sort);  // "password"

}  // namespace firebreak::detect
