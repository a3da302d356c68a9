#include "detect/miners/keccak.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/digest.h"

namespace firebreak::detect {
namespace {

std::string hex(const std::vector<uint8_t>& data) {
  auto digest = keccak256(data);
  return hexEncode({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

std::vector<uint8_t> pattern(size_t size) {
  std::vector<uint8_t> data(size);
  for (size_t i = 0; i < size; ++i) data[i] = static_cast<uint8_t>(i * 7 + 1);
  return data;
}

TEST(Keccak256, GivesThePublishedDigests) {
  EXPECT_EQ(hex({}), "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470");
  EXPECT_EQ(hex({'a', 'b', 'c'}),
            "4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45");
}

// Computed with another implementation (PyCryptodome): one byte below, at and above a block, and
// more.
TEST(Keccak256, PadsAtEveryEdgeOfABlock) {
  EXPECT_EQ(hex(pattern(135)), "34bd7bed52ea092f88bc887256e7f06500ee814afa9a5566e22030af2ef1c5c0");
  EXPECT_EQ(hex(pattern(136)), "2b31811a93dfc4bdc41b6aa7790e784b987c25a2c8a0e101cfa694552dc8ae39");
  EXPECT_EQ(hex(pattern(137)), "a6103b089a404974c2b460048bfddd45108748fbdd9bad451f54d1fe95f8f284");
  EXPECT_EQ(hex(pattern(272)), "415fd325cae3a2f957fea2770d710027317ced7e7266a59905102c14fdb9959a");
  EXPECT_EQ(hex(pattern(500)), "3b57ae3adaa5ad96dd75bdfb7df2948b8842d947855d42f5ef338265bb6f5d86");
}

}  // namespace
}  // namespace firebreak::detect
