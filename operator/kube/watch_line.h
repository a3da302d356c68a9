// Watch lines: cutting a stream of bytes into lines, and reading what one line says. Pure; a framer
// belongs to one stream and one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "kube/padded_json.h"

namespace firebreak::kube {

// Lines over any chunk boundary. Of a line longer than the limit the beginning is kept and the rest
// dropped, and it is counted; what follows the last newline when the stream ends was cut and is
// dropped.
class LineFramer {
 public:
  explicit LineFramer(size_t maxLineBytes) : max_(maxLineBytes) {}

  // onLine(line, whole) -> bool; false stops and forgets the rest of the bytes. Empty lines are left
  // out; `whole` is false where the line was too long and this is its beginning.
  template <class F>
  bool feed(std::string_view bytes, F&& onLine) {
    while (!bytes.empty()) {
      const size_t newline = bytes.find('\n');
      const std::string_view part = bytes.substr(0, newline);
      const bool complete = newline != std::string_view::npos;
      bytes.remove_prefix(complete ? newline + 1 : bytes.size());
      std::string_view line;
      bool whole = true;
      if (!take(part, complete, &line, &whole)) continue;
      const bool more = onLine(line, whole);
      release();
      if (!more) return false;
    }
    return true;
  }
  void reset();
  uint64_t oversized() const { return oversized_; }

 private:
  bool take(std::string_view part, bool complete, std::string_view* line, bool* whole);
  void release();

  const size_t max_;
  std::string partial_;
  bool skipping_ = false;  // inside a line that is too long
  uint64_t oversized_ = 0;
};

struct WatchLine {
  enum class Type { kAdded, kModified, kDeleted, kBookmark, kError, kUnknown };
  Type type = Type::kUnknown;
  std::string_view object;  // into the PaddedJson
  std::string resourceVersion;
  bool initialEventsEnd = false;  // bookmarks only
};

// Nothing where the line is no event. `object` holds until `space` is used again.
std::optional<WatchLine> readWatchLine(PaddedJson& space, std::string_view line);

}  // namespace firebreak::kube
