// `firebreak release --all`: has the sensors let go of every pod that they hold. With --uninstall,
// as the chart's pre-delete hook calls it, it first stops the operator, then takes Firebreak's
// finalizers off and says what stays. Runs as the operator: admission lets nobody else write these.
#pragma once

namespace firebreak {

int runRelease(int argc, char** argv);

}  // namespace firebreak
