// `firebreak healthz`: the exec probe. Exit 0 where the operator in this pod says that its main
// loop turns, else 1 with the reason on stderr.
#pragma once

namespace firebreak {

int runHealthz(int argc, char** argv);

}  // namespace firebreak
