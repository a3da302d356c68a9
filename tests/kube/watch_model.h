// One random history of a small world, served with faults to a real Reflector and Store, and what
// has to be true of it. Bugs can be put in on purpose between the server and the Reflector, or
// between the Reflector and the Store, to see that they are noticed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace firebreak::kube {

enum class ModelBug {
  kNone,
  kLostResume,          // a watch that ended goes on from now, not from where it was
  kIgnoredGone,         // a 410 is taken for the end of the stream
  kReusedUid,           // an object of the same name is taken for the old one
  kSwallowedBookmark,   // bookmarks do not move the version
  kSwallowedDeletion,   // DELETED is not told
  kHalfAList,           // a list is complete after its first object
  kCutListIsComplete,   // a list that was cut is taken for complete
  kMergedList,          // a new list does not replace the old one
  kStaleListAccepted,   // a list that is older than what was seen is taken
  kCutLineIsComplete,   // what came of a line when the stream was cut is taken for a line
  kOldEventAsNew,       // an event that was told is told again as a new one
  kLostContinueToken,   // the first page is taken for the whole list
  kVersionOfSynthetic,  // the version of a synthetic event is taken for that of the list
};

// What was wrong, with the history; nothing where all held.
std::optional<std::string> runModel(uint32_t seed, ModelBug bug = ModelBug::kNone);

}  // namespace firebreak::kube
