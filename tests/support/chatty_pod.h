// ChattyPod: what a pod that mines does on the wire, harmlessly: a process in a network namespace of its own that keeps
// one connection going, to itself by an address that is none of 127/8, and makes it again when it is lost. Needs root.
#pragma once

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <thread>

namespace firebreak {

class ChattyPod {
 public:
  static constexpr char kPeer[] = "10.99.0.1:4711";

  // Shared with the process.
  struct Counters {
    std::atomic<int> ready;  // 1 = runs, -1 = cannot
    std::atomic<int> answers;
    std::atomic<int> losses;
  };

  static Counters* makeCounters() {
    void* memory = mmap(nullptr, sizeof(Counters), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return new (memory) Counters{};
  }

  // Of the process that was forked for it.
  [[noreturn]] static void run(Counters* counters) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    sockaddr_in own = address(4711);
    if (unshare(CLONE_NEWNET) != 0 || !bringUpNetwork()) {
      counters->ready = -1;
      _exit(1);
    }
    const int server = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(server, reinterpret_cast<sockaddr*>(&own), sizeof(own)) != 0 || listen(server, 16) != 0) {
      counters->ready = -1;
      _exit(1);
    }
    std::thread(echo, server).detach();
    counters->ready = 1;
    while (true) {
      const int fd = socket(AF_INET, SOCK_STREAM, 0);
      const timeval timeout{0, 200000};
      setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
      setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout));
      if (connect(fd, reinterpret_cast<sockaddr*>(&own), sizeof(own)) == 0) {
        char byte = 'x';
        while (send(fd, &byte, 1, MSG_NOSIGNAL) == 1 && recv(fd, &byte, 1, 0) == 1) {
          ++counters->answers;
          usleep(20000);
        }
      }
      ++counters->losses;
      close(fd);
      usleep(20000);
    }
  }

 private:
  static sockaddr_in address(uint16_t port) {
    sockaddr_in out = {};
    out.sin_family = AF_INET;
    out.sin_port = htons(port);
    inet_pton(AF_INET, "10.99.0.1", &out.sin_addr);
    return out;
  }

  // The loopback interface with an address that is none of 127/8, so that its flows count as traffic.
  static bool bringUpNetwork() {
    const int fd = socket(AF_INET, SOCK_DGRAM, 0);
    ifreq request = {};
    std::strcpy(request.ifr_name, "lo");
    const sockaddr_in own = address(0);
    std::memcpy(&request.ifr_addr, &own, sizeof(own));
    if (ioctl(fd, SIOCSIFADDR, &request) != 0) return false;
    request.ifr_flags = IFF_UP | IFF_RUNNING;
    const bool up = ioctl(fd, SIOCSIFFLAGS, &request) == 0;
    close(fd);
    return up;
  }

  static void echo(int listener) {
    while (true) {
      const int peer = accept(listener, nullptr, nullptr);
      if (peer < 0) continue;
      std::thread([peer] {
        char byte = 0;
        while (recv(peer, &byte, 1, 0) == 1 && send(peer, &byte, 1, MSG_NOSIGNAL) == 1) {
        }
        close(peer);
      }).detach();
    }
  }
};

}  // namespace firebreak
