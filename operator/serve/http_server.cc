#include "serve/http_server.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <mutex>
#include <string_view>
#include <thread>
#include <vector>

#include "base/log.h"
#include "base/metrics.h"
#include "serve/healthz_socket.h"
#include "serve/protocol.h"
#include "serve/supervisor.h"

namespace firebreak {
namespace {

using namespace serve;

// How long opening the port may take on a busy machine.
constexpr int kStartTimeoutMs = 10'000;

struct Packet {
  Ask ask{};
  std::string text;
};

// Nothing where the other end is closed; a packet that is too short counts as closed, since only a
// broken or hostile process sends it.
bool receive(int fd, Packet& packet) {
  std::array<char, sizeof(Ask) + 1024> bytes{};
  ssize_t size = 0;
  do {
    size = recv(fd, bytes.data(), bytes.size(), 0);
  } while (size < 0 && errno == EINTR);
  if (size < static_cast<ssize_t>(sizeof(Ask))) return false;
  std::memcpy(&packet.ask, bytes.data(), sizeof(Ask));
  packet.text.assign(bytes.data() + sizeof(Ask), static_cast<size_t>(size) - sizeof(Ask));
  return true;
}

int64_t nowMs() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

struct Reply {
  uint32_t httpStatus;
  std::string text;
};

}  // namespace

struct HttpServer::Impl {
  int fd = -1;
  pid_t supervisor = -1;
  std::mutex mutex;
  std::shared_ptr<const Callbacks> callbacks = std::make_shared<Callbacks>();
  std::atomic<bool> stopping = false;
  std::atomic<bool> lost = false;
  std::thread thread;
  std::unique_ptr<HealthzSocket> healthz;

  std::shared_ptr<const Callbacks> current() {
    const std::lock_guard lock(mutex);
    return callbacks;
  }

  // For the exec probe: not asked through the other thread, which a slow /metrics may hold up.
  std::string problem() {
    if (lost) return "the processes that serve HTTP are gone";
    const auto now = current();
    return now->alive && !now->alive() ? "the main loop does not turn" : "";
  }

  Reply answerTo(AskKind kind) {
    const auto now = current();
    switch (kind) {
      case AskKind::kHealthz:
        if (now->alive && !now->alive()) return {503, "the main loop does not turn\n"};
        return {200, "ok\n"};
      case AskKind::kReadyz:
        if (!now->ready || !now->ready()) return {503, "not ready\n"};
        return {200, "ok\n"};
      case AskKind::kMetrics:
        if (!now->metrics) return {503, "starting\n"};
        return {200, now->metrics()};
      default:
        return {400, "unknown question\n"};
    }
  }

  // A child that does not read is given up after 200 ms: its client gets a 503.
  bool sendChunk(const Answer& answer, std::string_view text) const {
    std::array<char, sizeof(Answer) + kChunkBytes> packet;
    std::memcpy(packet.data(), &answer, sizeof answer);
    if (!text.empty()) std::memcpy(packet.data() + sizeof answer, text.data(), text.size());
    const size_t size = sizeof answer + text.size();
    if (send(fd, packet.data(), size, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0) return true;
    pollfd writable{fd, POLLOUT, 0};
    return errno == EAGAIN && poll(&writable, 1, 200) > 0 &&
           send(fd, packet.data(), size, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0;
  }

  void sendReply(uint64_t id, const Reply& reply) const {
    std::string_view rest = reply.text;
    for (;;) {
      const std::string_view chunk = rest.substr(0, kChunkBytes);
      rest.remove_prefix(chunk.size());
      if (!sendChunk(Answer{id, reply.httpStatus, rest.empty() ? 1U : 0U}, chunk)) return;
      if (rest.empty()) return;
    }
  }

  void run() {
    Packet packet;
    while (receive(fd, packet)) {
      switch (packet.ask.kind) {
        case AskKind::kRestarted:
          metrics().increment(metric::kHttpChildRestarts);
          break;
        case AskKind::kHealthz:
        case AskKind::kReadyz:
        case AskKind::kMetrics:
          // What waited behind a slow answer and is late by now: nobody listens any more.
          if (packet.ask.deadlineMs > nowMs()) {
            sendReply(packet.ask.id, answerTo(packet.ask.kind));
          }
          break;
        default:
          break;
      }
    }
    if (stopping) return;
    lost = true;
    log::error("the processes that serve HTTP are gone; the liveness probe will fail");
  }

  ~Impl() {
    healthz.reset();
    stopping = true;
    if (fd >= 0) shutdown(fd, SHUT_RDWR);
    if (thread.joinable()) thread.join();
    if (supervisor > 0) {
      kill(supervisor, SIGKILL);  // the kernel ends its child with it
      waitpid(supervisor, nullptr, 0);
    }
    if (fd >= 0) close(fd);
  }

  Status forkSupervisor(const Options& options) {
    std::array<int, 2> pair{};
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair.data()) != 0) {
      return fail(ErrorCode::kInternal, std::string("socketpair: ") + std::strerror(errno));
    }
    const pid_t parent = getpid();
    supervisor = fork();
    if (supervisor == 0) {
      close(pair[0]);
      supervise({pair[1], options.address, options.deadline, options.memoryBytes, parent});
    }
    close(pair[1]);
    fd = pair[0];
    if (supervisor < 0) {
      return fail(ErrorCode::kInternal, std::string("fork: ") + std::strerror(errno));
    }
    pollfd ready{fd, POLLIN, 0};
    Packet first;
    if (poll(&ready, 1, kStartTimeoutMs) > 0 && receive(fd, first)) {
      if (first.ask.kind == AskKind::kListening) return {};
      return fail(ErrorCode::kInvalid,
                  "cannot serve HTTP on " + options.address + ": " + first.text);
    }
    return fail(ErrorCode::kUnavailable,
                "the process that serves HTTP on " + options.address + " did not start");
  }
};

HttpServer::HttpServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
HttpServer::~HttpServer() = default;

void HttpServer::setCallbacks(Callbacks callbacks) {
  auto next = std::make_shared<const Callbacks>(std::move(callbacks));
  const std::lock_guard lock(impl_->mutex);
  impl_->callbacks = std::move(next);
}

Result<std::unique_ptr<HttpServer>> HttpServer::start(Options options) {
  auto impl = std::make_unique<Impl>();
  impl->callbacks = std::make_shared<const Callbacks>(std::move(options.callbacks));
  if (!options.address.empty()) {
    if (Status forked = impl->forkSupervisor(options); !forked) {
      return tl::unexpected(forked.error());
    }
    impl->thread = std::thread([raw = impl.get()] { raw->run(); });
  }
  if (!options.healthzSocket.empty()) {
    auto healthz =
        HealthzSocket::start(options.healthzSocket, [raw = impl.get()] { return raw->problem(); });
    // Two operators in one network namespace, as on a developer's machine: the probe asks the
    // first.
    if (healthz) {
      impl->healthz = std::move(*healthz);
    } else {
      log::warn("`firebreak healthz` will not reach this process",
                {{"error", healthz.error().message}});
    }
  }
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(impl)));
}

}  // namespace firebreak
