#include "cli/healthz.h"

#include <cstdio>

#include "serve/healthz_socket.h"

namespace firebreak {

int runHealthz(int argc, char**) {
  if (argc > 1) {
    std::fputs("usage: firebreak healthz\n", stderr);
    return 2;
  }
  // Below the kubelet's probe timeout in the chart, so that the reason is still printed.
  const Status alive = askHealthz(healthzSocketName(), std::chrono::milliseconds(2000));
  if (alive) return 0;
  std::fprintf(stderr, "%s\n", alive.error().message.c_str());
  return 1;
}

}  // namespace firebreak
