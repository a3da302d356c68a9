// One libFuzzer program for each target: FB_FUZZ_TARGET names it.
#include <cstddef>
#include <cstdint>

#include "fuzz/targets.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  firebreak::fuzz::FB_FUZZ_TARGET({reinterpret_cast<const char*>(data), size});
  return 0;
}
