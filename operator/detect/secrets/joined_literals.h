// Code that writes one text in pieces, "abc" + "def" over several lines: the text in one piece.
// Pure; safe from any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace firebreak::detect {

class JoinedLiterals {
 public:
  explicit JoinedLiterals(std::string_view text);
  ~JoinedLiterals();
  JoinedLiterals(const JoinedLiterals&) = delete;
  JoinedLiterals& operator=(const JoinedLiterals&) = delete;

  // Empty where nothing had to be joined.
  const std::string& text() const { return joined_; }
  // Whether a part of text() was in pieces, and where it begins in the original.
  bool wasSplit(size_t offset, size_t size) const;
  size_t originalOffset(size_t offset) const;

 private:
  struct Seam {
    size_t at = 0;    // in text()
    size_t left = 0;  // what was left out up to here
  };
  std::string joined_;
  std::vector<Seam> seams_;
};

}  // namespace firebreak::detect
