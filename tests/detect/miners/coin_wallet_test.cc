#include "detect/miners/coin_wallet.h"

#include <gtest/gtest.h>

#include <string>

namespace firebreak::detect {
namespace {

// Of keys that nobody has.
const std::string kRavencoin = "RL2ZLm1NPEtp1NxEZeyps1DBuaxMXuPk1G";
const std::string kDogecoin = "DEx9ctkgCrRCR3djypXkf5zVyUhftGv1wr";
const std::string kZcash = "t1SFq9b9MfrgCDUzUDJmPwMn2ncpmSnBbVY";
const std::string kKaspa = "kaspa:qqllan7cen36lds6rwle9hjdj0av5p50l2mlg52x5c5erzy6mfgwx2787v2py";
const std::string kDero = "dero125kwcf9dx8zkws3kjlkdmsq4q4ntyjz5m0lt3zcl6ncgqg9fr68qusgf7pnyf";

TEST(CoinWallet, IsTheCoinsByItsChecksumOrPrefix) {
  for (const std::string& wallet : {kRavencoin, kDogecoin, kZcash, kKaspa, kDero, kRavencoin + ".rig-1",
                                    "DOGE:" + kDogecoin + ".k#abcd-1234"}) {
    EXPECT_EQ(walletShape(wallet), WalletShape::kCoins) << wallet;
  }
}

TEST(CoinWallet, WithoutACheckItOnlyLooksLikeOne) {
  EXPECT_EQ(walletShape("0x232F5BFB9e6290fE1Da768e97Fc56e128bc380F3.w"), WalletShape::kLooksLikeOne);
  std::string typo = kRavencoin;
  typo.back() = 'H';
  EXPECT_EQ(walletShape(typo), WalletShape::kLooksLikeOne);
}

TEST(CoinWallet, IsNoLoginOrDigest) {
  for (const char* word : {"", "svc", "user:secret", "0x1234", "e3b0c44298fc1c149afbf4c8996fb924",
                           "kaspa", "d41d8cd98f00b204e9800998ecf8427e", "AKIA1234567890123456"}) {
    EXPECT_EQ(walletShape(word), WalletShape::kNone) << word;
  }
}

}  // namespace
}  // namespace firebreak::detect
