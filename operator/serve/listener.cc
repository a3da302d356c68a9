// The only file that includes cpprestsdk: it costs ten seconds to compile. Its listener has neither
// a header limit nor a time-out, which is why it runs behind a memory limit in a process of its
// own.
#include "serve/listener.h"

#include <cpprest/http_listener.h>
#include <poll.h>
#include <pplx/threadpool.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>
#include <map>
#include <mutex>
#include <optional>
#include <vector>

#include "base/memory.h"
#include "serve/protocol.h"

namespace firebreak::serve {
namespace {

using web::http::http_request;

constexpr struct {
  const char* path;
  AskKind kind;
} kPaths[] = {{"/healthz", AskKind::kHealthz},
              {"/readyz", AskKind::kReadyz},
              {"/metrics", AskKind::kMetrics}};

// Requests that wait at a time; whoever comes on top is told to come later.
constexpr size_t kMaxWaiting = 32;
constexpr size_t kMaxAnswerBytes = 8 * 1024 * 1024;

int64_t nowMs() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

void sendAsk(int fd, Ask ask, std::string_view text = {}) {
  std::vector<char> packet(sizeof ask + text.size());
  std::memcpy(packet.data(), &ask, sizeof ask);
  if (!text.empty()) std::memcpy(packet.data() + sizeof ask, text.data(), text.size());
  // An operator that does not read any more: the deadline answers for it.
  (void)!send(fd, packet.data(), packet.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
}

// The requests that wait for the operator's answer. Handlers add from cpprest's threads; one thread
// (runListener's) takes out.
class Waiting {
 public:
  explicit Waiting(int fd, std::chrono::milliseconds deadline)
      : fd_(fd), deadline_(deadline), nextId_(static_cast<uint64_t>(getpid()) << 32) {}

  void ask(const http_request& request, AskKind kind) {
    Ask ask{kind, 0, nowMs() + deadline_.count()};
    {
      const std::lock_guard lock(mutex_);
      if (entries_.size() >= kMaxWaiting) {
        reply(request, 503, "too many requests at a time\n");
        return;
      }
      ask.id = ++nextId_;
      entries_.emplace(ask.id, Entry{request, ask.deadlineMs, {}});
    }
    sendAsk(fd_, ask);
  }

  void take(const Answer& answer, std::string_view text) {
    std::optional<Entry> done;
    {
      const std::lock_guard lock(mutex_);
      const auto entry = entries_.find(answer.id);
      if (entry == entries_.end()) return;
      entry->second.text.append(text.substr(0, kMaxAnswerBytes - entry->second.text.size()));
      if (answer.last == 0) return;
      done = std::move(entry->second);
      entries_.erase(entry);
    }
    reply(done->request, static_cast<web::http::status_code>(answer.httpStatus), done->text);
  }

  void refuseLate() {
    std::vector<http_request> late;
    {
      const std::lock_guard lock(mutex_);
      const int64_t now = nowMs();
      std::erase_if(entries_, [&](const auto& entry) {
        if (entry.second.deadlineMs > now) return false;
        late.push_back(entry.second.request);
        return true;
      });
    }
    for (const http_request& request : late) {
      reply(request, 503, "no answer from the operator within the deadline\n");
    }
  }

  static void reply(const http_request& request, web::http::status_code status,
                    const std::string& text) {
    // A client that has gone away is its own affair.
    request.reply(status, text, "text/plain; version=0.0.4; charset=utf-8")
        .then([](const pplx::task<void>& sent) {
          try {
            sent.get();
          } catch (const std::exception&) {
          }
        });
  }

 private:
  struct Entry {
    http_request request;
    int64_t deadlineMs;
    std::string text;
  };

  const int fd_;
  const std::chrono::milliseconds deadline_;
  std::mutex mutex_;
  uint64_t nextId_;
  std::map<uint64_t, Entry> entries_;
};

void handle(Waiting& waiting, const http_request& request) {
  const std::string path = request.relative_uri().path();
  for (const auto& known : kPaths) {
    if (path == known.path) return waiting.ask(request, known.kind);
  }
  Waiting::reply(request, 404, "known: /healthz /readyz /metrics\n");
}

// Until the operator closes its end.
void readAnswers(int fd, Waiting& waiting) {
  constexpr int64_t kReleaseEveryMs = 10'000;
  std::vector<char> packet(sizeof(Answer) + kChunkBytes);
  for (int64_t released = 0;;) {
    if (nowMs() - released > kReleaseEveryMs) {
      releaseUnusedMemory();
      released = nowMs();
    }
    pollfd ready{fd, POLLIN, 0};
    // 50 ms: how late a 503 may come after its deadline.
    if (poll(&ready, 1, 50) > 0) {
      const ssize_t size = recv(fd, packet.data(), packet.size(), 0);
      if (size <= 0) return;
      if (static_cast<size_t>(size) >= sizeof(Answer)) {
        Answer answer{};
        std::memcpy(&answer, packet.data(), sizeof answer);
        waiting.take(answer,
                     {packet.data() + sizeof answer, static_cast<size_t>(size) - sizeof answer});
      }
    }
    waiting.refuseLate();
  }
}

// The default of 8 MiB a thread would use up the address space that this process is allowed.
void useSmallStacks() {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, size_t{512} * 1024);
  pthread_setattr_default_np(&attributes);
  pthread_attr_destroy(&attributes);
}

}  // namespace

int runListener(int fd, const std::string& address, std::chrono::milliseconds deadline) {
  try {
    useSmallStacks();
    crossplat::threadpool::initialize_with_threads(2);
    Waiting waiting(fd, deadline);
    web::http::experimental::listener::http_listener listener(web::uri("http://" + address));
    listener.support(web::http::methods::GET,
                     [&waiting](const http_request& request) { handle(waiting, request); });
    listener.open().wait();
    sendAsk(fd, Ask{AskKind::kListening, 0, 0});
    readAnswers(fd, waiting);
  } catch (const std::exception& error) {
    sendAsk(fd, Ask{AskKind::kCannotListen, 0, 0}, error.what());
    return kExitCannotListen;
  }
  // No destructor may run: requests may still be under way in the pool's threads.
  _exit(0);
}

}  // namespace firebreak::serve
