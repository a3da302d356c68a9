#include "detect/inflate.h"

#include <zlib.h>

#include <array>

namespace firebreak::detect {

std::optional<std::string> inflated(std::string_view packed, size_t enough) {
  z_stream stream{};
  if (inflateInit2(&stream, 15 + 32) != Z_OK) return std::nullopt;  // zlib or gzip, by its header
  std::string input(packed);
  stream.next_in = reinterpret_cast<Bytef*>(input.data());
  stream.avail_in = static_cast<uInt>(input.size());
  std::string out;
  std::array<char, 16 * 1024> block{};
  int state = Z_OK;
  while (state == Z_OK && out.size() < enough) {
    stream.next_out = reinterpret_cast<Bytef*>(block.data());
    stream.avail_out = static_cast<uInt>(block.size());
    state = inflate(&stream, Z_NO_FLUSH);
    out.append(block.data(), block.size() - stream.avail_out);
  }
  inflateEnd(&stream);
  if (out.empty()) return std::nullopt;
  return out;
}

}  // namespace firebreak::detect
