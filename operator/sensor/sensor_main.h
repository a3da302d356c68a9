// `firebreak sensor`: the agent of one node. Reads processes, publishes suspicious ones in the
// NodeGuard of its node, carries out the isolation orders that stand there. Blocks until SIGTERM.
#pragma once

namespace firebreak {

// argv[0] is the name of the subcommand. Exit status: 0 after SIGTERM, 1 no way to start, 2 usage.
int runSensor(int argc, char** argv);

}  // namespace firebreak
