// CurlLoop: one thread that drives several curl multi handles, timers and posted tasks from one
// epoll. Internal to the transport, which owns it. post(), after() and onThread() may be called
// from any thread, the rest on the loop's own thread or before start().
#pragma once

#include <curl/curl.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "firebreak/clock.h"

namespace firebreak::kube {

class CurlLoop {
 public:
  using Task = std::function<void()>;
  using Done = std::function<void(CURL* easy, CURLcode result)>;

  CurlLoop();
  ~CurlLoop();  // stops
  CurlLoop(const CurlLoop&) = delete;
  CurlLoop& operator=(const CurlLoop&) = delete;

  // `done` for each transfer of this multi that ended, with the easy handle already removed.
  CURLM* addMulti(Done done);
  void start();
  // Ends the thread; tasks that did not run yet are destroyed on the caller's thread.
  void stop();
  void post(Task task);
  void after(std::chrono::milliseconds delay, Task task);
  bool onThread() const { return threadId_.load() == std::this_thread::get_id(); }

 private:
  struct Multi {
    CurlLoop* loop = nullptr;
    CURLM* handle = nullptr;
    Done done;
    std::optional<MonoTime> due;  // what curl asked for with its timer callback
  };

  static int onSocket(CURL* easy, curl_socket_t fd, int what, void* self, void*);
  static int onTimer(CURLM* handle, long timeoutMs, void* self);
  void run();
  void wake();
  int nextTimeoutMs();
  void handleEvents(int timeoutMs);
  void runTasks();
  void runTimers();
  void reap(Multi& multi);

  int epoll_ = -1;
  int wakeup_ = -1;
  std::vector<std::unique_ptr<Multi>> multis_;
  std::map<int, Multi*> sockets_;
  std::thread thread_;
  std::atomic<std::thread::id> threadId_{};
  std::mutex mutex_;
  std::vector<Task> tasks_;
  std::multimap<MonoTime, Task> timers_;
  bool stopping_ = false;
};

}  // namespace firebreak::kube
