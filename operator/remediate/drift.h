// What the watching of a contained target and the telling of it have in common.
#pragma once

namespace firebreak::remediate {

// What a step's record says while its effect holds and its proof does not any more.
inline constexpr const char* kAnswersAgain = "answers again";

// The writer of an object that nobody else has written: our field manager.
inline constexpr const char* kOurselves = "firebreak";

}  // namespace firebreak::remediate
