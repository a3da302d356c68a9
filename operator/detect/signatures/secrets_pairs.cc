// Credentials whose two halves prove each other.
#include "detect/signatures/secrets.h"

namespace firebreak::detect {
namespace {

constexpr SecretPairRule kPairs[] = {
    {"aws-access-key", "AWS access key", "AKIA", R"re(\bAKIA[A-Z0-9]{16}\b)re",
     R"re([A-Za-z0-9/+]{40})re", R"re(secret.?(?:access)?.?key|aws.?secret)re",
     "docs.aws.amazon.com: IAM identifiers, access keys", "aws-access-key-id"},
    // A temporary one, which ends by itself.
    {"aws-access-key", "AWS access key", "ASIA", R"re(\bASIA[A-Z0-9]{16}\b)re",
     R"re([A-Za-z0-9/+]{40})re", R"re(secret.?(?:access)?.?key|aws.?secret)re",
     "docs.aws.amazon.com: IAM identifiers, temporary access keys"},
    {"alibaba-access-key", "Alibaba Cloud access key", "LTAI", R"re(\bLTAI[A-Za-z0-9]{12,24}\b)re",
     R"re([A-Za-z0-9]{30})re", R"re(secret)re", "alibabacloud.com: AccessKey pairs",
     "alibaba-access-key-id"},
    {"tencent-access-key", "Tencent Cloud access key", "AKID", R"re(\bAKID[A-Za-z0-9]{32}\b)re",
     R"re([A-Za-z0-9]{32})re", R"re(secret.?key)re", "cloud.tencent.com: API keys",
     "tencent-access-key-id"},
    {"twilio-auth-token", "Twilio auth token", "AC", R"re(\bAC[a-f0-9]{32}\b)re",
     R"re([a-f0-9]{32})re", R"re(auth.?token|twilio.*token)re",
     "twilio.com docs: account SID and auth token"},
    {"twilio-api-key", "Twilio API key", "SK", R"re(\bSK[a-f0-9]{32}\b)re",
     R"re([A-Za-z0-9]{32})re", R"re(secret)re", "twilio.com docs: API keys", "twilio-api-key-id"},
    {"google-hmac-key", "Google Cloud Storage HMAC key", "GOOG1E", R"re(\bGOOG1E[A-Z0-9]{55,57}\b)re",
     R"re([A-Za-z0-9/+]{40})re", R"re(secret|hmac)re", "cloud.google.com: HMAC keys"},
    {"digitalocean-spaces-key", "DigitalOcean Spaces key", "DO", R"re(\bDO00[A-Z0-9]{16}\b)re",
     R"re([A-Za-z0-9/+]{43})re", R"re(secret)re", "docs.digitalocean.com: Spaces keys"},
};

}  // namespace

std::span<const SecretPairRule> secretPairRules() { return kPairs; }

}  // namespace firebreak::detect
