// client SECONDS ADDRESS PORT: exit 0 where the connection is taken within that time, else 1.
// client SECONDS ADDRESS PORT RATE COUNT: COUNT times an HTTP request over a connection of its own, RATE a second;
// prints "N answered, N failed", and a line "EPOCH-MILLISECONDS" for each that failed; exit 0.
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "net.h"

static int answered(const char* address, int port, int seconds) {
  static const char kRequest[] = "GET / HTTP/1.0\r\n\r\n";
  const int peer = connectTo(address, port, seconds);
  if (peer < 0) return 0;
  char text[64] = "";
  struct pollfd ready = {.fd = peer, .events = POLLIN};
  const int ok = write(peer, kRequest, sizeof kRequest - 1) > 0 && poll(&ready, 1, seconds * 1000) > 0 &&
                 read(peer, text, sizeof text - 1) > 0 && strncmp(text, "HTTP/1.", 7) == 0;
  close(peer);
  return ok;
}

static double now(void) {
  struct timespec at;
  clock_gettime(CLOCK_REALTIME, &at);
  return (double)at.tv_sec + (double)at.tv_nsec / 1e9;
}

int main(int argc, char** argv) {
  if (argc != 4 && argc != 6) return 2;
  const int seconds = atoi(argv[1]), port = atoi(argv[3]);
  if (argc == 4) return connectTo(argv[2], port, seconds) >= 0 ? 0 : 1;
  const int rate = atoi(argv[4]), count = atoi(argv[5]);
  int failed = 0;
  const double begin = now();
  for (int i = 0; i < count; ++i) {
    const double wait = begin + (double)i / rate - now();
    if (wait > 0) usleep((useconds_t)(wait * 1e6));
    if (answered(argv[2], port, seconds)) continue;
    ++failed;
    printf("%.0f\n", now() * 1000);
  }
  printf("%d answered, %d failed\n", count - failed, failed);
  return 0;
}
