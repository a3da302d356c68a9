#include "detect/secrets/joined_literals.h"

#include <openssl/crypto.h>
#include <re2/re2.h>

namespace firebreak::detect {

JoinedLiterals::JoinedLiterals(std::string_view text) {
  // The end of a literal, a line end with what joins the two, the beginning of the next.
  static const RE2 kSeam(
      R"re(["'][ \t]*[+.\\]?[ \t]*\r?\n[ \t]*(?:[+.][ \t]*)?["'])re", RE2::Quiet);
  if (text.find('\n') == std::string_view::npos) return;
  re2::StringPiece piece(text.data(), text.size());
  re2::StringPiece seam;
  size_t at = 0;
  size_t left = 0;
  while (at < text.size() && kSeam.Match(piece, at, text.size(), RE2::UNANCHORED, &seam, 1)) {
    if (seams_.empty()) joined_.reserve(text.size());  // what it grew out of would not be wiped
    auto start = static_cast<size_t>(seam.data() - text.data());
    joined_.append(text.substr(at, start - at));
    left += seam.size();
    seams_.push_back({joined_.size(), left});
    at = start + seam.size();
  }
  if (!seams_.empty()) joined_.append(text.substr(at));
}

JoinedLiterals::~JoinedLiterals() { OPENSSL_cleanse(joined_.data(), joined_.size()); }

bool JoinedLiterals::wasSplit(size_t offset, size_t size) const {
  for (const Seam& seam : seams_) {
    if (seam.at > offset && seam.at < offset + size) return true;
  }
  return false;
}

size_t JoinedLiterals::originalOffset(size_t offset) const {
  size_t left = 0;
  for (const Seam& seam : seams_) {
    if (seam.at <= offset) left = seam.left;
  }
  return offset + left;
}

}  // namespace firebreak::detect
