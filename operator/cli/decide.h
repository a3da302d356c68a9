// `firebreak approve|reject|revert NAME`: writes spec.decision of a Remediation in the caller's own
// name; the API server says whether the caller may. Exit 0 written, 1 refused, 2 bad usage.
#pragma once

namespace firebreak {

// argv[0] is the command's name and says which of the three it is.
int runDecide(int argc, char** argv);

}  // namespace firebreak
