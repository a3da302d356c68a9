// What the process that serves HTTP and the operator say to each other over their socketpair
// (SOCK_SEQPACKET: one message, one packet). Both ends are the same binary, so the structs travel
// as they are. The operator does not trust the other end: every field is checked where it is read.
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace firebreak::serve {

enum class AskKind : uint32_t {
  kHealthz,
  kReadyz,
  kMetrics,
  kListening,     // the port is open; sent once by each child
  kCannotListen,  // followed by the reason as text
  kRestarted,     // a child died and another one is coming
};

// Child to operator; text may follow.
struct Ask {
  AskKind kind;
  // Unique over all children (process id and a counter), so that an answer that was meant for one
  // that has died is not taken by the next.
  uint64_t id;
  // CLOCK_MONOTONIC in milliseconds, which both processes share; later than this nobody waits any
  // more.
  int64_t deadlineMs;
};

// Operator to child; up to kChunkBytes of text follow, and a text may need several packets.
struct Answer {
  uint64_t id;
  uint32_t httpStatus;
  uint32_t last;  // 1 in the packet that completes the answer
};

static_assert(std::is_trivially_copyable_v<Ask> && std::is_trivially_copyable_v<Answer>);

// Well below the default socket buffer of 208 KiB.
inline constexpr size_t kChunkBytes = 32 * 1024;

}  // namespace firebreak::serve
