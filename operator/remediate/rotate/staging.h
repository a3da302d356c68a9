// The staging Secret of one rotation: holds the next and the previous value of each rotated key,
// beside the Secret itself and owned by it, from before the first change until the previous value
// is given up. All that the rotation knows is in it, so that a restarted operator goes on from
// there. Pure but for what is handed in. Safe from any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "firebreak/rotator.h"

namespace firebreak::rotate {

inline constexpr std::string_view kStagingLabel = "firebreak.dev/staging";
inline constexpr std::string_view kRemediationAnnotation = "firebreak.dev/remediation";
inline constexpr std::string_view kRotationAnnotation = "firebreak.dev/rotation";

// "<name>-firebreak-<8 hex>": the same for the same episode of the same Remediation.
std::string stagingName(std::string_view secret, std::string_view remediationUid, int64_t episode);

// The parameters of a rotation, as the steps carry them in their manifests. No value.
struct Rotation {
  std::string type = "Random";  // the rotator's
  std::string ns;
  std::string secret;
  std::string secretUid;
  std::string staging;
  std::vector<std::string> keys;
  std::string remediation;  // name
  std::string id;           // "<remediation uid>-<episode>"
  Json parameters = Json::object();  // the policy's block for this type, adminRef with its namespace
};

// `operation`: "stage", "write", "remove-staging", or one of the rotator's own.
Json toManifest(const Rotation& rotation, std::string_view operation);
Result<Rotation> rotationOf(const Step& step);
std::string operationOf(const Step& step);

std::string nextKey(const std::string& key);
std::string previousKey(const std::string& key);

// The staging Secret of exactly this rotation of exactly this Secret.
bool isOurs(const StoredSecret& staging, const Rotation& rotation);

// What the rotated Secret itself says of this rotation: its kRotationAnnotation, which outlives the
// staging Secret.
enum class Mark { kNone, kWritten, kRolledBack };
Mark markOf(const StoredSecret& secret, const Rotation& rotation);
// The annotation's value for a mark other than kNone.
std::string markText(Mark mark, const Rotation& rotation);

// Which of the two staged values the Secret holds, all keys taken together.
enum class Holds { kPrevious, kNext, kNeither };
Holds compare(const StoredSecret& secret, const StoredSecret& staging, const Rotation& rotation,
              RandomSource& random);

// A new value of the old one's length class and alphabet: hexadecimal stays hexadecimal, 43
// base64url characters (32 bytes) at least, the line end at the end stays.
SecretValue successorOf(const SecretValue& old, RandomSource& random);

}  // namespace firebreak::rotate
