// The beginning of a JSON text that was cut, made whole: cut back to the last value that is
// complete, and every bracket closed. For objects that are too large to be read to their end. Pure.
#pragma once

#include <string>
#include <string_view>

namespace firebreak::kube {

// Empty where the text does not begin with an object or array. Of text that is no JSON, what is
// returned need not be JSON either.
std::string closeJsonPrefix(std::string_view prefix);

}  // namespace firebreak::kube
