// pool-standin: takes connections on port 3333, reads what comes and never answers.
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net.h"

int main(void) {
  // As the first process of a container it would ignore a SIGTERM without a handler.
  signal(SIGTERM, _exit);
  signal(SIGCHLD, SIG_IGN);
  const int listener = listenOn(3333);
  for (;;) {
    const int peer = accept(listener, 0, 0);
    if (peer < 0) continue;
    if (fork() == 0) {
      char bytes[512];
      while (read(peer, bytes, sizeof bytes) > 0) {
      }
      _exit(0);
    }
    close(peer);
  }
}
