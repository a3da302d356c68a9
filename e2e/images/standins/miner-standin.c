// miner-standin -o stratum+tcp://ADDRESS:PORT [anything]: looks like a miner and computes nothing. It
// keeps one connection to the "pool" (an address in the test cluster) and a core busy for a sixth of the
// time, as one with a low CPU hint would. It hashes nothing and has no wallet.
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "net.h"

static void spin(double seconds) {
  struct timespec begin, now;
  clock_gettime(CLOCK_MONOTONIC, &begin);
  do {
    clock_gettime(CLOCK_MONOTONIC, &now);
  } while ((double)(now.tv_sec - begin.tv_sec) + (double)(now.tv_nsec - begin.tv_nsec) / 1e9 < seconds);
}

int main(int argc, char** argv) {
  char host[64] = "";
  int port = 0;
  for (int i = 1; i + 1 < argc; ++i) {
    if (strcmp(argv[i], "-o") == 0) sscanf(argv[i + 1], "stratum+tcp://%63[^:]:%d", host, &port);
  }
  if (port == 0) {
    fprintf(stderr, "usage: miner-standin -o stratum+tcp://ADDRESS:PORT\n");
    return 2;
  }
  signal(SIGPIPE, SIG_IGN);
  for (;;) {
    const int pool = connectTo(host, port, 5);
    while (pool >= 0 && write(pool, "hello\n", 6) > 0) {
      spin(0.15);
      usleep(750 * 1000);
    }
    if (pool >= 0) close(pool);
    sleep(1);
  }
}
