#include "serve/healthz_socket.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <thread>
#include <utility>

namespace firebreak {
namespace {

// A descriptor that is closed with its owner.
class Fd {
 public:
  explicit Fd(int fd) : fd_(fd) {}
  ~Fd() {
    if (fd_ >= 0) close(fd_);
  }
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  Fd& operator=(Fd&&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

struct Address {
  sockaddr_un value{};
  socklen_t size = 0;
};

// Abstract: the path starts with a zero byte and ends with the name.
Address addressOf(const std::string& name) {
  Address address;
  address.value.sun_family = AF_UNIX;
  const size_t length = std::min(name.size(), sizeof address.value.sun_path - 1);
  std::memcpy(address.value.sun_path + 1, name.data(), length);
  address.size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + length);
  return address;
}

const sockaddr* generic(const Address& address) {
  return reinterpret_cast<const sockaddr*>(&address.value);
}

Error systemError(const std::string& what) {
  return {ErrorCode::kUnavailable, what + ": " + std::strerror(errno), 0, {}};
}

}  // namespace

std::string healthzSocketName() {
  const char* name = std::getenv("FIREBREAK_HEALTHZ_SOCKET");
  return name != nullptr && *name != '\0' ? name : "firebreak-healthz";
}

struct HealthzSocket::Impl {
  Fd listener;
  Fd stop;
  std::function<std::string()> problem;
  std::thread thread;

  void run() {
    for (;;) {
      std::array<pollfd, 2> ready = {pollfd{listener.get(), POLLIN, 0},
                                     pollfd{stop.get(), POLLIN, 0}};
      if (poll(ready.data(), ready.size(), -1) < 0 && errno != EINTR) return;
      if (ready[1].revents != 0) return;
      if (ready[0].revents == 0) continue;
      const Fd peer(accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
      if (peer.get() < 0) continue;
      const std::string text = problem();
      const std::string answer = text.empty() ? "ok" : text;
      (void)!send(peer.get(), answer.data(), answer.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    }
  }
};

HealthzSocket::HealthzSocket(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {
  impl_->thread = std::thread([this] { impl_->run(); });
}

HealthzSocket::~HealthzSocket() {
  const uint64_t one = 1;
  (void)!write(impl_->stop.get(), &one, sizeof one);
  impl_->thread.join();
}

Result<std::unique_ptr<HealthzSocket>> HealthzSocket::start(const std::string& name,
                                                            std::function<std::string()> problem) {
  Fd listener(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const Address address = addressOf(name);
  if (listener.get() < 0 || bind(listener.get(), generic(address), address.size) != 0 ||
      listen(listener.get(), 4) != 0) {
    return tl::unexpected(systemError("healthz socket @" + name));
  }
  Fd stop(eventfd(0, EFD_CLOEXEC));
  if (stop.get() < 0) return tl::unexpected(systemError("eventfd"));
  return std::unique_ptr<HealthzSocket>(new HealthzSocket(std::unique_ptr<Impl>(
      new Impl{std::move(listener), std::move(stop), std::move(problem), {}})));
}

Status askHealthz(const std::string& name, std::chrono::milliseconds timeout) {
  const Fd peer(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const Address address = addressOf(name);
  if (peer.get() < 0 || connect(peer.get(), generic(address), address.size) != 0) {
    return tl::unexpected(systemError("no operator at the healthz socket @" + name));
  }
  pollfd ready{peer.get(), POLLIN, 0};
  if (poll(&ready, 1, static_cast<int>(timeout.count())) <= 0) {
    return fail(ErrorCode::kTimeout,
                "no answer from the operator in " + std::to_string(timeout.count()) + " ms");
  }
  std::array<char, 512> text{};
  const ssize_t size = recv(peer.get(), text.data(), text.size(), 0);
  const std::string answer(text.data(), static_cast<size_t>(size > 0 ? size : 0));
  if (answer == "ok") return {};
  return fail(ErrorCode::kUnavailable,
              answer.empty() ? "the operator hung up without an answer" : answer);
}

}  // namespace firebreak
