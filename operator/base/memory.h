// Gives memory back that this process holds and does not use: what the allocator keeps for later, and
// the pages of programs and libraries that only the start needed (they are read again from the page
// cache by whoever calls them). For the end of large pieces of work, not for hot paths: it takes
// milliseconds. Safe from any thread, at any time.
#pragma once

namespace firebreak {

void releaseUnusedMemory();

}  // namespace firebreak
