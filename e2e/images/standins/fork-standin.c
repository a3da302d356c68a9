// fork-standin COMMAND...: a fork bomb that its pod's limit of processes holds, and then COMMAND in its
// place. Each process makes others for a second and ends, so that the pod stays at its limit while its
// processes are new ones all the time. It computes nothing; where no pod holds it, it stops at kMost of them (root has none).
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

enum { kMost = 4000, kForks = 20, kPauseMicroseconds = 50 * 1000 };

static void bomb(void) {
  for (int i = 0; i < kForks; ++i) {
    if (fork() == 0) i = 0;
    usleep(kPauseMicroseconds);
  }
  _exit(0);
}

int main(int argc, char** argv) {
  if (argc < 2) {
    fprintf(stderr, "usage: fork-standin COMMAND...\n");
    return 2;
  }
  const struct rlimit most = {kMost, kMost};
  setrlimit(RLIMIT_NPROC, &most);
  signal(SIGCHLD, SIG_IGN);  // nobody waits for those that end
  for (;;) {
    const pid_t child = fork();
    if (child == 0) bomb();
    if (child < 0 && errno == EAGAIN) break;
    usleep(kPauseMicroseconds);
  }
  execvp(argv[1], argv + 1);
  perror(argv[1]);
  return 1;
}
