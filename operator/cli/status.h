// `firebreak status`: the policies, what was found and done, and the sensors, on one page.
#pragma once

namespace firebreak {

int runStatus(int argc, char** argv);

}  // namespace firebreak
