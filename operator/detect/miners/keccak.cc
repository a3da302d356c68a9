#include "detect/miners/keccak.h"

#include <bit>
#include <cstring>

namespace firebreak::detect {
namespace {

// 1600 bits of state less twice the 256 bits of output: 136 bytes are absorbed at a time.
constexpr size_t kRate = 136;
constexpr int kRounds = 24;

using State = std::array<uint64_t, 25>;

// The round constants come from the linear feedback shift register of the Keccak reference, section
// 1.2: x^8 + x^6 + x^5 + x^4 + 1.
constexpr std::array<uint64_t, kRounds> roundConstants() {
  std::array<uint64_t, kRounds> constants{};
  uint8_t lfsr = 1;
  for (uint64_t& constant : constants) {
    for (int j = 0; j < 7; ++j) {
      if ((lfsr & 1) != 0) constant ^= uint64_t{1} << ((1u << static_cast<unsigned>(j)) - 1u);
      bool carry = (lfsr & 0x80) != 0;
      lfsr = static_cast<uint8_t>((lfsr << 1) ^ (carry ? 0x71 : 0));
    }
  }
  return constants;
}

void permute(State& a) {
  static constexpr auto kConstants = roundConstants();
  for (uint64_t constant : kConstants) {
    std::array<uint64_t, 5> c{};
    for (size_t x = 0; x < 5; ++x) c[x] = a[x] ^ a[x + 5] ^ a[x + 10] ^ a[x + 15] ^ a[x + 20];
    for (size_t x = 0; x < 5; ++x) {  // theta
      uint64_t d = c[(x + 4) % 5] ^ std::rotl(c[(x + 1) % 5], 1);
      for (size_t y = 0; y < 25; y += 5) a[x + y] ^= d;
    }
    // rho and pi walk the lanes from (1, 0); the t-th rotation is (t + 1)(t + 2) / 2.
    size_t x = 1;
    size_t y = 0;
    uint64_t lane = a[1];
    for (int t = 0; t < 24; ++t) {
      size_t next = (2 * x + 3 * y) % 5;
      x = y;
      y = next;
      uint64_t moved = std::rotl(lane, ((t + 1) * (t + 2) / 2) % 64);
      lane = a[x + 5 * y];
      a[x + 5 * y] = moved;
    }
    for (size_t row = 0; row < 25; row += 5) {  // chi
      std::array<uint64_t, 5> b{};
      for (size_t i = 0; i < 5; ++i) b[i] = a[row + i];
      for (size_t i = 0; i < 5; ++i) a[row + i] = b[i] ^ (~b[(i + 1) % 5] & b[(i + 2) % 5]);
    }
    a[0] ^= constant;  // iota
  }
}

void absorb(State& state, const uint8_t* block) {
  for (size_t i = 0; i < kRate; ++i) {
    state[i / 8] ^= static_cast<uint64_t>(block[i]) << (8 * (i % 8));
  }
  permute(state);
}

}  // namespace

std::array<uint8_t, 32> keccak256(std::span<const uint8_t> data) {
  State state{};
  while (data.size() >= kRate) {
    absorb(state, data.data());
    data = data.subspan(kRate);
  }
  std::array<uint8_t, kRate> last{};
  if (!data.empty()) std::memcpy(last.data(), data.data(), data.size());
  last[data.size()] = 0x01;
  last[kRate - 1] ^= 0x80;
  absorb(state, last.data());
  std::array<uint8_t, 32> digest{};
  for (size_t i = 0; i < digest.size(); ++i) {
    digest[i] = static_cast<uint8_t>(state[i / 8] >> (8 * (i % 8)));
  }
  return digest;
}

}  // namespace firebreak::detect
