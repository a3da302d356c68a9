// `firebreak operator`: puts the caches, the queue, the families and the leader election together and
// runs until SIGTERM.
#pragma once

namespace firebreak {

int runOperator(int argc, char** argv);

}  // namespace firebreak
