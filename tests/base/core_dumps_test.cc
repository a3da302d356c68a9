#include "base/core_dumps.h"

#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include <cstdlib>

namespace firebreak {
namespace {

[[noreturn]] void forbidAndLook() {
  rlimit limit = {};
  bool done = forbidCoreDumps().has_value() && getrlimit(RLIMIT_CORE, &limit) == 0;
  std::_Exit(done && limit.rlim_max == 0 && prctl(PR_GET_DUMPABLE) == 0 ? 0 : 1);
}

// In a child: there is no way back from it.
TEST(CoreDumps, ACrashLeavesNone) { EXPECT_EXIT(forbidAndLook(), testing::ExitedWithCode(0), ""); }

}  // namespace
}  // namespace firebreak
