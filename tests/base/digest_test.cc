#include "base/digest.h"

#include <gtest/gtest.h>

namespace firebreak {
namespace {

// FIPS 180-2 and RFC 4231 test vectors.
TEST(Digest, Sha256OfAbc) {
  EXPECT_EQ(sha256Hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Digest, HmacOfRfc4231Case2) {
  EXPECT_EQ(hmacSha256Hex("Jefe", "what do ya want for nothing?"),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

TEST(Digest, Base64RoundTripsEveryLength) {
  for (size_t size = 0; size < 70; ++size) {
    std::string data = randomBytes(size);
    auto decoded = base64Decode(base64Encode(data));
    ASSERT_TRUE(decoded.has_value()) << size;
    EXPECT_EQ(*decoded, data) << size;
  }
}

TEST(Digest, BadBase64IsAnError) {
  EXPECT_FALSE(base64Decode("abc").has_value());
  EXPECT_FALSE(base64Decode("ab!c").has_value());
}

}  // namespace
}  // namespace firebreak
