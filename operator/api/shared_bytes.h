// SharedBytes: byte strings that many objects have in common, kept once each for as long as somebody
// holds them: the packed pod spec of a template, its labels and owner. Safe from any thread.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "firebreak/observed.h"

namespace firebreak {

struct SharedBytes {
  std::string bytes;
  // The spec that these bytes are, while somebody has it unpacked; guarded by packed_pod.cc.
  mutable std::weak_ptr<const PodSpec> unpacked;
};

// The one object with these bytes.
std::shared_ptr<const SharedBytes> shareBytes(std::string_view bytes);
// How many different ones are alive.
size_t countSharedBytes();

}  // namespace firebreak
