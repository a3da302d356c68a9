#include "detect/dashboards/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace firebreak::detect {
namespace {

struct Block {
  const char* prefix;
  int bits;
};

// IANA special-purpose registries, and the clouds' metadata addresses outside of them.
constexpr std::array<Block, 8> kForbidden4 = {{{"0.0.0.0", 8},
                                               {"127.0.0.0", 8},
                                               {"169.254.0.0", 16},
                                               {"224.0.0.0", 4},
                                               {"240.0.0.0", 4},
                                               {"100.100.100.200", 32},  // Alibaba Cloud metadata
                                               {"168.63.129.16", 32},    // Azure wire server
                                               {"192.0.0.192", 32}}};    // Oracle Cloud metadata
constexpr std::array<Block, 5> kForbidden6 = {{{"::", 128},
                                               {"::1", 128},
                                               {"fe80::", 10},
                                               {"ff00::", 8},
                                               {"fd00:ec2::254", 128}}};  // AWS metadata

template <size_t N>
bool sharesPrefix(const std::array<unsigned char, N>& a, const std::array<unsigned char, N>& b,
                  int bits) {
  for (int bit = 0; bit < bits; ++bit) {
    const auto byte = static_cast<size_t>(bit / 8);
    const int mask = 0x80 >> (bit % 8);
    if ((a[byte] & mask) != (b[byte] & mask)) return false;
  }
  return true;
}

template <size_t N>
std::optional<std::array<unsigned char, N>> parse(int family, const std::string& text) {
  std::array<unsigned char, N> bytes{};
  if (inet_pton(family, text.c_str(), bytes.data()) != 1) return std::nullopt;
  return bytes;
}

template <size_t N, size_t M>
bool inAny(int family, const std::array<unsigned char, N>& address,
           const std::array<Block, M>& blocks) {
  return std::any_of(blocks.begin(), blocks.end(), [&](const Block& block) {
    auto prefix = parse<N>(family, block.prefix);
    return prefix && sharesPrefix(address, *prefix, block.bits);
  });
}

}  // namespace

std::optional<std::string> normalAddress(std::string_view text) {
  const std::string address(text);
  std::array<char, INET6_ADDRSTRLEN> printed{};
  if (auto four = parse<4>(AF_INET, address)) {
    inet_ntop(AF_INET, four->data(), printed.data(), printed.size());
    return std::string(printed.data());
  }
  auto six = parse<16>(AF_INET6, address);
  if (!six) return std::nullopt;
  constexpr std::array<unsigned char, 12> kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  if (std::equal(kMapped.begin(), kMapped.end(), six->begin())) {
    inet_ntop(AF_INET, six->data() + kMapped.size(), printed.data(), printed.size());
  } else {
    inet_ntop(AF_INET6, six->data(), printed.data(), printed.size());
  }
  return std::string(printed.data());
}

bool isProbeableAddress(std::string_view address) {
  const auto normal = normalAddress(address);
  if (!normal) return false;
  if (auto four = parse<4>(AF_INET, *normal)) return !inAny(AF_INET, *four, kForbidden4);
  auto six = parse<16>(AF_INET6, *normal);
  return six && !inAny(AF_INET6, *six, kForbidden6);
}

bool isLoopback(std::string_view address) {
  const auto normal = normalAddress(address);
  return normal && (normal->starts_with("127.") || *normal == "::1");
}

std::string hostPort(std::string_view address, int port) {
  const bool six = address.find(':') != std::string_view::npos;
  return (six ? "[" + std::string(address) + "]" : std::string(address)) + ":" +
         std::to_string(port);
}

}  // namespace firebreak::detect
