#include "kube/curl_loop.h"

#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <utility>

namespace firebreak::kube {
namespace {

MonoTime now() { return std::chrono::steady_clock::now(); }

// OpenSSL writes its goodbye to connections that are gone, and curl leaves signals alone when it is
// told that there are threads: without this the first cut connection ends the process.
void ignoreBrokenPipes() {
  struct sigaction current {};
  sigaction(SIGPIPE, nullptr, &current);
  if (current.sa_handler == SIG_DFL) signal(SIGPIPE, SIG_IGN);
}

}  // namespace

CurlLoop::CurlLoop() {
  ignoreBrokenPipes();
  static const CURLcode once = curl_global_init(CURL_GLOBAL_DEFAULT);
  static_cast<void>(once);
  epoll_ = epoll_create1(EPOLL_CLOEXEC);
  wakeup_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = wakeup_;
  epoll_ctl(epoll_, EPOLL_CTL_ADD, wakeup_, &event);
}

CurlLoop::~CurlLoop() {
  stop();
  for (auto& multi : multis_) curl_multi_cleanup(multi->handle);
  close(wakeup_);
  close(epoll_);
}

CURLM* CurlLoop::addMulti(Done done) {
  auto multi = std::make_unique<Multi>();
  multi->loop = this;
  multi->done = std::move(done);
  multi->handle = curl_multi_init();
  curl_multi_setopt(multi->handle, CURLMOPT_SOCKETFUNCTION, &CurlLoop::onSocket);
  curl_multi_setopt(multi->handle, CURLMOPT_SOCKETDATA, multi.get());
  curl_multi_setopt(multi->handle, CURLMOPT_TIMERFUNCTION, &CurlLoop::onTimer);
  curl_multi_setopt(multi->handle, CURLMOPT_TIMERDATA, multi.get());
  multis_.push_back(std::move(multi));
  return multis_.back()->handle;
}

void CurlLoop::start() {
  thread_ = std::thread([this] { run(); });
}

void CurlLoop::stop() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake();
  if (thread_.joinable()) thread_.join();
  // Destroyed outside the lock: what they hold may call back.
  std::vector<Task> tasks;
  std::multimap<MonoTime, Task> timers;
  std::lock_guard lock(mutex_);
  tasks.swap(tasks_);
  timers.swap(timers_);
}

void CurlLoop::wake() {
  const uint64_t one = 1;
  static_cast<void>(!write(wakeup_, &one, sizeof one));
}

void CurlLoop::post(Task task) {
  {
    std::lock_guard lock(mutex_);
    if (stopping_) return;
    tasks_.push_back(std::move(task));
  }
  wake();
}

void CurlLoop::after(std::chrono::milliseconds delay, Task task) {
  {
    std::lock_guard lock(mutex_);
    if (stopping_) return;
    timers_.emplace(now() + delay, std::move(task));
  }
  if (!onThread()) wake();
}

int CurlLoop::onSocket(CURL*, curl_socket_t fd, int what, void* self, void*) {
  auto* multi = static_cast<Multi*>(self);
  CurlLoop& loop = *multi->loop;
  if (what == CURL_POLL_REMOVE) {
    epoll_ctl(loop.epoll_, EPOLL_CTL_DEL, fd, nullptr);
    loop.sockets_.erase(fd);
    return 0;
  }
  epoll_event event{};
  if (what & CURL_POLL_IN) event.events |= EPOLLIN;
  if (what & CURL_POLL_OUT) event.events |= EPOLLOUT;
  event.data.fd = fd;
  const int operation = loop.sockets_.contains(fd) ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
  if (epoll_ctl(loop.epoll_, operation, fd, &event) != 0) {
    epoll_ctl(loop.epoll_, operation == EPOLL_CTL_MOD ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, fd, &event);
  }
  loop.sockets_[fd] = multi;
  return 0;
}

int CurlLoop::onTimer(CURLM*, long timeoutMs, void* self) {
  auto* multi = static_cast<Multi*>(self);
  multi->due.reset();
  if (timeoutMs >= 0) multi->due = now() + std::chrono::milliseconds(timeoutMs);
  return 0;
}

void CurlLoop::run() {
  threadId_ = std::this_thread::get_id();
  for (;;) {
    {
      std::lock_guard lock(mutex_);
      if (stopping_) break;
    }
    handleEvents(nextTimeoutMs());
    runTimers();
    runTasks();
  }
  threadId_ = std::thread::id();
}

int CurlLoop::nextTimeoutMs() {
  std::optional<MonoTime> due;
  const auto sooner = [&due](MonoTime time) { due = due ? std::min(*due, time) : time; };
  for (auto& multi : multis_) {
    if (multi->due) sooner(*multi->due);
  }
  std::lock_guard lock(mutex_);
  if (!tasks_.empty()) return 0;
  if (!timers_.empty()) sooner(timers_.begin()->first);
  if (!due) return -1;
  // Rounded up: waking a little early would only turn the loop once more.
  const auto wait = std::chrono::ceil<std::chrono::milliseconds>(*due - now()).count();
  return static_cast<int>(std::clamp<int64_t>(wait, 0, 60'000));
}

void CurlLoop::handleEvents(int timeoutMs) {
  std::array<epoll_event, 32> events;
  const int count = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), timeoutMs);
  int running = 0;
  for (size_t i = 0; count > 0 && i < static_cast<size_t>(count); ++i) {
    const int fd = events[i].data.fd;
    if (fd == wakeup_) {
      uint64_t drained = 0;
      static_cast<void>(!read(wakeup_, &drained, sizeof drained));
      continue;
    }
    auto it = sockets_.find(fd);
    if (it == sockets_.end()) continue;
    Multi& multi = *it->second;
    int mask = 0;
    if (events[i].events & EPOLLIN) mask |= CURL_CSELECT_IN;
    if (events[i].events & EPOLLOUT) mask |= CURL_CSELECT_OUT;
    if (events[i].events & (EPOLLERR | EPOLLHUP)) mask |= CURL_CSELECT_IN | CURL_CSELECT_ERR;
    curl_multi_socket_action(multi.handle, fd, mask, &running);
    reap(multi);
  }
}

void CurlLoop::runTimers() {
  int running = 0;
  for (size_t i = 0; i < multis_.size(); ++i) {
    Multi& multi = *multis_[i];
    if (!multi.due || *multi.due > now()) continue;
    multi.due.reset();
    curl_multi_socket_action(multi.handle, CURL_SOCKET_TIMEOUT, 0, &running);
    reap(multi);
  }
  for (;;) {
    Task task;
    {
      std::lock_guard lock(mutex_);
      if (stopping_ || timers_.empty() || timers_.begin()->first > now()) return;
      task = std::move(timers_.begin()->second);
      timers_.erase(timers_.begin());
    }
    task();
  }
}

void CurlLoop::runTasks() {
  std::vector<Task> tasks;
  {
    std::lock_guard lock(mutex_);
    tasks.swap(tasks_);
  }
  for (Task& task : tasks) task();
}

void CurlLoop::reap(Multi& multi) {
  int left = 0;
  while (CURLMsg* message = curl_multi_info_read(multi.handle, &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    CURL* easy = message->easy_handle;
    const CURLcode result = message->data.result;
    curl_multi_remove_handle(multi.handle, easy);
    multi.done(easy, result);
  }
}

}  // namespace firebreak::kube
