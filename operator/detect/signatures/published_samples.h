// Values that everybody knows: keys of emulators, defaults that a product ships with, the samples of
// providers' documentation. They have the form of a credential, some its checksum, and open nothing.
// Constant for the life of the process; safe from any thread.
#pragma once

#include <string_view>

namespace firebreak::detect {

// The whole credential, or of a JSON web token its signature.
bool isPublishedSample(std::string_view text);

}  // namespace firebreak::detect
