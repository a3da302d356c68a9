#include "base/core_dumps.h"

#include <sys/prctl.h>
#include <sys/resource.h>

#include <cerrno>
#include <cstring>

namespace firebreak {

Status forbidCoreDumps() {
  const rlimit none{0, 0};
  // The limit alone does not hold where the kernel hands dumps to a program (core_pattern).
  if (setrlimit(RLIMIT_CORE, &none) != 0 || prctl(PR_SET_DUMPABLE, 0) != 0) {
    return fail(ErrorCode::kInternal, std::string("forbid core dumps: ") + std::strerror(errno));
  }
  return {};
}

}  // namespace firebreak
