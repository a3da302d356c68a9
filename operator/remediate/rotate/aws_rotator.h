// The AWSAccessKey rotator: a new access key for one IAM user, the old one switched off and deleted.
// The policy names the user; before anything changes GetCallerIdentity proves that the Secret's pair
// is that user's. CreateAccessKey cannot be asked twice, so the ids that there are are recorded right
// before it: after a crash one unknown id that was never used is ours, is deleted, and the call is made
// again. AWS allows two keys a user: with two there already nothing is done, and a person is told.
// A new key is not taken, and a deleted one not refused, before AWS has told all of itself: that is
// waited for (Observation::awaits), and nothing is done again meanwhile.
// Whose rights it uses: with roleArn those of that role, taken on with the operator's own token, for
// minutes; else an administrator's key from adminRef, which is valid until somebody rotates it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "firebreak/rotator.h"

namespace firebreak::rotate {

const Rotator& awsRotator();

// Of the two keys that the policy names the one that holds the access key's id.
std::optional<std::string> awsIdKey(const std::vector<std::string>& keys);

}  // namespace firebreak::rotate
