#include "detect/miners/monero_address.h"

#include <gtest/gtest.h>

#include "detect/miners/addresses.h"

namespace firebreak::detect {
namespace {

TEST(MoneroAddress, KnowsTheThreeKinds) {
  EXPECT_EQ(moneroAddressKind(kStandardAddress), MoneroAddressKind::kStandard);
  EXPECT_EQ(moneroAddressKind(kSubaddress), MoneroAddressKind::kSubaddress);
  EXPECT_EQ(moneroAddressKind(kIntegratedAddress), MoneroAddressKind::kIntegrated);
}

TEST(MoneroAddress, KnowsTheProjectsOwnDonationAddress) {
  EXPECT_EQ(
      moneroAddressKind("44AFFq5kSiGBoZ4NMDwYtN18obc8AemS33DBLWs3H7otXft3XjrpDtQGv7SqSsaBYBb98"
                        "uNbr2VBBEt7f2wfn3RVGQBEP3A"),
      MoneroAddressKind::kStandard);
}

TEST(MoneroAddress, RefusesEveryWrongCharacter) {
  for (size_t i = 0; i < sizeof kStandardAddress - 1; ++i) {
    std::string wrong = kStandardAddress;
    wrong[i] = wrong[i] == 'a' ? 'b' : 'a';
    EXPECT_FALSE(moneroAddressKind(wrong)) << "at " << i;
  }
}

TEST(MoneroAddress, RefusesOtherLengthsAlphabetsAndNetworks) {
  std::string address = kStandardAddress;
  EXPECT_FALSE(moneroAddressKind(address.substr(1)));
  EXPECT_FALSE(moneroAddressKind(address + "1"));
  EXPECT_FALSE(moneroAddressKind(std::string(95, '4')));
  EXPECT_FALSE(moneroAddressKind(std::string(95, '8')));
  EXPECT_FALSE(moneroAddressKind("4" + std::string(94, 'z')));
  EXPECT_FALSE(moneroAddressKind("4" + std::string(94, 'l')));
  EXPECT_FALSE(moneroAddressKind(kTestnetAddress));
  EXPECT_FALSE(moneroAddressKind(""));
}

TEST(MoneroAddress, IsFoundBesideWorkerAndDifficultyButNotInsideALongerWord) {
  std::string address = kStandardAddress;
  EXPECT_EQ(findMoneroAddress(address + ".worker1"), address);
  EXPECT_EQ(findMoneroAddress("user=" + address + "+120000"), address);
  EXPECT_TRUE(findMoneroAddress("x" + address).empty());
  EXPECT_TRUE(findMoneroAddress("nothing here").empty());
}

}  // namespace
}  // namespace firebreak::detect
