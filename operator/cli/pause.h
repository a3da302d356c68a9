// `firebreak pause`: has nothing new started, under one policy or at all, and lets go of that again.
// Writes the ConfigMap firebreak-brake, or an entry in the policy's spec.pauseRequests; both say who
// and why. What has begun is finished. Exit: 0 written (or already so), 1 refused, 2 bad usage.
#pragma once

namespace firebreak {

int runPause(int argc, char** argv);

}  // namespace firebreak
