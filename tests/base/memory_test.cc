#include "base/memory.h"

#include <gtest/gtest.h>
#include <link.h>

#include <fstream>
#include <memory>
#include <string>
#include <vector>

namespace firebreak {
namespace {

// A line of /proc/self/status in kB.
long statusKb(const std::string& name) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(name + ":")) return std::stol(line.substr(name.size() + 1));
  }
  return 0;
}

// Reads a byte of each page of every program and library that is loaded, as their start does; between the
// variables too, where the address sanitizer would object.
__attribute__((no_sanitize("address"))) int touchReadOnly(dl_phdr_info* object, size_t, void* sum) {
  for (int i = 0; i < object->dlpi_phnum; ++i) {
    const ElfW(Phdr)& segment = object->dlpi_phdr[i];
    if (segment.p_type != PT_LOAD || (segment.p_flags & PF_W) != 0) continue;
    if ((segment.p_flags & PF_R) == 0) continue;
    for (size_t at = 0; at < segment.p_filesz; at += 4096) {
      // NOLINTNEXTLINE(performance-no-int-to-ptr): that is how the loader names addresses
      *static_cast<volatile long*>(sum) =
          *static_cast<long*>(sum) +
          *reinterpret_cast<const volatile char*>(object->dlpi_addr + segment.p_vaddr + at);
    }
  }
  return 0;
}

TEST(MemoryTest, GivesBackPagesOfProgramsThatOnlyTheStartNeeded) {
  long sum = 0;
  dl_iterate_phdr(&touchReadOnly, &sum);
  const long before = statusKb("RssFile");
  releaseUnusedMemory();
  const long after = statusKb("RssFile");
  EXPECT_LT(after, before / 2) << before << " kB before";
  long again = 0;
  dl_iterate_phdr(&touchReadOnly, &again);
  EXPECT_EQ(again, sum) << "what is read again is what was there";
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
TEST(MemoryTest, GivesBackWhatWasFreedInTheMiddleOfTheHeap) {
  std::vector<std::unique_ptr<std::string>> blocks;
  for (int i = 0; i < 20'000; ++i) blocks.push_back(std::make_unique<std::string>(2000, 'x'));
  // The last one stays, so that the heap does not end below it.
  for (size_t i = 0; i + 1 < blocks.size(); ++i) blocks[i].reset();
  const long before = statusKb("RssAnon");
  releaseUnusedMemory();
  EXPECT_LT(statusKb("RssAnon"), before - 20'000);
}
#endif

}  // namespace
}  // namespace firebreak
