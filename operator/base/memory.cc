#include "base/memory.h"

#include <link.h>
#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>

namespace firebreak {
namespace {

// Segments that nobody can have written to are the file's content and nothing else.
int releaseReadOnly(dl_phdr_info* object, size_t, void*) {
  const auto page = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));
  for (int i = 0; i < object->dlpi_phnum; ++i) {
    const ElfW(Phdr)& segment = object->dlpi_phdr[i];
    if (segment.p_type != PT_LOAD || (segment.p_flags & PF_W) != 0) continue;
    const uintptr_t begin = (object->dlpi_addr + segment.p_vaddr + page - 1) / page * page;
    const uintptr_t end = (object->dlpi_addr + segment.p_vaddr + segment.p_memsz) / page * page;
    if (begin >= end || object->dlpi_addr == 0) continue;
    // NOLINTNEXTLINE(performance-no-int-to-ptr): that is how the loader names addresses
    madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);
  }
  return 0;
}

}  // namespace

void releaseUnusedMemory() {
  malloc_trim(0);
  dl_iterate_phdr(&releaseReadOnly, nullptr);
}

}  // namespace firebreak
