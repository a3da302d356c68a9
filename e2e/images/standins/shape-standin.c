// shape-standin [anything]: has the outward shape of a program and does nothing with it. Its arguments are
// somebody else's and are not read; the shape comes from the environment variable SHAPE, a comma-separated
// list: memory=MIB (one private mapping that is never touched), code (a mapping that is writable and executable),
// threads=N, cpu=PERCENT (of one core, evenly), burst=PERCENT (the same in bursts of seconds),
// peer=ADDRESS:PORT (one connection, "hello" every second), peers=N (that many connections to peer).
// Prints "started EPOCH-MILLISECONDS" first.
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "net.h"

static double now(clockid_t clock) {
  struct timespec at;
  clock_gettime(clock, &at);
  return (double)at.tv_sec + (double)at.tv_nsec / 1e9;
}

static int number(const char* shape, const char* key) {
  const char* at = strstr(shape, key);
  return at == NULL ? 0 : atoi(at + strlen(key));
}

// Busy for `share` of every `period` seconds.
static void spinFor(double seconds) {
  const double end = now(CLOCK_MONOTONIC) + seconds;
  while (now(CLOCK_MONOTONIC) < end) {
  }
}
struct Load {
  double share, period;
};
static void* burn(void* argument) {
  const struct Load* load = argument;
  for (;;) {
    spinFor(load->period * load->share);
    usleep((useconds_t)(load->period * (1 - load->share) * 1e6));
  }
  return NULL;
}
static void* rest(void* argument) {
  (void)argument;
  for (;;) pause();
  return NULL;
}

static void talk(const char* host, int port, int count) {
  for (;;) {
    int peers[256];
    int open = 0;
    while (open < count && open < 256 && (peers[open] = connectTo(host, port, 5)) >= 0) ++open;
    for (int alive = open > 0; alive;) {
      for (int i = 0; i < open; ++i) alive = alive && write(peers[i], "hello\n", 6) > 0;
      sleep(1);
    }
    for (int i = 0; i < open; ++i) close(peers[i]);
    sleep(1);
  }
}

int main(void) {
  printf("started %.0f\n", now(CLOCK_REALTIME) * 1000);
  fflush(stdout);
  signal(SIGPIPE, SIG_IGN);
  signal(SIGTERM, _exit);
  const char* set = getenv("SHAPE");
  const char* shape = set == NULL ? "" : set;
  const size_t mib = (size_t)number(shape, "memory=");
  if (mib > 0) {
    mmap(NULL, mib << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  }
  if (strstr(shape, "code") != NULL) {
    mmap(NULL, 2 << 20, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  }
  pthread_t thread;
  static struct Load load;
  const int even = number(shape, "cpu="), uneven = number(shape, "burst=");
  if (even > 0) load = (struct Load){even / 100.0, 0.1};
  if (uneven > 0) load = (struct Load){uneven / 100.0, 7};
  if (load.period > 0) pthread_create(&thread, NULL, burn, &load);
  for (int i = number(shape, "threads="); i > 1; --i) pthread_create(&thread, NULL, rest, NULL);
  char host[64] = "";
  int port = 0;
  const char* peer = strstr(shape, "peer=");
  const int count = number(shape, "peers=");
  if (peer != NULL && sscanf(peer, "peer=%63[^:]:%d", host, &port) == 2) talk(host, port, count > 1 ? count : 1);
  for (;;) pause();
}
