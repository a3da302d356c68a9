// `firebreak explain NAME`: one Remediation in words: what was seen, by which evidence, what is or was
// to be done, how far it came, what is in the way, and what to do next.
#pragma once

namespace firebreak {

int runExplain(int argc, char** argv);

}  // namespace firebreak
