// PaddedJson: a copy of some JSON text with the spare bytes behind it that simdjson needs, in a
// buffer that is used again. Internal to kube/. One thread at a time.
#pragma once

#include <simdjson.h>

#include <cstring>
#include <memory>
#include <string_view>

namespace firebreak::kube {

class PaddedJson {
 public:
  simdjson::padded_string_view copy(std::string_view text) {
    const size_t need = text.size() + simdjson::SIMDJSON_PADDING;
    if (capacity_ < need) {
      bytes_ = std::make_unique<char[]>(need);
      capacity_ = need;
    }
    if (!text.empty()) std::memcpy(bytes_.get(), text.data(), text.size());
    std::memset(bytes_.get() + text.size(), 0, simdjson::SIMDJSON_PADDING);
    return simdjson::padded_string_view(bytes_.get(), text.size(), capacity_);
  }
  // One huge object must not hold its memory for ever. Call when nothing points into it any more.
  void shrink() {
    if (capacity_ <= kKeepBytes) return;
    bytes_.reset();
    capacity_ = 0;
    parser = simdjson::ondemand::parser();
  }

  simdjson::ondemand::parser parser;

 private:
  static constexpr size_t kKeepBytes = size_t{512} << 10;
  std::unique_ptr<char[]> bytes_;
  size_t capacity_ = 0;
};

}  // namespace firebreak::kube
