// Passwords by their place: an option of a known program (mysql -p, ldapsearch -w), a directive of a
// known file (requirepass, .pgpass, userlist.txt). Nothing there is called a password, so the form
// is known by heart. Pure; the hits point into the text. Safe from any thread.
#pragma once

#include <string_view>
#include <vector>

#include "detect/secrets/text_scan.h"

namespace firebreak::detect {

// `file` is the name that the text lies under, where it has one: "userlist.txt".
void scanCommandForms(std::string_view text, std::string_view file, std::vector<SecretHit>& hits);

}  // namespace firebreak::detect
