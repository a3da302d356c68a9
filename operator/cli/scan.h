// `firebreak scan`: judges manifests without a cluster. Exit: 0 nothing at or above --fail-on,
// 1 something, 2 bad usage or input that could not be read (the rest is scanned all the same).
#pragma once

#include <istream>
#include <ostream>

namespace firebreak {

// argv[0] is the command's name, as main() hands it on.
int runScan(int argc, char** argv);

// The same with its streams given, for tests: `out` gets the document and nothing else.
int runScan(int argc, char** argv, std::istream& in, std::ostream& out, std::ostream& err);

}  // namespace firebreak
