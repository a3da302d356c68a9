#include "serve/supervisor.h"

#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <thread>

#include "base/log.h"
#include "base/memory.h"
#include "serve/listener.h"
#include "serve/protocol.h"
#include "serve/sandbox.h"

namespace firebreak::serve {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kFirstDelay{100};
constexpr milliseconds kLongestDelay{10'000};
// A child that lived this long did not die of what killed the one before.
constexpr milliseconds kHealthyLife{30'000};

// SIGINT from a terminal reaches the whole process group; the operator decides when this ends.
void dieWithParent(pid_t parent) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(0);
  std::signal(SIGINT, SIG_IGN);
  std::signal(SIGTERM, SIG_IGN);
  std::signal(SIGCHLD, SIG_DFL);
}

[[noreturn]] void serveInChild(const SupervisorOptions& options, pid_t parent) {
  dieWithParent(parent);
  prctl(PR_SET_NAME, "firebreak-http");
  if (Status limited = limitMemory(options.memoryBytes); !limited) {
    log::error("the HTTP process cannot be limited", {{"error", limited.error().message}});
    _exit(1);
  }
  if (Status dropped = dropRights(options.fd); !dropped) {
    log::error("the HTTP process cannot drop its rights", {{"error", dropped.error().message}});
    _exit(1);
  }
  _exit(runListener(options.fd, options.address, options.deadline));
}

void tell(int fd, AskKind kind) {
  const Ask ask{kind, 0, 0};
  (void)!send(fd, &ask, sizeof ask, MSG_NOSIGNAL | MSG_DONTWAIT);
}

}  // namespace

void supervise(const SupervisorOptions& options) {
  dieWithParent(options.operatorPid);
  const pid_t self = getpid();
  prctl(PR_SET_NAME, "firebreak-httpd");
  milliseconds delay = kFirstDelay;
  bool everListened = false;
  for (;;) {
    const auto started = std::chrono::steady_clock::now();
    const pid_t child = fork();
    if (child == 0) serveInChild(options, self);
    releaseUnusedMemory();  // it does nothing but wait
    int status = 0;
    if (child > 0) waitpid(child, &status, 0);
    // It left by itself: the operator has hung up.
    if (child > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0) _exit(0);
    const auto lived = std::chrono::steady_clock::now() - started;
    // A wrong address, told to the operator, which ends; once it worked, a taken port may come
    // free.
    const bool cannotListen = WIFEXITED(status) && WEXITSTATUS(status) == kExitCannotListen;
    if (cannotListen && !everListened) _exit(kExitCannotListen);
    everListened = everListened || !cannotListen;
    if (lived > kHealthyLife) delay = kFirstDelay;
    log::warn("the process that serves HTTP has died and is started again",
              {{"signal", WIFSIGNALED(status) ? WTERMSIG(status) : 0},
               {"exitCode", WIFEXITED(status) ? WEXITSTATUS(status) : -1},
               {"delayMs", delay.count()}});
    tell(options.fd, AskKind::kRestarted);
    std::this_thread::sleep_for(delay);
    delay = std::min(delay * 2, kLongestDelay);
  }
}

}  // namespace firebreak::serve
