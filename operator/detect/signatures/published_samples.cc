#include "detect/signatures/published_samples.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <iterator>

#include "base/digest.h"

namespace firebreak::detect {
namespace {

// The first eight bytes of each one's SHA-256, ascending: the values themselves would make every
// other scanner stop at this file.
constexpr uint64_t kPublished[] = {
    0x0011cc25eb432071,  // Azurite and the storage emulator: account key
    0x00cf4c781dc37003,  // RFC 6749: refresh token
    0x02f7ce3c263f85c0,  // Discord's documentation: bot token
    0x095101cf732c298a,  // Hardhat and Anvil: second account
    0x0b476bdf9acf2123,  // Google: API key in public client code
    0x0b5dd075ccdd03c4,  // Telegram's documentation: bot token
    0x13d31e961a1ad8ec,  // RFC 7519: signature of the example
    0x1a529216c579fbbc,  // Consul's documentation: gossip key
    0x2037abcaffb2b777,  // Google: API key in public client code
    0x203fa897acf2b02d,  // UUID specifications and libraries: sample
    0x27a9a42931dff7eb,  // Google: API key in public client code
    0x2cafc0970149a84f,  // Stripe's documentation: test key
    0x3002888f967a7086,  // Kubernetes' documentation: bootstrap token
    0x3543c50b0cb9cea8,  // GitHub's documentation: token
    0x37f8f09bdf12c2f2,  // Google: API key in public client code
    0x3a8b61d0f636b007,  // Google: API key in public client code
    0x3f370c9dd8225c63,  // Google: API key in public client code
    0x49f777db995e8260,  // Google: API key in public client code
    0x4c98242dcadc8b29,  // Google: API key in public client code
    0x4de7be2d26fa1e2e,  // Nacos' default token key
    0x53f5da0aaa93d64c,  // RFC 6749: client secret
    0x5c28b2022dca14af,  // UUID specifications and libraries: sample
    0x60a09e4357868c1e,  // Hardhat and Anvil: first account
    0x6c96130f130ab0d6,  // RFC 6749: access token
    0x81886cc4d79074f6,  // Airflow's compose files: Fernet key
    0x8335c55334821eef,  // the same without 0x
    0x8731261cb72d8626,  // Google: API key in public client code
    0x8f400c257611ed5d,  // UUID specifications and libraries: sample
    0x986c0dc956dc822b,  // UUID specifications and libraries: sample
    0xa19f89ab3555eac1,  // Google: API key in public client code
    0xa3a9e1ed9732cab2,  // UUID specifications and libraries: sample
    0xa6c814bc555ae62c,  // Google: API key in public client code
    0xaa6547439583c3a2,  // Cosmos DB emulator: account key
    0xac9265e56c79b234,  // Google's documentation: API key
    0xb7d61096898ce748,  // Google: API key in public client code
    0xbc1a50966c9e6486,  // the same without 0x
    0xbc3ae723f57c6b9e,  // GitHub's documentation: OAuth token
    0xd1bfaf4aff653cb2,  // UUID specifications and libraries: sample
    0xdc0fcf046c61640c,  // Google: API key in public client code
    0xdf452eef23e8cf2c,  // MinIO's public playground: secret key
    0xe4a5542bb7fd7b67,  // Google: API key in public client code
    0xe5855ff48799c52c,  // UUID specifications and libraries: sample
    0xea1ca3e25b35a51e,  // WireGuard's documentation: private key
    0xea9bb1082cf95663,  // Google: API key in public client code
    0xeb540d2b6ee2a0a4,  // Google: API key in public client code
    0xf2d6ca16515033e5,  // Stripe's documentation: older test key
    0xf3082ce9d6992144,  // Google: API key in public client code
    0xf3c3964ca854e172,  // Grafana's default secret_key
    0xf56e323494a6ffc2,  // Google: API key in public client code
    0xf5e95c9954635b65,  // reCAPTCHA: secret key for tests
    0xf79cd64f9cea2378,  // Hardhat and Anvil: mnemonic
};
static_assert(std::is_sorted(std::begin(kPublished), std::end(kPublished)));

}  // namespace

bool isPublishedSample(std::string_view text) {
  std::string digest = sha256Hex(text);
  uint64_t head = 0;
  std::from_chars(digest.data(), digest.data() + 16, head, 16);
  return std::binary_search(std::begin(kPublished), std::end(kPublished), head);
}

}  // namespace firebreak::detect
