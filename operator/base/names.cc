#include "firebreak/object_ref.h"

namespace firebreak {

std::string describe(const ObjectRef& ref) {
  std::string text = ref.kind.empty() ? "object" : ref.kind;
  text += ' ';
  if (!ref.ns.empty()) text += ref.ns + "/";
  return text + ref.name;
}

}  // namespace firebreak
